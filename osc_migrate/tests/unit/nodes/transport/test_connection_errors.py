import pytest

from osc_migrate.nodes.transport import connection_errors


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Host key verification failed.\r\n", "not in known_hosts"),
        (
            "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\n"
            "Offending ED25519 key in /x:1\nHost key verification failed.",
            "not the one in known_hosts",
        ),
        ("root@h: Permission denied (publickey).", "refuses the login"),
        ("Received disconnect: Too many authentication failures", "refuses"),
        ("ssh: connect to host h port 22: Connection refused", "listens"),
        ("ssh: connect to host h port 22: Connection timed out", "reached"),
        ("ssh: connect to host h port 22: No route to host", "reached"),
        ("Connection timed out during banner exchange", "cannot be reached"),
        (
            "ssh: Could not resolve hostname h: Name or service not known",
            "cannot be resolved",
        ),
        (
            "kex_exchange_identification: Connection closed by remote host",
            "before the login",
        ),
        ("/x: line 1: Bad configuration option: foo", "configuration"),
        ("sudo: a password is required", "sudo wants a password"),
        ("sudo: a terminal is required to read the password", "a password"),
        ("sudo: sorry, you must have a tty to run sudo", "a password"),
        ("bash: line 1: exec: sudo: not found", "sudo is not installed"),
        ("sh: 1: exec: sudo: not found", "sudo is not installed"),
        ('exec: "sudo": executable file not found in $PATH', "not installed"),
        ("eve is not in the sudoers file.", "sudo does not allow"),
        ("Sorry, user eve may not run sudo on h.", "sudo does not allow"),
        ("This account is currently not available.", "nologin"),
        ("Error response from daemon: No such container: x", "no such cont"),
        ('Error: no container with name or ID "x" found', "no such cont"),
        ("Cannot connect to the Docker daemon at unix:///x", "engine does"),
        ('exec: "sh": executable file not found in $PATH', "has no 'sh'"),
    ],
)
def test_known_words(said, reason):
    found = connection_errors.unreachable("HostB", f"Welcome!\n{said}\n", 255)
    assert reason in found.reason
    assert found.remedy
    assert "{" not in found.reason + found.remedy


def test_other_words_are_repeated_and_harmless():
    found = connection_errors.unreachable(
        "HostB", "hi\n\x1b]0;x\x07 oops \n\n", 255
    )
    assert found.reason == "no shell: \\x1b]0;x\\x07 oops"
    assert (
        len(connection_errors.unreachable("HostB", "x" * 9999, 255).reason)
        < 300
    )


def test_no_words():
    assert connection_errors.unreachable("HostB", "", 1).reason == (
        "no shell: it printed nothing, exit status 1"
    )
    assert connection_errors.cut_off("", None).reason == (
        "the connection ended: it said nothing"
    )


def test_a_slow_node_with_known_words():
    assert (
        "known_hosts"
        in connection_errors.silent_node(
            "B", "Host key verification failed", 1
        ).reason
    )
    assert connection_errors.silent_node("HostB", "Welcome", 2).reason == (
        "no shell within 2 s"
    )
