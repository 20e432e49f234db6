"""``openstack migrate explain --nodes``: a cloud and a real node HostB.

The cloud's hypervisor is made up, and so nobody writes what nova-compute
would: the tests write it into the logs of the node, in the forms in which
deployments have them.
"""

import datetime
import shlex
import uuid

import pytest

from functional_tests.test_explain import ask, ended, records
from testbed.nodes import Lab
from testbed.warm import WarmShell

LOG = "/var/log/nova/nova-compute.log"
REFUSED = (
    "unable to connect to server at '10.77.0.13:16509': Connection refused"
)
SAID = f"Live Migration failure: {REFUSED}"
FRAMES = (
    "Traceback (most recent call last):",
    '  File "/usr/lib/python3/dist-packages/nova/virt/libvirt/driver.py", line'
    " 11567, in _live_migration_operation",
    f"libvirt.libvirtError: {REFUSED}",
)
OTHER = "22222222-2222-4222-8222-222222222222"
TOKYO = datetime.timedelta(hours=9)


@pytest.fixture(scope="module")
def warm(cloud):
    return WarmShell(cloud.environment())


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with Lab.up(tmp_path_factory.mktemp("nodes") / "state") as up:
        yield up


@pytest.fixture(scope="module")
def failed(connection, lab):
    """A server whose copy failed; Nova's API has no word of it."""
    image = connection.image.find_image("tiny").id
    flavor = connection.compute.find_flavor("m1.tiny").id
    server = connection.compute.create_server(
        name=f"vm-{uuid.uuid4().hex[:8]}",
        image_id=image,
        flavor_id=flavor,
        networks="none",
        host="HostB",
        metadata={"lab.fail": "live_migration"},
    )
    server = connection.compute.wait_for_server(server, interval=0.2, wait=300)
    ask(connection, server)
    ended(connection, server)
    yield server
    connection.compute.delete_server(server, force=True)


@pytest.fixture
def node(lab, failed):
    """HostB of the lab, without a log of Nova's."""
    yield lab
    clear = (
        "systemctl stop nova-compute 2>/dev/null; rm -rf /var/log/nova;"
        " ln -sf /usr/share/zoneinfo/Etc/UTC /etc/localtime"
    )
    assert lab.run("HostB", clear).returncode == 0


@pytest.fixture
def written(connection, failed):
    """What nova-compute writes of that move.

    :param east: of Greenwich, how far the node's zone is.
    """
    record = records(connection, failed)[0]
    ended_at = datetime.datetime.fromisoformat(record["updated_at"])
    (action,) = [
        one
        for one in connection.compute.server_actions(failed)
        if one.action == "live-migration"
    ]

    def lines(message=SAID, east=datetime.timedelta(), server=failed.id):
        when = f"{ended_at + east:%Y-%m-%d %H:%M:%S}.512 2143"
        instance = f"[instance: {server}] "
        driver = f"{when} ERROR nova.virt.libvirt.driver"
        who = f"[None {action.request_id} admin admin - - default default]"
        return [
            f"{driver} {who} {instance}{message}",
            f"{driver} {who} {instance}Migration operation has aborted",
            *(
                f"{when} ERROR nova.compute.manager {instance}{frame}"
                for frame in FRAMES
            ),
        ]

    return lines


QEMU_LOG = "/var/log/libvirt/qemu/instance-0000000f.log"
FEATURES = (
    "qemu-system-x86_64: Features 0x130afffa7 unsupported. Allowed features:"
    " 0x10179bfffe7"
)
GENERAL = (
    "Live Migration failure: operation failed: job 'migration out'"
    " unexpectedly failed"
)


@pytest.fixture
def qemu_wrote(connection, lab, failed):
    """QEMU's log of the guest on HostC: an earlier start, and this one."""
    record = records(connection, failed)[0]
    ended_at = datetime.datetime.fromisoformat(record["updated_at"])

    def block(moment, text):
        return (
            f"{moment:%Y-%m-%d %H:%M:%S}.1+0000: starting up libvirt version:"
            " 9.0.0",
            "/usr/bin/qemu-system-x86_64 \\",
            f"-uuid {failed.id} \\",
            "-msg timestamp=on",
            f"{moment:%Y-%m-%dT%H:%M:%S}.123456Z {text}",
        )

    before = ended_at - datetime.timedelta(days=1)
    lines = (*block(before, "Could not open '/x'"), *block(ended_at, FEATURES))
    put(lab, QEMU_LOG, lines, node="HostC")
    yield f"{ended_at:%Y-%m-%dT%H:%M:%SZ}"
    lab.run("HostC", f"rm {QEMU_LOG}")


def put(lab, path, lines, node="HostB"):
    lab.run(node, f"mkdir -p {shlex.quote(path.rpartition('/')[0])}")
    lab.put(node, path, "\n".join(lines) + "\n")


def explained(warm, lab, failed, *words, code=0):
    done = warm.migrate(
        *("explain", failed.name, "-f", "json", "--nodes"),
        *("--ssh-config", str(lab.ssh_config), *words),
    )
    assert done.code == code, done.err
    (row,) = done.json
    return row


def told(row, place):
    assert row["cause"] == "libvirt-refused"
    assert row["message"] == SAID
    assert "libvirtd-tcp.socket" in row["next"]
    assert row["logs"][0].startswith(f"HostB {place}: ")
    assert row["logs"][0].endswith(f"Z ERROR {SAID}")
    return True


def test_without_a_log_the_command_to_read_it_is_named(warm, node, failed):
    row = explained(warm, node, failed)
    assert (row["cause"], row["logs"]) == ("", [])
    assert "no error of this move on HostB in journal" in row["note"]
    assert f"zgrep -F {failed.id}" in row["note"]


def test_a_log_file(warm, node, failed, written):
    noise = written(SAID.replace("16509", "49152"), server=OTHER)
    put(node, LOG, [*noise, *written(), *noise])
    assert told(explained(warm, node, failed), LOG)


def test_the_reason_that_only_qemu_wrote(
    warm, node, failed, written, qemu_wrote
):
    # Without the traceback, which has other words.
    put(node, LOG, written(GENERAL)[:2])
    row = explained(warm, node, failed)
    assert row["cause"] == "virtio-features-differ", row
    assert row["logs"][1] == (
        f"HostC {QEMU_LOG}: {qemu_wrote} ERROR {FEATURES}"
    )
    assert "Could not open" not in str(row)


def test_for_people(warm, node, failed, written):
    put(node, LOG, written())
    config = str(node.ssh_config)
    done = warm.migrate(
        "explain", failed.name, "--nodes", "--ssh-config", config
    )
    assert done.code == 0
    for said in (LOG, REFUSED, "libvirt-refused", "libvirtd-tcp.socket"):
        assert said in done.out


def test_a_packed_log_in_another_zone(warm, node, failed, written):
    node.run("HostB", "ln -sf /usr/share/zoneinfo/Asia/Tokyo /etc/localtime")
    late = [
        line.replace("req-", "other-")
        for line in written("Live Migration failure: later", TOKYO * 2)
    ]
    put(node, f"{LOG}.1", [*written(east=TOKYO), *late])
    node.run("HostB", f"gzip {LOG}.1")
    row = explained(warm, node, failed)
    assert told(row, f"{LOG}.1.gz")
    assert "later" not in str(row["logs"])


def test_the_journal(warm, node, failed, written):
    """As a unit that writes to stderr; now, as the journal has it."""
    put(node, "/tmp/said", [line[24:] for line in written()])
    run = (
        "systemd-run --wait --collect --unit=nova-compute"
        " sh -c 'sleep 0.2; cat /tmp/said >&2; sleep 0.2'"
    )
    assert node.run("HostB", run).returncode == 0
    row = explained(warm, node, failed)
    node.run("HostB", "journalctl --rotate; journalctl --vacuum-time=1s")
    assert told(row, "journal")


def test_a_log_that_only_nova_sees(warm, node, failed, written):
    """A service with a directory and a zone of its own, as in a container,
    whose log lies where nobody would look for it."""
    put(node, "/root/said", written(east=TOKYO))
    run = (
        "systemd-run --unit=nova-compute -p PrivateTmp=yes"
        " -E TZ=Asia/Tokyo bash -c 'cat /root/said >/tmp/odd.log;"
        " exec -a /usr/bin/nova-compute sleep 600 >>/tmp/odd.log'"
    )
    assert node.run("HostB", run).returncode == 0
    try:
        row = explained(warm, node, failed)
    finally:
        node.run("HostB", "systemctl stop nova-compute; rm /root/said")
    assert told(row, "/tmp/odd.log")


def test_a_container(warm, node, failed, written):
    """By a program that answers as an engine does: there is none there."""
    lines = [f"2026-11-24T00:00:00.123456789Z {line}" for line in written()]
    put(node, "/root/said", lines)
    engine = """#!/bin/sh
    case "$1 $*" in
        ps*) echo ovn_controller; echo nova_compute;;
        logs*--since*--until*nova_compute) cat /root/said >&2;;
    esac"""
    put(node, "/usr/local/bin/podman", engine.splitlines())
    node.run("HostB", "chmod 755 /usr/local/bin/podman")
    try:
        row = explained(warm, node, failed)
    finally:
        node.run("HostB", "rm /usr/local/bin/podman /root/said")
    assert told(row, "podman logs nova_compute")


def test_secrets_stay_there(warm, node, failed, written):
    message = f"{SAID} password=hunter2 rabbit://nova:pw@10.77.0.11/"
    put(node, LOG, written(message))
    row = explained(warm, node, failed)
    assert row["cause"] == "libvirt-refused"
    assert "hunter2" not in str(row) and ":pw@" not in str(row)


def test_a_control_node(warm, node, failed, written):
    skipped = written("Filter ComputeFilter returned 0 hosts")[0]
    path = "/var/log/nova/nova-scheduler.log"
    put(node, path, [skipped.replace("ERROR", "INFO")], "HostA")
    row = explained(warm, node, failed, "--control", "HostA")
    node.run("HostA", f"rm {path}")
    assert row["logs"][0].startswith(f"HostA {path}: ")


def test_nodes_that_do_not_answer(warm, node, failed):
    done = warm.migrate(
        *("explain", failed.name, "-f", "json", "--nodes"),
        *("--ssh-config", "/dev/null", "--ssh-user", "nobody"),
    )
    assert done.code == 0, done.err
    (row,) = done.json
    assert (row["cause"], row["logs"]) == ("", [])
    assert "HostB's log was not read: " in row["note"]
    assert "by hand, there: sudo zgrep" in row["note"]
