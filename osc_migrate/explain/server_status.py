"""Where a server and its hosts stand now, and what that asks for."""

from collections.abc import Iterable

from osc_migrate.cloud.history import History
from osc_migrate.cloud.hosts import Host
from osc_migrate.cloud.servers import Server
from osc_migrate.facts import Unread, known
from osc_migrate.text import listed, paste

# A person reads no more of them.
_MAX_SHOWN = 3


def name(server: Server) -> str:
    """The server as a word of a command."""
    return paste(known(lambda: server.name) or server.id, server.id)


def location(now: Server | None) -> str:
    """Where the server is, and in which state; empty where unknown."""
    try:
        return f"the server is {now.status} on {now.host}" if now else ""
    except Unread:
        return ""


def guest(now: Server | None, home: str | None) -> str:
    """Where its guest is after a move that failed, as a clause; empty where
    unknown.

    :param home: the host that it was to leave.
    """
    try:
        if now is None:
            return ""
        if now.power_state != 1:
            return f"it is {now.status} on {now.host}"
        still = "still " if now.host == home else ""
        doubt = ""
        if now.status != "ACTIVE":
            doubt = f", though Nova calls it {now.status}"
        return f"it is {still}running on {now.host}{doubt}"
    except Unread:
        return location(now)


def advice(history: History, kind: str) -> str:
    """What the server's state asks for after a move that failed.

    :param kind: as an :class:`Explanation` has it.
    """
    now, server = history.now, name(history.server)
    if now is None:
        return "see 'openstack server list --deleted --all-projects'"
    try:
        runs = kind == "live" and now.power_state in (1, 3)
        if now.status == "ERROR" and runs:
            # Nova 32.2 and later after any failure in the hypervisor phase:
            # rolled back, guest untouched, state wrong.
            return (
                "Nova left the server in ERROR although its guest runs on"
                f" {now.host}. To reset it where that is safe: openstack"
                f" migrate repair {server}; by hand, once seen there:"
                f" openstack server set --state active {server}"
            )
        if now.status == "ERROR":
            return (
                f"see whether the guest runs on {now.host}; then openstack"
                f" server set --state active {server}, or openstack server"
                f" reboot --hard {server}"
            )
    except Unread:
        pass
    return ""


def services(history: History, names: Iterable[str]) -> str:
    """Which of these hosts, or of all when there are none, is not well now.

    It may have been up at that time: a hint, not a reason.
    """
    hosts = known(lambda: history.hosts) or {}
    named = [hosts[n] for n in dict.fromkeys(names) if n in hosts]
    chosen = named or hosts.values()
    sick = [problem for host in chosen if (problem := ill(host))]
    return f"now {listed(sick, _MAX_SHOWN)}" if sick else ""


def ill(host: Host) -> str:
    """What is wrong with a compute host, in words; empty when nothing is."""
    if known(lambda: host.forced_down):
        return f"nova-compute on {host.name} is forced down"
    if (state := known(lambda: host.state)) not in ("up", None):
        return f"nova-compute on {host.name} is {state}"
    if known(lambda: host.status) == "disabled":
        reason = known(lambda: host.disabled_reason)
        return f"{host.name} is disabled" + (f" ({reason})" if reason else "")
    return ""
