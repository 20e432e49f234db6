"""The node lab: healthy nodes of both kinds, its life, and its leftovers.

All tests of a kind follow one another on one lab.  What does not depend on the
kernel is asked of containers only: virtual machines are slow.
"""

import functools
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from functional_tests.cloud.processes import ROOT
from functional_tests.nodes import Lab, LabError, cache, packages, sources
from functional_tests.nodes.names import Names

NAMES = ("HostA", "HostB", "HostC")
COMPUTES = NAMES[1:]
SLOW = 180  #: seconds that emulated machines may take for a script
INSTANCES = "/var/lib/nova/instances"
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


def cli(*arguments, **options):
    """Run the command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "functional_tests.nodes", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        **options,
    )


def until(check, patience=60.0):
    """Wait for a true answer, and return it."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if answer := check():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"waited {patience} s for {check}")


def says(lab, node, script, user="root"):
    """What a script prints that has to succeed."""
    done = lab.run(node, script, SLOW, user)
    assert done.returncode == 0, f"{node}: {script}: {done.stderr}"
    return done.stdout.strip()


def traces(state):
    """All that a lab in a state directory has left on this machine."""
    lab = Names.of(pathlib.Path(state)).lab
    found = [str(state)] if pathlib.Path(state).exists() else []
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        if lab in line or f"{state}/" in line:
            found.append(line)
    for pattern in (
        f"run/netns/{lab}*",
        f"run/osc-migrate-nodes/{lab}*",
        f"run/systemd/nspawn/*/*{lab}*",
        f"sys/fs/cgroup/*/{lab}*",
        f"sys/fs/cgroup/{lab}*",
    ):
        found += map(str, pathlib.Path("/").glob(pattern))
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if path.parent.name != str(os.getpid()) and (
            lab in words or f"{state}/" in words
        ):
            found.append(words.replace("\0", " "))
    return found


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Containers; a test that changes them brings them back."""
    with Lab.up(tmp_path_factory.mktemp("nspawn") / "lab") as up:
        yield up


@pytest.fixture(scope="module")
def machines(tmp_path_factory):
    """Virtual machines; likewise."""
    with Lab.up(tmp_path_factory.mktemp("vm") / "lab", "vm") as up:
        yield up


@pytest.fixture(params=["lab", "machines"])
def each(request):
    """Nodes of either kind."""
    return request.getfixturevalue(request.param)


# Healthy nodes


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
        there = float(says(each, node, "date +%s.%N"))
        assert abs(there - time.time()) < 5


def test_nova_conf_is_that_of_the_node(lab):
    for node in COMPUTES:
        text = says(lab, node, "sudo -u nova cat /etc/nova/nova.conf")
        assert f"host = {node}\n" in text
        assert f"my_ip = {lab.address(node)}\n" in text


# Reaching and changing them


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


# Life and death


def test_the_command_line(lab):
    state = ("--state", str(lab.state.path))
    said = cli("up", *state)
    assert said.returncode == 0 and "already up" in said.stderr
    said = subprocess.run(
        [
            *("sh", "-ec", 'eval "$1"; ssh -F $NODES_SSH_CONFIG $2 hostname'),
            *("sh", cli("env", *state).stdout, "HostB"),
        ],
        capture_output=True,
        text=True,
    )
    assert said.stdout == "HostB\n", said.stderr
    assert cli("ssh", *state, "HostB", "exit 5").returncode == 5
    said = cli("up", "--kind", "vm", *state)
    assert said.returncode == 1
    assert "is up and of the kind nspawn" in said.stderr


def test_two_labs_do_not_meet_and_down_leaves_nothing(lab, tmp_path):
    says(lab, "HostB", f"touch {INSTANCES}/f")
    state = tmp_path / "lab"
    with Lab.up(state) as second:
        assert says(second, "HostB", f"ls {INSTANCES}") == ""
        one, two = (
            says(one, "HostB", "cat /etc/machine-id") for one in (lab, second)
        )
        assert one != two
        assert traces(state)  # so they are found while they are there
    assert traces(state) == []
    assert says(lab, "HostC", f"rm {INSTANCES}/f; hostname") == "HostC"


@pytest.mark.parametrize("seconds", [0.3, 0.6, 0.9, 1.2])
def test_down_cleans_up_after_an_up_that_was_killed(tmp_path, seconds):
    state = tmp_path / "lab"
    command = [sys.executable, "-m", "functional_tests.nodes", "up"]
    up = subprocess.Popen(
        [*command, "--state", str(state)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: state.exists() and any(state.iterdir()))
    time.sleep(seconds)
    up.send_signal(signal.SIGKILL)
    up.wait()
    assert cli("down", "--purge", "--state", str(state)).returncode == 0
    until(lambda: not traces(state), 30)


def test_an_up_that_fails_says_why_and_leaves_nothing(tmp_path, monkeypatch):
    state = tmp_path / "lab"
    monkeypatch.setattr(
        "functional_tests.nodes.nspawn._OPTIONS", ("--no-such-option",)
    )
    with pytest.raises(LabError, match=r"Host. has ended:\n.*no-such-option"):
        Lab.up(state)
    Lab(state).down(purge=True)
    assert traces(state) == []


def test_a_directory_that_holds_something_else_is_refused(tmp_path):
    (tmp_path / "precious").touch()
    with pytest.raises(LabError, match="is not empty and holds no lab"):
        Lab.up(tmp_path)
    assert (tmp_path / "precious").exists()


def test_others_than_root_are_told(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match="needs root"):
        Lab.up(tmp_path / "lab")


# Parts


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(packages.NEEDED, "vm", ("bash", "no-such-package"))
    assert packages.missing("vm") == ["no-such-package"]
    monkeypatch.setattr(packages, "_APT", ("false",))
    with pytest.raises(LabError, match=r"missing.*: no-such-package"):
        packages.install("vm", print)


def test_sources_of_both_formats(tmp_path):
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text(
        "deb [signed-by=/k.gpg arch=amd64] http://one/ bookworm main contrib\n"
        "deb-src http://one/ bookworm main\n"
        "# deb http://off/ bookworm main\n"
        "deb http://else/ elsewhere-bookworm main\n"
    )
    (parts / "two.sources").write_text(
        "Types: deb deb-src\n# a comment\nURIs: http://two/\n"
        "Suites: bookworm-updates\n bookworm-security\nComponents: main\n"
        "Signed-By: /k.gpg\n\n"
        "Enabled: no\nTypes: deb\nURIs: http://off/\nSuites: bookworm\n"
        "Components: main\n"
    )
    assert sources.lines("bookworm", tmp_path) == [
        "deb [signed-by=/k.gpg arch=amd64] http://one/ bookworm main",
        "deb [signed-by=/k.gpg] http://two/ bookworm-updates main",
        "deb [signed-by=/k.gpg] http://two/ bookworm-security main",
    ]
    with pytest.raises(LabError, match="no package source for trixie"):
        sources.lines("trixie", tmp_path)


def test_an_entry_of_the_cache_is_made_once(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = []

    def make(path):
        made.append(path)
        (path / "half").touch()
        time.sleep(0.3)
        (path / "half").rename(path / "whole")

    def take():
        assert (cache.entry("thing", make) / "whole").exists()

    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_what_could_not_be_made_leaves_no_entry(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(ZeroDivisionError):
        cache.entry("thing", lambda path: 1 / 0)
    assert [p.name for p in cache.root().iterdir()] == ["thing.lock"]
    assert re.fullmatch("[0-9a-f]{16}", cache.key({"b": 1, "a": 2}))
    assert cache.key({"a": 2, "b": 1}) == cache.key({"b": 1, "a": 2})
