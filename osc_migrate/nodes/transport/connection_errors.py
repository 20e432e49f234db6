"""Explains why a node could not be reached."""

import re

from osc_migrate.facts import Unread
from osc_migrate.text import printable

# Maximum length of untrusted text in messages.
_WIDEST = 200


class NodeLost(Unread):
    """A node that could not be reached, or was lost.

    :ivar remedy: what to do, as a sentence; empty if unknown.
    :ivar passing: whether a retry may succeed.
    """

    def __init__(
        self, reason: str, remedy: str = "", passing: bool = False
    ) -> None:
        super().__init__(reason)
        self.remedy = remedy
        self.passing = passing


_KNOWN_HOSTS = (
    "compare the fingerprint that '{name}' shows on its console "
    "(ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub) with the one that "
    "ssh shows here, "
)
# Often caused by too many parallel logins at a host on the way.
_EARLY = (
    r"(kex|ssh)_exchange_identification|banner exchange|"
    r"Connection (closed|reset) by .* port"
)
# Messages of ssh, sudo and others -> reason, remedy. The first match counts.
_CASES = tuple(
    (re.compile(pattern, re.IGNORECASE), reason, remedy)
    for pattern, reason, remedy in (
        (
            r"REMOTE HOST IDENTIFICATION HAS CHANGED",
            "its host key is not the one in known_hosts: it was "
            "reinstalled, or the connection is intercepted",
            _KNOWN_HOSTS + "and only then replace the old key (ssh-keygen -R)",
        ),
        (
            r"Host key verification failed|host key is known for",
            "its host key is not in known_hosts",
            _KNOWN_HOSTS + "then log in once by hand, or add what ssh-keyscan "
            "says to known_hosts",
        ),
        (
            r"sudo: .*(password|terminal|authentication) is required|"
            r"sudo: .*(no tty present|must have a tty)",
            "sudo wants a password",
            "allow NOPASSWD in sudoers for this user, or log in as root",
        ),
        (
            r"is not in the sudoers file|is not allowed to (execute|run)|"
            r"may not run sudo",
            "sudo does not allow this user to run a shell",
            "allow 'sh' in sudoers for this user, or log in as root",
        ),
        (
            r"sudo: (command )?not found|sudo: No such file|"
            r"exec: \"?sudo\"?: executable file not found",
            "sudo is not installed there",
            "install sudo, or log in as root without it",
        ),
        (
            r"This account is currently not available|nologin",
            "the user has no shell there (nologin)",
            "name a user who may log in",
        ),
        (
            r"Permission denied \(|Too many authentication failures|"
            r"No supported authentication methods",
            "it refuses the login: {line}",
            "check user, key and agent with 'ssh' by hand; passwords are "
            "never asked for",
        ),
        (
            r"Could not resolve hostname|Name or service not known",
            "its name cannot be resolved: {line}",
            "name its address in the inventory or in the ssh configuration",
        ),
        (
            r"Connection refused",
            "nothing listens there: {line}",
            "check that sshd runs, and the port",
        ),
        (
            r"timed out|No route to host|Network is unreachable",
            "it cannot be reached: {line}",
            "check its power, the address, and firewalls on the way",
        ),
        (
            _EARLY,
            "it ended the connection before the login: {line}",
            "check that sshd answers there, and its MaxStartups, that of a "
            "host on the way included",
        ),
        (
            r"Can't open user config file|Bad configuration option|"
            r"Bad owner or permissions|terminating, \d+ bad config",
            "ssh does not accept its configuration: {line}",
            "repair the file that ssh names",
        ),
        (
            r"No such container|no container with name|is not running",
            "no such container runs: {line}",
            "check its name with 'ps'",
        ),
        (
            r"Cannot connect to the Docker daemon|podman.*socket|docker\.sock",
            "the container engine does not answer: {line}",
            "start it, or check your rights on its socket",
        ),
        (
            r"executable file not found|exec: sh: not found",
            "it has no 'sh': {line}",
            "name a node with a POSIX shell",
        ),
    )
)


def unreachable(name: str, stderr: str, status: int | None) -> NodeLost:
    """Return why there is no shell on node `name`.

    :param stderr: the last output on both streams.
    :param status: exit status of the local process, None while it runs.
    """
    lines = _lines(stderr)
    for pattern, reason, remedy in _CASES:
        for line in lines:
            if pattern.search(line):
                return NodeLost(
                    reason.format(line=line),
                    remedy.format(name=name),
                    passing=pattern.pattern == _EARLY,
                )
    return NodeLost(f"no shell: {_last_line(lines, status)}")


def silent_node(name: str, stderr: str, limit: float) -> NodeLost:
    """Return the error for a timeout after `limit` seconds."""
    known = unreachable(name, stderr, None)
    if known.remedy:
        return known
    return NodeLost(
        f"no shell within {limit:g} s",
        "try 'ssh' by hand to see what is slow",
    )


def cut_off(stderr: str, status: int | None) -> NodeLost:
    """Return the error for a connection that ended unexpectedly."""
    return NodeLost(
        f"the connection ended: {_last_line(_lines(stderr), status)}"
    )


def no_program(program: str, error: OSError) -> NodeLost:
    """Return the error for a missing program on this machine."""
    return NodeLost(
        f"'{program}' cannot be run here: {error.strerror}",
        f"install {program} on this machine",
    )


def _lines(stderr: str) -> list[str]:
    lines = (line.strip() for line in stderr.splitlines())
    return [printable(line, _WIDEST) for line in lines if line]


def _last_line(lines: list[str], status: int | None) -> str:
    if lines:
        return lines[-1]
    if status is None:
        return "it said nothing"
    return f"it printed nothing, exit status {status}"
