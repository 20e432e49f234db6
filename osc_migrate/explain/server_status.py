"""The current state of a server and its hosts, and the advice for it."""

from collections.abc import Iterable

from osc_migrate.cloud.history import History
from osc_migrate.cloud.hosts import Host
from osc_migrate.cloud.servers import Server
from osc_migrate.facts import Unread, or_none
from osc_migrate.text import listed, paste

# Problems to print; more are not readable.
_MAX_SHOWN = 3


def name(server: Server) -> str:
    """Return the server's name, safe to paste into a command."""
    return paste(or_none(lambda: server.name) or server.id, server.id)


def location(now: Server | None) -> str:
    """Return the server's status and host as text; empty if unknown."""
    try:
        return f"the server is {now.status} on {now.host}" if now else ""
    except Unread:
        return ""


def guest(now: Server | None, home: str | None) -> str:
    """Return the guest's location after a failed move, as a clause; empty if
    unknown.

    :param home: source host of the move.
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
    """Return what to do about the server's state after a failed move.

    :param kind: as in :class:`Explanation`.
    """
    now, server = history.now, name(history.server)
    if now is None:
        return "see 'openstack server list --deleted --all-projects'"
    try:
        runs = kind == "live" and now.power_state in (1, 3)
        if now.status == "ERROR" and runs:
            # Nova 32.2 and later, after any failure in the hypervisor phase:
            # rolled back, guest not affected, only the status is wrong.
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
    """Return problems of these hosts, or of all hosts if none match.

    This is the current state, not that during the move: a hint, no proof.
    """
    hosts = or_none(lambda: history.hosts) or {}
    named = [hosts[n] for n in dict.fromkeys(names) if n in hosts]
    chosen = named or hosts.values()
    sick = [problem for host in chosen if (problem := host_problem(host))]
    return f"now {listed(sick, _MAX_SHOWN)}" if sick else ""


def host_problem(host: Host) -> str:
    """Return the problem of a compute host as text; empty if there is none."""
    if or_none(lambda: host.forced_down):
        return f"nova-compute on {host.name} is forced down"
    if (state := or_none(lambda: host.state)) not in ("up", None):
        return f"nova-compute on {host.name} is {state}"
    if or_none(lambda: host.status) == "disabled":
        reason = or_none(lambda: host.disabled_reason)
        return f"{host.name} is disabled" + (f" ({reason})" if reason else "")
    return ""
