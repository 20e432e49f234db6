"""The question, as a shell on this machine answers it."""

import gzip
import os
import pathlib
import subprocess

import pytest

from osc_migrate.explain.node_logs import questions
from osc_migrate.explain.node_logs.lines import LineFilter
from osc_migrate.explain.node_logs.parsing import read
from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer
from osc_migrate.tests.unit import past
from osc_migrate.tests.unit.nova_logs import (
    OTHER,
    REQUEST,
    SERVER,
    WANTED,
    line,
    stamp,
)


@pytest.fixture
def node(tmp_path):
    """Asks a shell that finds Nova's log in `tmp_path`."""

    def asked(wanted=WANTED, user_id=0, **environment):
        # No nova-compute, no journal and no containers of this machine.
        script = questions.question(wanted).text
        for program in (
            "ps -eo",
            "command -v journalctl",
            'command -v "$engine"',
        ):
            script = script.replace(program, f"false {program}")
        script = script.replace("/var/log/nova/", f"{tmp_path}/")
        script = script.replace("unset TZ\n", "")
        script = script.replace("$(id -u)", str(user_id))
        done = subprocess.run(
            ["sh"],
            input=script.encode(errors="surrogateescape"),
            capture_output=True,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"} | environment,
            timeout=60,
        )
        said = done.stdout.decode(errors="replace")
        answer = Answer(done.returncode, said, done.stderr.decode())
        return read("HostB", wanted, answer)

    asked.log = pathlib.Path(tmp_path) / "nova-compute.log"
    return asked


def texts(node, *args, **environment):
    return [one.text for one in node(*args, **environment).lines]


def test_only_the_lines_of_the_move(node):
    node.log.write_text(
        "\n".join(
            (
                line("one", who="[req-x] "),
                line("early", who="[req-x] ", when=stamp(-120)),
                line("late", who="[req-x] ", when=stamp(200)),
                line("asked for", when=stamp(9000)),
                line("other", server=OTHER, who="[req-x] "),
                line("chatter", "DEBUG"),
                line("Skipping host: HostC because: x", "DEBUG"),
            )
        )
    )
    assert texts(node) == [
        "one",
        "Skipping host: HostC because: x",
        "asked for",
    ]


def test_the_zone_of_the_node(node):
    node.log.write_text(
        line("one", who="[req-x] ", when=stamp(3, 5.5))
        + "\n"
        + line("late", who="[req-x] ", when=stamp(3, 6.5))
    )
    found = node(TZ="XXX-5:30").lines
    assert [(one.text, one.time) for one in found] == [("one", past.at(3))]


def test_rotated_logs_and_packed_ones(node):
    node.log.write_text(line("now", when=stamp(4)))
    node.log.with_name("nova-compute.log.1").write_text(
        line("before", when=stamp(3))
    )
    with gzip.open(f"{node.log}.2.gz", "wt") as packed:
        packed.write(line("long before", when=stamp(2)))
    old = node.log.with_name("nova-compute.log.3")
    old.write_text(line("written too early"))
    os.utime(old, (0, 0))
    found = node()
    assert [one.text for one in found.lines] == [
        "long before",
        "before",
        "now",
    ]
    assert found.doubts == ()
    assert all("log.3" not in place for place in found.places)


def test_a_packed_log_that_is_torn(node):
    packed = gzip.compress(line("one").encode() * 9000)
    node.log.with_name("nova-compute.log.1.gz").write_bytes(packed[:-9])
    (doubt,) = node().doubts
    assert doubt.endswith("log.1.gz was not unpacked wholly")


def test_a_packed_log_that_is_none(node):
    node.log.with_name("nova-compute.log.1.zst").write_bytes(b"none")
    (doubt,) = node().doubts
    assert "log.1.zst" in doubt


def test_a_binary_log_and_a_line_of_ten_megabytes(node):
    node.log.write_bytes(
        b"\x00\xff\xfe" * 1000
        + b"\n"
        + line("x" * 10_000_000).encode()
        + b"\n"
        + line("after").encode()
        + b"\n"
    )
    got = texts(node)
    assert got[-1] == "after"
    assert len(got[-2]) <= 2000


def test_of_a_flood_the_end(node):
    node.log.write_text("\n".join(line(f"{n}") for n in range(20_000)))
    got = texts(node)
    assert (len(got), got[-1]) == (200, "19999")


def test_no_log_at_all(node):
    with pytest.raises(Unread, match="no log was read: none was found"):
        texts(node)


def test_no_log_that_this_user_may_read(node):
    with pytest.raises(Unread, match="no log was read: not root there"):
        texts(node, user_id=1000)


def test_a_log_read_without_root_may_not_be_the_only_one(node):
    node.log.write_text(line("one", who="[req-x] "))
    found = node(user_id=1000)
    assert [found_line.text for found_line in found.lines] == ["one"]
    assert "not root there" in found.doubts[0]


def test_what_is_looked_for_is_no_command():
    evil = LineFilter("$(reboot)", "';reboot;'", WANTED.since, WANTED.until)
    text = questions.question(evil).text
    assert "server='$(reboot)'" in text
    assert """request=''"'"';reboot;'"'"''""" in text


def test_without_an_id_there_is_nothing_to_look_for():
    with pytest.raises(Unread):
        questions.question(LineFilter("", "", WANTED.since, WANTED.until))


@pytest.mark.parametrize("server, request_id", [("", REQUEST), (SERVER, "")])
def test_one_id_is_enough(node, server, request_id):
    node.log.write_text(line("one") + "\nnoise\n")
    wanted = LineFilter(server, request_id, WANTED.since, WANTED.until)
    assert texts(node, wanted) == ["one"]
    node.log.write_text(line("late", when=stamp(9000)))
    assert texts(node, wanted) == (["late"] if request_id else [])


def test_by_hand_is_a_command_to_type():
    said = questions.manual_command(WANTED)
    assert f"zgrep -F {SERVER} /var/log/nova/*.log*" in said


def _ran(server, answered):
    """What is logged of a command that failed: only one line has an ID."""
    before = f"{stamp()}ERROR oslo_messaging.rpc.server "
    return [
        f"{before}Command: ssh -o BatchMode=yes 10.77.0.13 mkdir {server}",
        f"{before}Exit code: 255",
        f"{before}Stdout: ''",
        f"{before}Stderr: '{answered}'",
    ]


def test_what_a_command_said(node):
    lines = _ran(SERVER, "Permission denied") + _ran(OTHER, "No space left")
    node.log.write_text("\n".join(lines) + "\n")
    command, said = node().lines
    assert command.text.startswith("Command: ssh")
    assert said.text == "Stderr: 'Permission denied'"
    assert (said.level, said.time) == ("ERROR", past.at(3))


def test_what_the_command_of_another_said(node):
    one = line("it begins") + "\n"
    lines = _ran(OTHER, "No space left")
    node.log.write_text(one + "\n".join(lines) + "\n")
    assert texts(node) == ["it begins"]
