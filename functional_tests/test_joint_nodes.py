"""Real guests on real nodes, moved by ``openstack migrate``.

Nova, libvirt and QEMU are the real ones, and so are the reasons why a move
fails, and the words in which nova-compute says them.  JOINT_STATE names the
state directory of a joint cloud that is up already, and stays so.
"""

import os
import subprocess
import uuid

import pytest

from functional_tests.conftest import until
from functional_tests.joint import Joint
from functional_tests.shell import Shell

INSTANCES = "/var/lib/nova/instances"
CONF = "/etc/nova/nova.conf"


@pytest.fixture(scope="module")
def joint(tmp_path_factory):
    if path := os.environ.get("JOINT_STATE"):
        yield Joint.up(path)
        return
    with Joint.up(tmp_path_factory.mktemp("joint") / "state") as up:
        yield up


@pytest.fixture(scope="module")
def compute(joint):
    return joint.connect().compute


@pytest.fixture
def migrate(joint):
    """``openstack migrate`` as an operator has it; --nodes if asked for."""
    shell = Shell(joint.environment())

    def run(verb, *words, nodes=False):
        more = ("--nodes", "--ssh-config", str(joint.lab.ssh_config))
        try:
            return shell.migrate(verb, *words, *(more if nodes else ()))
        except subprocess.TimeoutExpired as late:
            pytest.fail(f"{late}\n{late.stderr!r}\n{last_lines(joint)}")

    return run


def last_lines(joint):
    """What nova-compute wrote last on each node."""
    script = "tail -n 40 /var/log/nova/nova-compute.log"
    return "\n".join(
        f"{node}:\n{joint.lab.run(node, script).stdout}"
        for node in ("HostB", "HostC")
    )


def booted(joint, compute, **more):
    server = joint.boot(f"vm-{uuid.uuid4().hex[:6]}", **more)
    yield server
    compute.delete_server(server, force=True)
    compute.wait_for_delete(server, interval=0.2, wait=60)


@pytest.fixture
def server(joint, compute):
    """One for a test."""
    yield from booted(joint, compute)


@pytest.fixture(scope="module")
def shared_server(joint, compute):
    """One for all tests which leave it where it is, on HostB."""
    yield from booted(joint, compute)


@pytest.fixture
def local(joint):
    joint.share(False)
    yield
    joint.share(True)


def where(joint, server):
    """The node on which libvirt runs the guest; no other knows of it."""
    found = {
        (node, state)
        for node in ("HostB", "HostC")
        for id, state in joint.guests(node).items()
        if id == server.id
    }
    assert len(found) == 1, found
    ((node, state),) = found
    assert state == "running"
    return node


def goes_on(joint, server, after):
    until(lambda: joint.ticks(server) > after, 20)


def failing(done):
    return {row["check"] for row in done.json if row["status"] == "FAIL"}


def live(joint, migrate, server, host, *words):
    before = joint.ticks(server)
    done = migrate("live", server.name, host, *words, "-f", "json")
    assert done.code == 0, done.err
    assert done.json["status"] == "completed"
    assert where(joint, server) == host
    assert joint.ticks(server) >= before  # a new guest would begin at 1
    goes_on(joint, server, before)


def test_there_and_back(joint, migrate, server):
    done = migrate(
        *("preflight", server.name, "HostC", "--long", "-f", "json"),
        nodes=True,
    )
    assert (done.code, done.err) == (0, "")
    assert {row["status"] for row in done.json} <= {"PASS", "SKIP"}
    live(joint, migrate, server, "HostC")
    live(joint, migrate, server, "HostB")


def test_cold_confirmed(joint, migrate, server):
    done = migrate("cold", server.name, "HostC", "--confirm", "-f", "json")
    assert done.code == 0, done.err
    assert done.json["status"] == "confirmed"
    assert where(joint, server) == "HostC"
    goes_on(joint, server, 0)


def test_cold_reverted(joint, migrate, server):
    done = migrate("cold", server.name, "HostC", "-f", "json")
    assert done.code == 6, done.err
    states = [joint.guests(node)[server.id] for node in ("HostB", "HostC")]
    assert states == ["shut off", "running"]
    back = migrate("cold", server.name, "--revert", "-f", "json")
    assert back.code == 0, back.err
    assert back.json["status"] == "reverted"
    assert where(joint, server) == "HostB"
    goes_on(joint, server, 0)


def test_disks_that_are_not_shared(joint, local, compute, migrate, server):
    early = migrate(
        *("preflight", server.name, "HostC", "-f", "json"), nodes=True
    )
    assert early.code == 3
    assert "disks-are-where-the-move-needs-them" in failing(early)
    late = migrate("live", server.name, "HostC", "-f", "json")
    assert late.code == 4, late.err
    assert "not on shared storage" in late.json["reason"]
    assert where(joint, server) == "HostB"
    before = joint.ticks(server)
    done = migrate("block", server.name, "HostC", "-f", "json")
    assert done.code == 0, done.err
    assert where(joint, server) == "HostC"
    goes_on(joint, server, before)


# Where one is missing, an operator would have to start it in this order.
_LISTEN = (
    "systemctl stop libvirtd; systemctl start libvirtd-tcp.socket;"
    " systemctl start libvirtd"
)
_KEY = "/var/lib/nova/.ssh/id_ed25519"


def wrong_certificate(joint):
    """HostC's is for another name; HostB reads what scheme to use."""
    pem, key = joint.lab.ca.issue("other", ["other", "10.77.0.99"])
    for name, text in (("servercert", pem), ("private/serverkey", key)):
        path = f"/etc/pki/libvirt/{name}.pem"
        joint.lab.run("HostC", f"cp -p {path} {path}.good")
        joint.lab.put("HostC", path, text, 0o600)
    libvirt("systemctl restart libvirtd")(joint)
    scheme("tls")(joint)


def right_certificate(joint):
    for name in ("servercert", "private/serverkey"):
        path = f"/etc/pki/libvirt/{name}.pem"
        joint.lab.run("HostC", f"mv {path}.good {path}")
    libvirt("systemctl restart libvirtd")(joint)
    scheme("tcp")(joint)


def libvirt(script):
    """Do something to libvirtd on HostC, whose nova-compute connects anew:
    its old connection may take minutes to be missed."""

    def change(joint):
        on("HostC", script)(joint)
        joint.restart("HostC")

    return change


def scheme(name):
    option = "live_migration_scheme"

    def change(joint):
        for node in ("HostB", "HostC"):
            script = f"sed -i 's/^{option} = .*/{option} = {name}/' {CONF}"
            joint.lab.run(node, script)
        joint.restart("HostB")

    return change


def unknown_name(joint):
    option = "live_migration_inbound_addr"
    for node in ("HostB", "HostC"):
        joint.lab.run(
            node, f"sed -i 's/^{option} = .*/{option} = {node}/' {CONF}"
        )
    joint.lab.run(
        "HostB", "cp /etc/hosts /run/hosts; sed -i '/HostC/d' /etc/hosts"
    )
    joint.restart("HostC")


def known_address(joint):
    option = "live_migration_inbound_addr"
    for node in ("HostB", "HostC"):
        address = joint.lab.address(node)
        joint.lab.run(
            node, f"sed -i 's/^{option} = .*/{option} = {address}/' {CONF}"
        )
    joint.lab.run("HostB", "cat /run/hosts >/etc/hosts")
    joint.restart("HostC")


def on(node, script):
    def run(joint):
        done = joint.lab.run(node, script)
        assert done.returncode == 0, done.stderr

    return run


#: name: what breaks it, what mends it, the check that finds it beforehand,
#: and words of what explains it afterwards
FAULTS = {
    "libvirt-does-not-listen": (
        libvirt(
            "systemctl stop libvirtd-tcp.socket libvirtd;"
            " systemctl start libvirtd",
        ),
        libvirt(_LISTEN),
        "libvirt-listens",
        "Connection refused",
    ),
    "data-ports-closed": (
        on(
            "HostC",
            "nft add table inet lab; nft 'add chain inet lab in"
            " { type filter hook input priority 0; }'; nft add rule inet lab"
            " in tcp dport 49152-49261 reject with tcp reset",
        ),
        on("HostC", "nft delete table inet lab"),
        "destination-data-ports-are-open",
        "Connection refused",
    ),
    "instances-read-only": (
        on("HostC", f"mount -o remount,ro {INSTANCES}"),
        on("HostC", f"mount -o remount,rw {INSTANCES}"),
        "instances-mount-is-read-write",
        "Read-only file system",
    ),
    "wrong-certificate": (
        wrong_certificate,
        right_certificate,
        "tls-server-certificate-names-the-node",
        "certificate",
    ),
    "unknown-name": (
        unknown_name,
        known_address,
        "destination-name-resolves",
        "Unable to resolve address 'HostC'",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_a_live_move(joint, migrate, compute, shared_server, fault):
    inject, mend, check, words = FAULTS[fault]
    server = shared_server
    until(joint.usable)
    inject(joint)
    try:
        until(joint.usable)
        early = migrate(
            *("preflight", server.name, "HostC", "-f", "json"), nodes=True
        )
        late = migrate("live", server.name, "HostC", "-f", "json")
        told = migrate("explain", server.name, "-f", "json", nodes=True)
        assert early.code == 3, early.out
        assert check in failing(early)
        assert late.code == 4, late.err
        assert told.code == 0, told.err
        assert words in str(told.json[0]), told.out
        before = joint.ticks(server)
        assert where(joint, server) == "HostB"
        goes_on(joint, server, before)
    finally:
        mend(joint)
        compute.reset_server_state(server, "active")


def test_nova_cannot_log_in(joint, migrate, server):
    joint.lab.run("HostB", f"mv {_KEY} {_KEY}.away")
    try:
        early = migrate(
            *(
                "preflight",
                server.name,
                "HostC",
                "--kind",
                "cold",
                "-f",
                "json",
            ),
            nodes=True,
        )
        late = migrate("cold", server.name, "HostC", "-f", "json")
        told = migrate("explain", server.name, "-f", "json", nodes=True)
    finally:
        joint.lab.run("HostB", f"mv {_KEY}.away {_KEY}")
    assert early.code == 3, early.out
    assert "nova-can-ssh" in failing(early)
    assert late.code == 4, late.err
    assert told.json[0]["cause"] == "ssh-key-refused"
    assert where(joint, server) == "HostB"
