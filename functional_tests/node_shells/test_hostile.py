"""Nodes that hang, flood, lie or refuse: each ends in time, in a clear
reason, and costs the other nodes of the same visit nothing."""

import pathlib
import time

import pytest

from functional_tests.node_shells.asked import EXPECTED, QUESTIONS
from osc_migrate.nodes.answers import Answer, Question
from osc_migrate.nodes.transport.sessions import Sessions
from osc_migrate.nodes.transport.shell import NodeLimits
from testbed.endpoints import PATH, make_key

# Where that long is waited for the login.
SHORT = NodeLimits(connect=5)


def test_it_never_answers(sshds, ask):
    lost = ask(sshds.deaf("deaf"), limits=SHORT, waits=5)
    assert lost.reason == "no shell within 5 s"
    assert lost.remedy


def test_ssh_itself_gives_up_connecting(sshds, ask):
    uri = sshds.deaf("deaf_longer") + "&timeout=1"
    lost = ask(uri)
    assert "timed out during banner exchange" in lost.reason
    assert "firewall" in lost.remedy


def test_nothing_listens(sshds, ask):
    lost = ask(sshds.nobody("nobody"))
    assert "Connection refused" in lost.reason


def test_its_name_is_unknown(ask):
    lost = ask("ssh://no-such-node.invalid", limits=NodeLimits(connect=10))
    assert "cannot be resolved" in lost.reason


def test_the_login_takes_a_minute(sshds, ask):
    uri = sshds.start("slow", "ForceCommand sleep 60")
    lost = ask(uri, limits=SHORT, waits=5)
    assert lost.reason == "no shell within 5 s"


def test_the_login_never_ends_to_speak(sshds, ask):
    lost = ask(sshds.start("talker", "ForceCommand yes"))
    assert lost.reason == "the node sent more than 1.0 MiB to the login"


def test_its_host_key_is_unknown(sshds, ask):
    lost = ask(sshds.start("stranger", known=False))
    assert lost.reason == "its host key is not in known_hosts"
    assert "fingerprint" in lost.remedy
    assert "stranger" not in sshds.known.read_text()


def test_its_host_key_has_changed(sshds, ask, tmp_path):
    make_key(tmp_path / "other")
    uri = sshds.start("changed", known=tmp_path / "other.pub")
    lost = ask(uri)
    assert "its host key is not the one in known_hosts" in lost.reason
    assert "ssh-keygen -R" in lost.remedy


def test_it_does_not_know_our_key(sshds, ask, tmp_path):
    uri = sshds.start("closed", f"AuthorizedKeysFile {tmp_path}/none")
    lost = ask(uri)
    assert "refuses the login" in lost.reason
    assert "Permission denied (publickey)" in lost.reason


def test_its_user_has_no_shell(sshds, ask):
    lost = ask(sshds.start("nologin", "ForceCommand /usr/sbin/nologin"))
    assert lost.reason == "the user has no shell there (nologin)"


def test_its_user_has_a_shell_that_fails(sshds, ask):
    lost = ask(sshds.start("false", "ForceCommand /bin/false"))
    assert lost.reason == "no shell: it printed nothing, exit status 1"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("sudo: a password is required", "sudo wants a password"),
        (
            "eve is not in the sudoers file.",
            "sudo does not allow this user to run a shell",
        ),
        (
            "Sorry, user eve is not allowed to execute '/bin/sh' as root.",
            "sudo does not allow this user to run a shell",
        ),
    ],
)
def test_sudo_refuses(sshds, ask, script, said, reason):
    sudo = script(f'echo "{said}" >&2; exit 1', "sudo")
    name = f"sudo{abs(hash(said))}"
    uri = sshds.start(name, f"SetEnv PATH={sudo.parent}:{PATH}")
    assert ask(uri, sudo=True).reason == reason


def test_its_last_words_are_no_text(sshds, ask, script):
    paint = script("printf x; printf '\\033[2J!' >&2")
    lost = ask(sshds.start("painter", f"ForceCommand {paint}"))
    assert lost.reason == "no shell: \\x1b[2J!"


def test_one_answer_takes_a_minute(sshds, ask):
    hang = {"hang": Question("sleep 60", limit=2)}
    got = ask(
        sshds.start("hung"), {"before": QUESTIONS["one"]} | hang | QUESTIONS
    )
    assert got["hang"].reason == "no answer within 2 s"
    del got["hang"]
    assert got == EXPECTED | {"before": EXPECTED["one"]}


def test_what_was_sent_does_not_run_on(sshds, ask, script, tmp_path):
    """A shell that outlives the connection does no more of what it has."""
    deaf = script(f"trap '' PIPE; echo $$ >> {tmp_path}/shells; exec sh")
    uri = sshds.start("deaf_shell", f"ForceCommand {deaf}")
    touch = Question("echo x >> %s", (str(tmp_path / "touched"),))
    got = ask(uri, {"hang": Question("sleep 3", limit=1), "touch": touch})
    assert got["touch"] == Answer(0, "")
    first = (tmp_path / "shells").read_text().split()[0]
    end = time.monotonic() + 120
    while pathlib.Path("/proc", first).exists():
        assert time.monotonic() < end
        time.sleep(0.1)
    assert (tmp_path / "touched").read_text() == "x\n"


def test_two_answers_take_a_minute(sshds, ask):
    hang = Question("sleep 60", limit=1)
    got = ask(
        sshds.start("hung_twice"),
        {"a": hang, "b": hang, "c": QUESTIONS["one"]},
    )
    assert got["a"].reason == got["b"].reason == "no answer within 1 s"
    assert "given up" in got["c"].reason


def test_it_may_not_take_longer_in_all(sshds, ask):
    slow = {"0": Question("echo")}
    slow |= {str(n): Question("sleep 4; echo") for n in range(1, 9)}
    limits = NodeLimits(node=20)
    got = ask(sshds.start("sluggish"), slow, limits)
    assert got["0"] == Answer(0, "\n")
    assert got["8"].reason == "it took more than 20 s in all"


def test_it_prints_a_gigabyte(sshds, ask):
    flood = {"flood": Question("head -c 1G /dev/zero")}
    got = ask(sshds.start("flood"), flood | QUESTIONS)
    flooded = got.pop("flood")
    assert flooded.reason == (
        "the node sent more than 1.0 MiB to 'head -c 1G /dev/zero'"
    )
    assert got == EXPECTED


def test_it_prints_a_gigabyte_of_errors(sshds, ask):
    flood = {"flood": Question("head -c 1G /dev/zero >&2")}
    got = ask(sshds.start("flood_err"), flood | QUESTIONS)
    assert "more than 1.0 MiB" in got["flood"].reason


def test_it_prints_what_is_no_text(sshds, ask):
    got = ask(
        sshds.start("binary"),
        {
            "b": Question("printf 'a\\000\\377\\033[2J'; printf '\\200' >&2"),
            "after": QUESTIONS["one"],
        },
    )
    assert got["b"] == Answer(
        0, "a\0\N{REPLACEMENT CHARACTER}\x1b[2J", "\ufffd"
    )
    assert got["after"] == EXPECTED["one"]


def test_the_connection_ends_in_the_middle(sshds, ask):
    # Not before its sshd has passed on what was said until then.
    end = Question("sleep 3; kill -9 $(ps -o ppid= -p $$)")
    got = ask(
        sshds.start("breaking"),
        {"before": QUESTIONS["one"], "end": end, "after": QUESTIONS["one"]},
    )
    assert got["before"] == EXPECTED["one"]
    for name in ("end", "after"):
        assert got[name].reason == (
            "the connection ended: "
            "Connection to 127.0.0.1 closed by remote host."
        )


def test_a_child_stays_behind(sshds, ask):
    got = ask(
        sshds.start("parent"),
        {"child": Question("sleep 60 & echo left")} | QUESTIONS,
    )
    assert got == {"child": Answer(0, "left\n")} | EXPECTED


def test_nothing_stays_here(sshds, good):
    """Hung, killed or well: no ssh of ours is left."""
    targets = {f"n{n}": good for n in range(5)}

    def work(shell):
        return shell.ask({"hang": Question("sleep 60", limit=0.3)})

    with Sessions(targets) as sessions:
        sessions.each(work)
        sessions.each(lambda shell: shell.run("true"))
        assert len(running(sshds)) == 5
    assert running(sshds) == []


def running(sshds):
    """Command lines of ssh that use our configuration."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0] == b"ssh" and str(sshds.config).encode() in words:
            found.append(words)
    return found
