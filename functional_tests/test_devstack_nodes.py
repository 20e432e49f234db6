"""The DevStack plugin on a real node: what it fixes, and that it undoes it.

DevStack itself is a stand-in; nodes, libvirt, firewall, validators are real.
The containers have no NFS, so OSC_MIGRATE_NFS is not tried here.
"""

import os
import re
import subprocess
import sys

import pytest

from functional_tests.devstack import PLUGIN, STAND_IN, assignments
from testbed.cloud.processes import ROOT
from testbed.nodes import Lab

THERE = "/opt/stack/osc-migrate"
# As DevStack leaves a node: Nova by ssh, libvirt deaf, and an operator's
# firewall.
FRESH = """
sed -i -e 's,^live_migration_scheme.*,live_migration_uri =\
 qemu+ssh://stack@%s/system,' -e '/^live_migration_inbound_addr/d' \
    /etc/nova/nova.conf
systemctl disable -q --now libvirtd-tcp.socket
sed -i 's/^auth_tcp = .*/auth_tcp = "sasl"/' /etc/libvirt/libvirtd.conf
systemctl restart libvirtd
chmod o-x /var/lib/nova
nft -f - <<'END'
table inet filter {
    chain input {
        type filter hook input priority 0; policy drop;
        ct state established,related accept
        iif lo accept
        meta l4proto { icmp, udp } accept
        tcp dport 22 accept
    }
}
END
"""
# All that the plugin touches, nova.conf apart, which is DevStack's.
STATE = """
cat /etc/libvirt/libvirtd.conf /etc/fstab; ls /etc/exports.d 2>&1
stat -c '%a %U %n' / /var /var/lib /var/lib/nova /var/lib/nova/instances
systemctl is-enabled libvirtd-tcp.socket libvirtd-tls.socket
systemctl is-active libvirtd.socket libvirtd-tcp.socket
nft list ruleset; id libvirt-qemu; findmnt -n /var/lib/nova/instances
ls -d /opt/stack/data/osc-migrate 2>&1
"""


def bring(lab, node):
    """The plugin, where enable_plugin would have cloned it."""
    for path in PLUGIN.rglob("*"):
        if path.is_file():
            where = f"{THERE}/devstack/{path.relative_to(PLUGIN)}"
            lab.put(node, where, path.read_text())
    lab.put(node, f"{THERE}/stand_in.sh", STAND_IN.read_text())
    lab.run(node, "install -d -o operator /opt/stack/data")


def phases(lab, node, *names, **settings):
    settings = {"HOST_IP": lab.address(node), "STACK_USER": "nova"} | settings
    words = " ".join(f"'{name}'" for name in names)
    return lab.run(
        node,
        f"{assignments(**settings)} bash {THERE}/stand_in.sh {THERE} {words}",
        user="operator",
        timeout=300,
    )


def faults(lab, *more):
    """The names of the checks that fail, by ``pytest validators``."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "validators"),
            *("--hosts=HostB,HostC", f"--ssh-config={lab.ssh_config}", *more),
        ],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if "PYTEST" not in k},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return set(re.findall(r"^FAILED .*\[(\S+?)-Host", done.stdout, re.M))


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    state = tmp_path_factory.mktemp("nodes") / "state"
    with Lab.up(state, kind="nspawn") as lab:
        yield lab


@pytest.fixture(scope="module")
def broken(nodes):
    """The lab, HostC as DevStack would leave it, with the plugin there."""
    bring(nodes, "HostC")
    done = nodes.run("HostC", FRESH)
    assert done.returncode == 0, done.stderr
    return nodes


def test_it_mends_a_node_and_undoes_it(broken):
    nodes = broken
    before = nodes.run("HostC", STATE).stdout
    found = faults(nodes)
    assert "instances-path-is-passable" in found
    assert len(found) > 1, found  # and the others cannot reach it
    stack = ("stack pre-install", "stack install", "stack post-config")
    words = {"OSC_MIGRATE_TRANSPORT": "tcp"}
    done = phases(nodes, "HostC", *stack, "stack extra", **words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert faults(nodes) == set()
    # A second stack.sh changes nothing, and forgets nothing.
    state = nodes.run("HostC", STATE).stdout
    again = phases(nodes, "HostC", *stack, "stack extra", **words)
    assert again.returncode == 0, again.stderr
    assert nodes.run("HostC", STATE).stdout == state
    for phase in ("unstack", "clean"):  # the second finds nothing to do
        done = phases(nodes, "HostC", phase, **words)
        assert done.returncode == 0, done.stderr
        assert nodes.run("HostC", STATE).stdout == before


@pytest.mark.parametrize(
    "settings, changed",
    [
        ({"OSC_MIGRATE_PREPARE": "False"}, set()),
        pytest.param({"VIRT_DRIVER": "fake"}, set(), marks=pytest.mark.long),
        pytest.param(
            {"OSC_MIGRATE_FIREWALL": "False"}, {"mode"}, marks=pytest.mark.long
        ),
        pytest.param({}, {"mode", "firewall"}, marks=pytest.mark.long),
        (
            {
                "OSC_MIGRATE_TRANSPORT": "tcp",
                "OSC_MIGRATE_NETWORK": "10.9.9.9",
            },
            {"mode", "firewall", "libvirt"},
        ),
        ({"OSC_MIGRATE_QEMU_UID": "64155"}, {"mode", "firewall", "qemu"}),
    ],
    ids=lambda case: "-".join(sorted(case)) or "none",
)
def test_each_setting_by_itself(broken, settings, changed):
    """In the state that DevStack leaves, and back to it."""
    before = broken.run("HostC", STATE).stdout
    done = phases(broken, "HostC", "stack post-config", **settings)
    assert done.returncode == 0, done.stderr
    after = broken.run("HostC", STATE).stdout
    assert {
        what
        for what, sign in {
            "mode": "755 nova /var/lib/nova\n",
            "firewall": 'comment "osc-migrate"',
            "libvirt": 'auth_tcp = "none"',
            "qemu": "uid=64155(libvirt-qemu)",
        }.items()
        if sign in after
    } == changed
    if "OSC_MIGRATE_NETWORK" in settings:
        assert "ip saddr 10.9.9.9 " in after
    assert phases(broken, "HostC", "unstack", **settings).returncode == 0
    assert broken.run("HostC", STATE).stdout == before


def test_a_wrong_setting_ends_stack_sh(broken):
    done = phases(
        broken, "HostC", "stack post-config", OSC_MIGRATE_TRANSPORT="telnet"
    )
    assert done.returncode == 1
    assert "OSC_MIGRATE_TRANSPORT=telnet" in done.stderr
