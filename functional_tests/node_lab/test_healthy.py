"""Healthy nodes of both kinds, and how they are reached and changed.

All tests of a kind follow one another on one lab.  What does not depend on the
kernel is asked of containers only: virtual machines are slow.
"""

import functools
import subprocess
import time

import pytest

from functional_tests.conftest import until
from functional_tests.node_lab.asking import (
    COMPUTES,
    INSTANCES,
    NAMES,
    SLOW,
    says,
)
from testbed.nodes import LabError

MOUNT = "var-lib-nova-instances.mount"

#: A guest without system: its firmware looks for one.
GUEST = f"""
<domain type='qemu'>
  <name>guest</name>
  <memory unit='MiB'>16</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <cpu mode='custom' match='exact' check='none'>
    <model fallback='forbid'>qemu64</model>
  </cpu>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw' cache='none'/>
      <source file='{INSTANCES}/guest/disk'/>
      <target dev='hda' bus='ide'/>
    </disk>
  </devices>
</domain>
"""


@pytest.fixture(params=["lab", "machines"])
def each(request):
    """Nodes of either kind."""
    return request.getfixturevalue(request.param)


def test_all_units_run(each):
    for node in NAMES:
        assert says(each, node, "systemctl is-system-running") == "running"
        for unit in (
            *("ssh.service", "libvirtd.service", "chrony.service", MOUNT),
            *("libvirtd-tcp.socket", "libvirtd-tls.socket"),
        ):
            assert says(each, node, f"systemctl is-active {unit}") == "active"


def test_each_node_knows_its_own_name_and_those_of_all(lab):
    assert lab.names == NAMES
    for node in NAMES:
        assert says(lab, node, "hostname") == node
        for peer in NAMES:
            for name in (peer, peer.lower()):
                found = says(lab, node, f"getent ahostsv4 {name}").split()
                assert found[0] == lab.address(peer)


def test_no_two_nodes_have_the_same_identity(lab):
    for script in (
        "cat /etc/machine-id",
        "virsh capabilities | grep -m 1 '<uuid>'",
        "cat /etc/ssh/ssh_host_ed25519_key.pub",
        "cat /etc/iscsi/initiatorname.iscsi",
    ):
        assert len({says(lab, node, script) for node in NAMES}) == len(NAMES)


def test_all_share_the_instances_directory(each):
    kind, source = {
        "nspawn": ("fuse.glusterfs", "HostA:/instances"),
        "vm": ("nfs4", "HostA:/"),
    }[each.kind]
    ask = f"findmnt -n -o FSTYPE,SOURCE {INSTANCES}"
    for node in COMPUTES:
        assert says(each, node, ask).split() == [kind, source]
        table = says(each, node, "findmnt -s -n -o SOURCE " + INSTANCES)
        assert table == source
    says(each, "HostB", f"sudo -u nova sh -c 'echo hello >{INSTANCES}/f'")
    for node in NAMES:
        assert says(each, node, f"cat {INSTANCES}/f") == "hello"
        owner = says(each, node, f"stat -c %U:%G:%a {INSTANCES}")
        assert owner == "nova:nova:755"
    says(each, "HostC", f"sudo -u nova rm {INSTANCES}/f")
    if each.kind == "nspawn":  # a client of NFS may believe it for seconds
        says(each, "HostB", f"touch {INSTANCES}/f; rm {INSTANCES}/f")
    assert says(each, "HostA", "ls /srv/instances") == ""


def test_the_shared_directory_is_a_unit_that_can_be_stopped(each):
    says(each, "HostC", f"systemctl stop {MOUNT}")
    assert each.run("HostC", f"findmnt {INSTANCES}").returncode == 1
    says(each, "HostC", f"systemctl start {MOUNT}")
    says(each, "HostC", f"mount -o remount,ro {INSTANCES}")
    assert each.run("HostC", f"touch {INSTANCES}/f").returncode == 1
    says(each, "HostC", f"mount -o remount,rw {INSTANCES}")
    says(each, "HostC", f"touch {INSTANCES}/f && rm {INSTANCES}/f")


def test_memory_does_not_depend_on_what_else_this_machine_does(lab):
    for node in NAMES:
        total, available = (
            int(
                says(lab, node, f"sed -n 's/^{name}: *//p' /proc/meminfo")[:-3]
            )
            for name in ("MemTotal", "MemAvailable")
        )
        assert available == total // 2


@pytest.mark.parametrize("transport", ["tcp", "tls", "ssh"])
def test_libvirt_answers_its_peers(lab, transport):
    for peer in ("HostC", "hostc", lab.address("HostC")):
        uri = f"qemu+{transport}://{peer}/system"
        assert says(lab, "HostB", f"virsh -c {uri} hostname") == "HostC"


def test_nova_and_root_log_in_to_peers_with_verified_host_keys(lab):
    for user in ("nova", "root"):
        for peer in ("HostC", "hostc", lab.address("HostC")):
            ssh = f"ssh -o BatchMode=yes -o StrictHostKeyChecking=yes {peer}"
            script = f"sudo -iu {user} {ssh} 'hostname; whoami'"
            assert says(lab, "HostB", script).split() == ["HostC", user]


def test_a_guest_moves_live(each):
    """Over both transports and as post-copy; the storage counts as shared."""
    moves = [
        ("HostB", "HostC", "qemu+tcp", ""),
        ("HostC", "HostB", "qemu+tls", "--tls"),
        ("HostB", "HostC", "qemu+tcp", "--postcopy"),
    ]
    if each.kind == "vm":  # emulation within emulation
        moves = moves[:1]
    disk = f"{INSTANCES}/guest/disk"
    says(each, "HostB", f"mkdir {INSTANCES}/guest; truncate -s 1M {disk}")
    each.put("HostB", "/root/guest.xml", GUEST)
    says(each, "HostB", "virsh create /root/guest.xml")
    for source, target, uri, more in moves:
        move = f"virsh migrate --live --p2p {more} guest {uri}://{target}"
        says(each, source, f"{move}/system")
        assert says(each, source, "virsh list --name") == ""
        assert says(each, target, "virsh domstate guest") == "running"
    says(each, "HostC", "virsh destroy guest")
    says(each, "HostC", f"rm -r {INSTANCES}/guest")


@pytest.mark.parametrize(
    ("user", "shell", "sudo"),
    [
        ("operator", "bash", True),
        ("nosudo", "bash", False),
        ("dasher", "dash", True),
        ("boxer", "busybox", True),
    ],
)
def test_people_log_in(lab, user, shell, sudo):
    assert says(lab, "HostB", "whoami", user) == user
    entry = says(lab, "HostB", f"getent passwd {user}")
    path = says(lab, "HostB", f"realpath {entry.rpartition(':')[2]}")
    assert path.endswith(f"/{shell}")
    done = lab.run("HostB", "sudo -n id -un", user=user)
    assert (done.stdout == "root\n") is sudo


def test_a_node_speaks_german(lab):
    said = lab.run("HostB", "export LC_ALL=de_DE.UTF-8; ls /no").stderr
    assert "nicht gefunden" in said and "möglich" in said


def test_computes_take_the_time_from_the_controller(each):
    for node in COMPUTES:
        until(
            lambda node=node: "HostA" in says(each, node, "chronyc tracking")
        )
        before = time.time()
        there = float(says(each, node, "date +%s.%N"))
        assert before - 5 < there < time.time() + 5


def test_nova_conf_is_that_of_the_node(lab):
    for node in COMPUTES:
        text = says(lab, node, "sudo -u nova cat /etc/nova/nova.conf")
        assert f"host = {node}\n" in text
        assert f"my_ip = {lab.address(node)}\n" in text


def test_ssh_verifies_the_host_keys_of_names_and_addresses(lab):
    ssh = ["ssh", "-F", str(lab.ssh_config), "-o", "BatchMode=yes"]
    run = functools.partial(subprocess.run, capture_output=True, text=True)
    for host in ("HostB", "hostb", lab.address("HostB")):
        done = run([*ssh, host, "hostname"])
        assert done.stdout == "HostB\n", done.stderr
    done = run([*ssh, "-o", "UserKnownHostsFile=/dev/null", "HostB", "true"])
    assert done.returncode == 255
    assert "Host key verification failed" in done.stderr


def test_run_and_put(lab):
    done = lab.run("HostB", "echo out; echo err >&2; exit 3")
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "err\n")
    with pytest.raises(subprocess.TimeoutExpired):
        lab.run("HostB", "sleep 60", timeout=1)
    lab.put("HostB", "/root/new/it's", "täxt\n", 0o640, "nova:nova")
    said = says(lab, "HostB", 'cd /root/new; cat *; stat -c "%a %U" *')
    assert said == "täxt\n640 nova"
    with pytest.raises(LabError, match="HostB: /proc/no"):
        lab.put("HostB", "/proc/no", "")


def test_a_cable_is_pulled_and_plugged_in_again(lab):
    lab.disconnect("HostC")
    assert lab.run("HostB", "ping -c 1 -W 1 HostC").returncode == 1
    lab.connect("HostC")
    says(lab, "HostB", "ping -c 1 -W 5 HostC")


def test_reset_restores_a_broken_node(each):
    pem, key = each.ca.issue("HostC", san=["HostC"], days=-1)
    each.put("HostC", "/etc/pki/libvirt/servercert.pem", pem)
    each.put("HostC", "/etc/pki/libvirt/private/serverkey.pem", key, 0o600)
    says(
        each,
        "HostC",
        f"""
        systemctl stop libvirtd.service {MOUNT}
        sed -i /^nova:/d /etc/passwd
        rm -r /etc/nova
        nft add table inet lab
        nft add chain inet lab in '{{ type filter hook input priority 0; }}'
        nft add rule inet lab in tcp dport 16509 reject
        """,
    )
    tcp, tls = (
        f"virsh -c qemu+{transport}://HostC/system hostname"
        for transport in ("tcp", "tls")
    )
    refused = each.run("HostB", tcp, SLOW)
    assert "Connection refused" in refused.stderr
    expired = each.run("HostB", tls, SLOW)
    assert expired.returncode == 1
    each.reset("HostC")
    test_all_units_run(each)
    for script in (tcp, tls):
        assert says(each, "HostB", script) == "HostC"
    assert says(each, "HostC", "nft list ruleset") == ""
    assert "nova" in says(each, "HostC", "id nova; ls /etc/nova/nova.conf")
    test_all_share_the_instances_directory(each)
