"""A shell on this machine behaves as one on a node does."""

import os
import pathlib
import re
import secrets
import threading
import time

import pytest

from osc_migrate import nodes
from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer, Question
from osc_migrate.nodes.transport.connection_errors import NodeLost
from osc_migrate.nodes.transport.shell import NodeLimits


def questions(*commands, limit=10.0):
    return {command: Question(command, limit=limit) for command in commands}


def alive(pattern, patience=2.0):
    """Processes that stay, zombies apart, with `pattern` among their words.
    What was killed may take a moment to go."""
    end = time.monotonic() + patience
    while (found := seen(pattern)) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def seen(pattern):
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if pattern in words and entry.parent.name != str(os.getpid()):
            found.append(words)
    return found


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("echo hi", Answer(0, "hi\n")),
        ("printf out; printf err >&2; exit 3", Answer(3, "out", "err")),
        ("cat", Answer(0, "")),
        ("read x; echo $?", Answer(0, "1\n")),
        ("cd /; pwd", Answer(0, "/\n")),
        ("exec printf x", Answer(0, "x")),
        ("exit 7", Answer(7, "")),
        ("set -e; false; echo no", Answer(1, "")),
        ("printf '\\200\\000\\n\\n'", Answer(0, "\ufffd\0\n\n")),
        ("echo '", None),
        ("if", None),
        (")", None),
        ("no-such-program", None),
        ("sleep 600 & echo bg", Answer(0, "bg\n")),
        ("exec >&- 2>&-", Answer(0, "")),
        ("echo 1\necho 2 # a comment", Answer(0, "1\n2\n")),
        ("trap 'echo bye' EXIT", Answer(0, "bye\n")),
        ("kill -9 $$ & wait; false", "lost"),
    ],
)
def test_no_command_breaks_the_next(argv, opened, command, answer):
    shell = opened(*argv)
    asked = {"it": Question(command), "next": Question("pwd; echo $-")}
    got = shell.ask(asked)
    if answer == "lost":
        assert got["it"].reason.startswith("the connection ended")
        assert got["next"] is got["it"]
        return
    if answer is None:
        assert got["it"].status in (2, 127)
        assert got["it"].err
    else:
        assert got["it"] == answer
    assert got["next"].status == 0
    assert got["next"].lines[0] == os.getcwd()
    assert "e" not in got["next"].lines[1]


def test_a_batch_is_pipelined(argv, opened):
    many = {str(n): Question("echo %s", (str(n),)) for n in range(500)}
    got = opened(*argv).ask(many)
    assert list(got) == list(many)
    assert all(answer.out == f"{n}\n" for n, answer in got.items())


def test_arguments_are_quoted(argv, opened):
    odd = "it's $HOME `x` \\ \n%s \N{SNOWMAN} -n"
    assert opened(*argv).run("printf %%s %s", odd).out == odd


def test_a_very_long_command(argv, opened):
    assert (
        opened(*argv).run("printf %%s %s", "x" * 400_000).out == "x" * 400_000
    )


def test_neither_side_blocks_the_other(argv, opened):
    """Much to say in both directions at once, and on both streams."""
    text = "x" * 100_000
    many = {
        str(n): Question("printf %%s %s; printf %%s %s >&2", (text, text))
        for n in range(20)
    }
    got = opened(*argv).ask(many)
    assert set(got.values()) == {Answer(0, text, text)}


def test_a_nul_byte_is_refused(opened):
    shell = opened()
    got = shell.ask({"bad": Question("echo %s", ("\0",))} | questions("pwd"))
    assert "NUL" in got["bad"].reason
    assert got["pwd"].status == 0


def test_half_a_surrogate_pair_does_no_harm(opened):
    assert opened().run("printf %%s %s | wc -c", "\ud800").out.strip() == "3"


def test_the_environment_is_ours(argv, opened, monkeypatch):
    monkeypatch.setenv("OS_PASSWORD", "secret")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    shell = opened(*argv)
    said = shell.run("env").out
    assert "secret" not in said
    assert "LC_ALL=C\n" in said
    assert "LANG=C\n" in said
    (path,) = (x for x in said.splitlines() if x.startswith("PATH="))
    assert {"/usr/sbin", "/sbin"} <= set(path[5:].split(":"))
    # Nor can the node's words hold our mark by printing all it knows.
    assert shell.run("set; env").status == 0


def test_a_late_answer_costs_itself_only(argv, opened):
    asked = questions("echo 1", "sleep 612", "echo 2")
    asked["sleep 612"] = Question("sleep 612", limit=0.3)
    got = opened(*argv).ask(asked)
    assert got["echo 1"].out == "1\n"
    assert got["sleep 612"].reason == "no answer within 0.3 s"
    assert got["echo 2"].out == "2\n"
    assert alive("sleep 612") == []


def test_the_limit_counts_from_the_answer_before(opened):
    commands = [f"sleep 0.5; echo {n}" for n in range(5)]
    got = opened().ask(questions(*commands, limit=2))
    assert [answer.status for answer in got.values()] == [0] * 5


def test_the_second_late_answer_costs_the_node(opened):
    shell = opened()
    commands = ["sleep 613", "sleep 614", "echo 1"]
    got = shell.ask(questions(*commands, limit=0.2))
    assert got["sleep 614"].reason == "no answer within 0.2 s"
    assert "given up after two such commands" in got["echo 1"].reason
    with pytest.raises(NodeLost, match="given up"):
        shell.open()
    with pytest.raises(Unread, match="given up"):
        shell.run("echo")
    assert alive("sleep 61") == []


def test_the_node_has_a_limit_in_all(opened):
    shell = opened(node=2)
    time.sleep(2.1)
    # Only waiting for it counts.
    assert shell.run("echo").status == 0
    commands = [f"sleep 0.6; echo {n}" for n in range(5)]
    got = shell.ask(questions(*commands))
    assert isinstance(got[commands[0]], Answer)
    assert got[commands[-1]].reason == "it took more than 2 s in all"


def test_a_slow_node_gets_longer_for_each_command(opened):
    usual = "echo 'timeout -k 1 8'"
    assert opened(node=60).run(usual).out == "timeout -k 1 8\n"
    slow = opened(node=2.5 * NodeLimits.node)
    assert slow.run(usual).out == "timeout -k 1 20\n"
    assert slow.limits.slowness == 2.5


def test_a_slower_question_has_longer_in_all_its_bounds():
    question = Question("timeout -k 1 8 %s; timeout -k 1 5 b", ("a",), 10)
    slower = question.slower(1.5)
    assert slower.text == "timeout -k 1 12 a; timeout -k 1 8 b"
    assert slower.limit == 15


def test_every_command_on_a_node_is_bounded_in_the_same_words():
    bounds = [
        (path.name, line.strip())
        for path in pathlib.Path(nodes.__path__[0]).rglob("*.py")
        for line in path.read_text().splitlines()
        if re.search(r"\btimeout -", line)
    ]
    assert len(bounds) > 10
    odd = [b for b in bounds if not re.search(r"timeout -k 1 \d+ ", b[1])]
    assert [b for b in odd if b[0] != "answers.py"] == []


@pytest.mark.parametrize("to", ["", " >&2"])
def test_a_flood_costs_itself_only(argv, opened, to):
    flood = f"yes flood615{to}"
    shell = opened(*argv, size=2**16)
    got = shell.ask(questions("echo 1", flood, "echo 2"))
    assert got[flood].reason == (
        f"the node sent more than 64.0 KiB to '{flood}'"
    )
    assert got["echo 2"].out == "2\n"
    assert alive("flood615") == []


def test_an_answer_may_be_as_large_as_the_limit(opened):
    shell = opened(size=2**16)
    got = shell.run(f"head -c {2**16 - 100} /dev/zero")
    assert len(got.out) == 2**16 - 100


def test_one_stream_may_be_ahead_of_the_other(opened):
    # The mark of the login passes at once, all after it a second later.
    late = "{ head -c 37 >&2; sleep 1; cat >&2; }"
    late = f"exec 3>&1; sh 2>&1 >&3 3>&- | {late}"
    many = {str(n): Question("head -c 60000 /dev/zero") for n in range(3)}
    got = opened("sh", "-c", late, size=2**16).ask(many)
    assert [len(answer.out) for answer in got.values()] == [60000] * 3


def test_many_large_answers_are_no_flood(opened):
    many = {str(n): Question("head -c 60000 /dev/zero") for n in range(50)}
    got = opened(size=2**16).ask(many)
    assert all(len(answer.out) == 60000 for answer in got.values())


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["no-such-program"], "'no-such-program' cannot be run here"),
        (["false"], "no shell: it printed nothing, exit status 1"),
        (["sh", "-c", "echo; echo dead >&2"], "no shell: dead"),
        (["sh", "-c", "sleep 615"], "no shell within 2 s"),
        (["sh", "-c", "exec yes"], "more than 1.0 MiB to the login"),
        (["sh", "-c", "exec >&- 2>&-; sleep 615"], "no shell: it printed"),
    ],
)
def test_no_shell(opened, argv, reason):
    shell = opened(*argv, connect=2)
    with pytest.raises(NodeLost) as caught:
        shell.open()
    assert reason in caught.value.reason
    assert shell.ask(questions("pwd"))["pwd"] is shell.lost
    assert alive("sleep 615") == []


BUSY = """
echo x >> "$0.log"
[ "$(wc -l < "$0.log")" -gt {} ] && exec sh
echo 'kex_exchange_identification: Connection closed by remote host' >&2
exit 255
"""


def test_a_busy_host_is_asked_once_more(opened, program):
    program("busy", BUSY.format(1))
    assert opened("busy").run("echo hi").out == "hi\n"


def test_but_not_again_and_again(opened, program):
    path = program("busy", BUSY.format(9))
    with pytest.raises(NodeLost, match="before the login") as caught:
        opened("busy").open()
    assert "MaxStartups" in caught.value.remedy
    assert path.with_name("busy.log").read_text() == "x\nx\n"


def test_killed_while_it_waits_to_try_again(opened, program, monkeypatch):
    program("busy", BUSY.format(1))
    # A minute instead of a second at most.
    monkeypatch.setattr(secrets, "randbelow", lambda below: 60 * below)
    shell = opened("busy")
    timer = threading.Timer(0.3, shell.kill)
    timer.start()
    begin = time.monotonic()
    with pytest.raises(NodeLost, match="stopped"):
        shell.open()
    assert time.monotonic() - begin < 20
    timer.join()


def test_told_to_go(opened):
    shell = opened()
    shell.finish()
    shell.open()
    shell.ask({"slow": Question("sleep 600", limit=0.1)})
    shell.finish()
    shell.close()
    assert shell.run("echo").status == 0


def test_what_it_left_behind_holds_nothing_up(opened):
    """The shell dies, and a child of it keeps the pipes open."""
    begin = time.monotonic()
    got = opened().ask(questions("sleep 616 & kill -9 $$", "echo"))
    assert "the connection ended" in got["echo"].reason
    assert time.monotonic() - begin < 3
    assert alive("sleep 616") == []


def test_it_can_be_killed_from_another_thread(opened):
    shell = opened()
    shell.open()
    timer = threading.Timer(0.2, shell.kill)
    timer.start()
    begin = time.monotonic()
    with pytest.raises(NodeLost, match="stopped"):
        shell.run("sleep 617")
    assert time.monotonic() - begin < 3
    timer.join()
    assert alive("sleep 617") == []


def test_killed_before_it_was_opened(opened):
    shell = opened()
    shell.kill()
    with pytest.raises(NodeLost, match="stopped"):
        shell.open()


def test_closed_twice_and_opened_again(opened):
    shell = opened()
    before = shell.run("echo $$").out
    assert shell.run("echo $$").out == before
    shell.close()
    shell.close()
    assert shell.run("echo $$").out != before


def test_no_file_stays_open(opened):
    def count():
        return len(os.listdir("/proc/self/fd"))

    before = count()
    for command in ("true", "sleep 618", "kill -9 $$"):
        shell = opened()
        shell.ask(questions(command, limit=0.2))
        shell.close()
    opened("false").ask(questions("true"))
    assert count() == before
