import concurrent.futures
import contextlib
import dataclasses
import json
import shutil
import socket
import subprocess
import sys
import time

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer, Question
from osc_migrate.nodes.reach import listener
from osc_migrate.nodes.reach import reading as reach
from osc_migrate.nodes.reach.attempts import SCRIPT
from osc_migrate.nodes.reach.facts import (
    CommandResult,
    ConnectOutcome,
    TriedPort,
)
from osc_migrate.nodes.transport.shell import Shell
from osc_migrate.tests.unit.nodes.shapes import config, libvirt, network, node

SHELLS = [
    argv
    for argv in (["dash"], ["bash", "--posix"], ["busybox", "sh"])
    if shutil.which(argv[0])
]
HEAD = {
    "peer": "HostC",
    "connect": "10.77.0.13",
    "uri": "qemu+tcp://10.77.0.13/system",
    "copy": "10.77.0.13",
    "listened": True,
    "ports": [49152, 49261],
    "range": [49152, 49261],
}
# As HostB of the lab said it.
LINES = """\
names HostC 10.77.0.13 10.77.0.13 10.77.0.13
ping 1472 full
port 10.77.0.13 16509 open
data 10.77.0.13 49261 refused
data 10.77.0.13 49152 open
virsh HostC   =0
nova  =0
"""
OPENED = Answer(0, "ports 49152 49261 pid 162\n")


def read(lines=LINES, name='reach.to ["HostC"]', **head):
    text = f"#peer {json.dumps(HEAD | head)}\n{lines}"
    return reach.read({name: Answer(0, text)})["HostC"]


def asked(source=None, peer=None, heard=OPENED):
    found = reach.questions(
        source or node("HostB"),
        [peer or node("HostC")],
        {"HostC": {"reach.listen": heard} if heard else {}},
    )
    (question,) = found.values()
    return question


def head_of(question):
    return json.loads(question.args[0])


def test_as_it_was_said():
    found = read()
    assert found.names["HostC"] == ("10.77.0.13",)
    assert found.libvirt == TriedPort("10.77.0.13", 16509, ConnectOutcome.OPEN)
    assert found.data == (
        TriedPort("10.77.0.13", 49152, ConnectOutcome.OPEN),
        TriedPort("10.77.0.13", 49261, ConnectOutcome.REFUSED),
    )
    assert found.virsh == CommandResult(0, "HostC")
    assert found.nova_ssh == CommandResult(0, "")
    assert found.packet == (1472, True)


def test_no_answer_to_a_ping_is_not_a_lost_one():
    assert read("ping 1472 none").packet is None
    assert read("ping 1472 lost").packet == (1472, False)


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        ("", "libvirt"),
        ("port 10.77.0.13 16509 python3: not found", "libvirt"),
        ("port x 123456 open", "libvirt"),
        ("data 10.77.0.13 x open", "data"),
        ("nova words", "nova_ssh"),
        ("nova =123456", "nova_ssh"),
        ("ping", "packet"),
    ],
)
def test_what_cannot_be_read(lines, name):
    with pytest.raises(Unread):
        getattr(read(lines), name)


def test_no_answer_is_told_for_each_peer():
    name = 'reach.to ["HostB", "HostC"]'
    found = reach.read({name: Unread("no answer within 45 s")})
    for peer in ("HostB", "HostC"):
        with pytest.raises(Unread, match="within 45 s"):
            found[peer].packet  # noqa: B018


@pytest.mark.parametrize(
    "text",
    ["", "#peer", "#peer []", "#peer " + "[" * 9999, "\n#peer {}\n" * 99],
)
def test_hostile(text):
    assert reach.read({'reach.to ["HostC"]': Answer(0, text)}) == {}


def test_the_words_of_a_peer_forge_no_other_line():
    said = CommandResult(255, "x #peer {} virsh =0")
    assert read(LINES + "nova", peer="HostC").virsh == CommandResult(
        0, "HostC"
    )
    assert read("nova x #peer {} virsh =0 =255").nova_ssh == said


def test_what_is_tried():
    question = asked()
    _, names, uri, host, port, data, ports, copy, size, _ = question.args
    assert (names, uri) == ("HostC", "qemu+tcp://10.77.0.13/system")
    assert (host, port) == ("10.77.0.13", "16509")
    assert (data, ports) == ("10.77.0.13", "49152 49261")
    assert (copy, size) == ("10.77.0.13", "1472")


@pytest.mark.parametrize(
    ("options", "uri", "port"),
    [
        ({"live_migration_scheme": "tls"}, "qemu+tls://{}/system", "16514"),
        ({"live_migration_scheme": "ssh"}, "qemu+ssh://{}/system", "-"),
        (
            {"live_migration_uri": "qemu+tcp://%s:16999/system"},
            "qemu+tcp://{}:16999/system",
            "16999",
        ),
        (
            {"live_migration_uri": "qemu+ssh://stack@%s/system?no_verify=1"},
            "qemu+ssh://stack@{}/system?no_verify=1",
            "-",
        ),
    ],
)
def test_uri_of_nova(options, uri, port):
    changes = {f"libvirt__{name}": value for name, value in options.items()}
    source = node("HostB", config=config.healthy("HostB", **changes))
    question = asked(source)
    assert question.args[2] == uri.format("10.77.0.13")
    assert question.args[4] == port


def test_uri_that_would_start_a_program():
    wanted = "qemu+ext://%s/system?command=/tmp/x"
    source = node(
        "HostB",
        config=config.healthy("HostB", libvirt__live_migration_uri=wanted),
    )
    question = asked(source)
    assert question.args[2] == "-"
    found = reach.read({"reach.to []": Answer(0, f"#peer {question.args[0]}")})
    with pytest.raises(Unread, match="not tried"):
        found["HostC"].uri  # noqa: B018


def test_without_an_inbound_address_names_are_used():
    option = {"libvirt__live_migration_inbound_addr": None}
    peer = node(
        "HostC",
        config=config.healthy("HostC", **option),
        network=network.healthy("HostC", canonical={"HostC": "c.example"}),
    )
    question = asked(peer=peer)
    assert question.args[1] == "HostC c.example"
    assert question.args[2] == "qemu+tcp://HostC/system"
    # QEMU's data go to the name that libvirt there has for itself.
    assert question.args[5] == "c.example"


@pytest.mark.parametrize(
    "bad", ["-oProxyCommand=x", "a b", "$(reboot)", "x;y"]
)
def test_no_word_of_a_peer_becomes_a_command(bad):
    changes = {
        "libvirt__live_migration_inbound_addr": bad,
        "libvirt__migration_inbound_addr": bad,
    }
    peer = node("HostC", config=config.healthy("HostC", **changes))
    question = asked(peer=peer)
    assert bad not in question.args[1:]
    assert "neither a host name" in head_of(question)["connect"]["unread"]


def test_nothing_is_opened_read_only():
    question = asked(heard=None)
    assert head_of(question)["listened"] is False
    assert question.args[6] == "49152"


def test_nobody_could_listen():
    question = asked(heard=Answer(1, "", "nothing here can listen"))
    found = reach.read({"reach.to []": Answer(0, f"#peer {question.args[0]}")})
    with pytest.raises(Unread, match="nothing here can listen"):
        found["HostC"].data  # noqa: B018


def test_many_peers_come_in_parts_each_in_another_order():
    peers = [node("HostC").but(name=f"n{number:03}") for number in range(100)]
    me = peers.pop(50)
    found = reach.questions(me, peers, {})
    names = [
        name
        for key in found
        for name in json.loads(key.removeprefix("reach.to "))
    ]
    assert names[0] == "n051"
    assert names[-1] == "n049"
    assert len(names) == 99
    assert max(len(q.text) for q in found.values()) < 20000


@pytest.mark.parametrize(
    "options, forced, tried",
    [
        ({"subsystem": ("sftp", "internal-sftp")}, False, "-"),
        ({"subsystem": ("sftp", "internal-sftp")}, True, "sftp"),
        ({}, False, "sftp"),
        (
            {"subsystem": ("sftp", "/x"), "missing": ("/x",)},
            False,
            "sftp",
        ),
        (
            {"subsystem": ("sftp", "/x"), "forcecommand": ("wrapper",)},
            False,
            "sftp",
        ),
    ],
)
def test_sftp_is_tried_only_where_it_is_in_doubt(options, forced, tried):
    ssh = network.ssh("HostC", options=options, forced=forced)
    peer = node("HostC", network=network.healthy("HostC", ssh=ssh))
    assert asked(peer=peer).args[-1] == tried
    inside = dataclasses.replace(config.healthy("HostB"), contained=True)
    assert asked(node("HostB", config=inside), peer).args[-1] == "sftp"


def test_what_was_tried_beside():
    more = (
        "login nova_migration 2022\nsftp subsystem request failed =255\n"
        "openssh OpenSSH_9.2p1 x\n"
    )
    found = read(LINES + more)
    assert found.login == "nova_migration, port 2022"
    assert found.sftp == CommandResult(255, "subsystem request failed")
    assert found.openssh == "OpenSSH_9.2p1 x"
    assert read().sftp is None


def test_a_range_that_is_none_is_not_opened():
    bad = libvirt.healthy("HostC", qemu={"migration_port_min": "many"})
    assert reach.listen(node(libvirt=bad), 1) == {}
    assert reach.silence({}) == {}


@pytest.mark.parametrize("shell", SHELLS, ids=lambda argv: argv[0])
def test_the_scripts_are_posix(shell):
    questions = [
        asked(),
        listener.listen((1, 2), 3),
        listener.silence({"reach.listen": OPENED}),
        *network_questions(),
    ]
    for question in questions:
        done = subprocess.run(
            [*shell, "-n"], input=question.text, text=True, timeout=100
        )
        assert done.returncode == 0


def network_questions():
    from osc_migrate.nodes.network import reading as facts

    return facts.questions(
        config.healthy("HostC"), "compute", read_only=False
    ).values()


@contextlib.contextmanager
def opened(low, high):
    """The ports that a listener has opened, while its session lasts."""
    with Shell(["sh"], "HostC") as shell:
        answers = shell.ask({"reach.listen": listener.listen((low, high), 30)})
        assert answers["reach.listen"].status == 0, answers
        try:
            yield listener.opened_ports(answers)
        finally:
            done = shell.ask({"": listener.silence(answers)})[""]
            assert done.status == 0


def test_a_listener_answers_and_ends():
    with opened(21300, 21400) as ports:
        assert len(ports) == 5
        for port in ports:
            socket.create_connection(("127.0.0.1", port), 5).close()


@pytest.mark.parametrize("shell", SHELLS, ids=lambda argv: argv[0])
def test_each_port_is_tried(shell):
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
        socket.socket() as deaf,
    ):
        deaf.bind(("127.0.0.1", 0))
        ports = [s.getsockname()[1] for s in (one, other, deaf)]
        for tried in (ports[:2], ports):
            words = " ".join(map(str, tried))
            script = SCRIPT.replace("%%", "%")
            done = subprocess.run(
                shell,
                input=f"{script}\nknock_each data 127.0.0.1 {words}\n",
                capture_output=True,
                text=True,
                timeout=100,
            )
            assert sorted(done.stdout.splitlines()) == sorted(
                f"data 127.0.0.1 {port}"
                f" {'refused' if port == ports[2] else 'open'}"
                for port in tried
            )


# Stands for sshd: what it starts is in a separate session, and lives on.
SSHD = """
import subprocess
subprocess.run(["sh"], start_new_session=True)
"""


@pytest.mark.long
def test_a_listener_ends_with_its_session():
    """Though the shell is busy, and has not been silenced."""
    shell = Shell([sys.executable, "-c", SSHD], "HostC")
    answers = shell.ask({"reach.listen": listener.listen((21620, 21720), 60)})
    ports = listener.opened_ports(answers)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        pool.submit(shell.ask, {"": Question("sleep 30", limit=60)})
        shell.kill()
    shell.close()
    until = time.monotonic() + 120
    while is_open(ports[0]) and time.monotonic() < until:
        time.sleep(0.1)
    assert not is_open(ports[0])
    assert not is_open(ports[1])


def is_open(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except ConnectionRefusedError:
        return False
    return True


def bound(one, ports):
    """The first of them that is free, as from now on this socket."""
    for port in ports:
        with contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port
    raise AssertionError(f"none is free: {ports}")


def test_a_port_that_a_connection_left_is_passed_over():
    """It waits for its end, and the port is taken until then."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.socket()
        left = bound(client, range(21410, 21610))
        client.connect(server.getsockname())
        there, _ = server.accept()
        client.close()
        assert there.recv(1) == b""
        there.close()
    with opened(left, left + 50) as (low, *_, high):
        assert left < low < high
