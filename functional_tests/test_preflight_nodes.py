"""``preflight --nodes`` on the embedded cloud and real nodes at once.

The cloud's computes and the lab's nodes have the same names; a guest that
stands for the server runs in libvirt on HostB, as the cloud's own driver
has no hypervisor.
"""

import json

import pytest

from testbed.nodes import Lab

NODES = ("HostB", "HostC")
# What only a measurement shows does not count as a false alarm.
GOOD = {"PASS", "SKIP", "NOT_CHECKED"}
# Left in the libvirt of a node by someone else's move, it has no disk.
DOMAIN = """\
virsh undefine {name} >/dev/null 2>&1 || :
cat >/run/guest.xml <<END
<domain type='qemu'><name>{name}</name><uuid>{id}</uuid>
<memory unit='MiB'>16</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator></devices>
</domain>
END
virsh define /run/guest.xml
"""


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    state = tmp_path_factory.mktemp("nodes") / "state"
    with Lab.up(state, kind="nspawn") as lab:
        yield lab


def do(lab, node, script):
    done = lab.run(node, script)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def guest(boot, nodes):
    """A server on HostB that its libvirt runs."""
    server = boot("guest")
    domain = DOMAIN.format(name="instance-00000001", id=server.id)
    do(nodes, "HostB", f"{domain}\nvirsh start instance-00000001")
    yield server
    do(
        nodes,
        "HostB",
        "virsh destroy instance-00000001; virsh undefine instance-00000001; :",
    )


@pytest.fixture
def preflight(shell, nodes):
    def run(*words):
        return shell.migrate(
            *("preflight", *words, "--nodes", "-f", "json"),
            *("--ssh-config", str(nodes.ssh_config)),
        )

    return run


def checks_of(done, status="FAIL"):
    return [row["check"] for row in done.json if row["status"] == status]


def test_a_move_between_healthy_nodes(preflight, guest):
    done = preflight("guest", "HostC", "--long")
    assert (done.code, done.err) == (0, "guest can move to HostC\n")
    assert {row["status"] for row in done.json} <= GOOD
    asked = {row["subject"] for row in done.json}
    # One way, and no other node was visited.
    assert {"HostB", "HostC", "HostB -> HostC"} <= asked
    assert not {s for s in asked if "HostA" in s or "HostC -> HostB" in s}
    found = {row["check"]: row for row in done.json}
    assert found["guest-runs-on-the-source"]["status"] == "PASS"
    assert found["destination-is-clean"]["status"] == "PASS"
    assert found["destination-knows-the-guests-machine-type"]["detail"]


def test_every_host_and_every_server(preflight, guest):
    (row,) = preflight("guest").json
    assert (row["host"], row["allowed"]) == ("HostC", True)
    assert preflight("--host", "HostB").json[0]["allowed"] is True


def test_live_asks_the_nodes_and_moves_nothing(shell, nodes, guest):
    do(nodes, "HostC", "systemctl stop libvirtd-tcp.socket libvirtd")
    try:
        done = shell.migrate(
            *("live", "guest", "HostC", "--nodes"),
            *("--ssh-config", str(nodes.ssh_config)),
        )
    finally:
        nodes.reset("HostC")
    assert done.code == 3
    assert "nothing was changed" in done.err
    assert "HostC" in done.err


def test_a_drain_asks_the_nodes_before_it_plans(shell, nodes, guest):
    words = (
        *("drain", "HostB", "--nodes", "--dry-run", "-f", "json"),
        *("--ssh-config", str(nodes.ssh_config)),
    )
    done = shell.migrate(*words)
    assert done.code == 0, done.err
    (row,) = done.json
    assert (row["way"], row["destination"]) == ("live", "HostC")
    assert "the nodes say" not in done.err
    do(nodes, "HostC", "systemctl stop libvirtd-tcp.socket libvirtd")
    try:
        done = shell.migrate(*words)
    finally:
        nodes.reset("HostC")
    assert done.code == 3, done.err
    (row,) = done.json
    assert row["way"] == "stay"
    check = row["reason"].partition(":")[0]
    assert check.startswith("libvirt-"), row
    assert "Node checks rule out these moves" in done.err
    assert f"FAIL {check}" in done.err


def test_what_only_a_guest_shows(preflight, nodes, guest):
    domain = DOMAIN.format(name="instance-00000001", id=guest.id)
    do(nodes, "HostC", domain)
    try:
        done = preflight("guest", "HostC")
    finally:
        do(nodes, "HostC", "virsh undefine instance-00000001")
    assert done.code == 3
    assert checks_of(done) == ["destination-is-clean"]
    assert f"virsh undefine {guest.id}" in done.json[0]["remedy"]


def test_a_guest_that_libvirt_lost(preflight, nodes, guest):
    do(nodes, "HostB", "virsh destroy instance-00000001")
    done = preflight("guest", "HostC")
    do(nodes, "HostB", "virsh start instance-00000001")
    assert checks_of(done) == ["guest-runs-on-the-source"]


def test_local_disks_are_no_live_migration(preflight, nodes, guest):
    # Both nodes lose the shared directory: a block migration would do.
    for node in NODES:
        do(
            nodes,
            node,
            "umount /var/lib/nova/instances &&"
            " sed -i '/instances/d' /etc/fstab && systemctl daemon-reload &&"
            " install -d -o nova -g nova /var/lib/nova/instances",
        )
    try:
        live = preflight("guest", "HostC")
        block = preflight("guest", "HostC", "--kind", "block")
    finally:
        for node in NODES:
            nodes.reset(node)
    assert checks_of(live) == ["disks-are-where-the-move-needs-them"]
    assert "migrate block" in live.json[0]["remedy"]
    assert checks_of(block) == []


def test_saved_facts_are_judged_again(preflight, shell, nodes, tmp_path):
    facts, scripts = tmp_path / "facts.json", tmp_path / "scripts"
    do(nodes, "HostC", "chmod 0700 /var/lib/nova")
    done = preflight(
        *("--storage-host", "HostA", "--save-facts", str(facts)),
        *("--remedy-script", str(scripts)),
    )
    assert done.code == 3
    (failed,) = checks_of(done)
    assert json.loads(facts.read_text())["nodes"].keys() == set(nodes.names)
    again = shell.migrate("preflight", "--facts", str(facts), "-f", "json")
    assert (again.code, checks_of(again)) == (3, [failed])
    # Read, and run as an operator would.
    assert [path.name for path in scripts.iterdir()] == ["HostC.sh"]
    do(nodes, "HostC", (scripts / "HostC.sh").read_text())
    assert preflight("--storage-host", "HostA").code == 0


def test_a_dead_node_is_one_finding(preflight, guest, tmp_path):
    inventory = tmp_path / "nodes"
    inventory.write_text("HostC ssh://root@127.0.0.1:1\n")
    done = preflight("guest", "HostC", "--inventory", str(inventory))
    assert done.code == 3
    (row,) = [r for r in done.json if r["status"] == "UNKNOWN"]
    assert (row["check"], row["subject"]) == ("node-answers", "HostC")
    assert "refused" in row["detail"]


@pytest.mark.parametrize(
    "words",
    [
        ("--remedy-script", "x"),
        ("--save-facts", "x"),
        ("--storage-host", "HostA"),
        ("--facts", "no-such-file"),
        ("--nodes", "--inventory", "no-such-file"),
        ("--nodes", "--forks", "0"),
    ],
)
def test_wrong_usage_is_said(shell, words):
    done = shell.migrate("preflight", *words)
    assert done.code in (1, 2)
    assert done.out == ""
    assert "Traceback" not in done.err
