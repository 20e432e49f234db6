"""Checks of the server that is to move."""

from osc_migrate.checks.check import Problem, Skip, check
from osc_migrate.model.facts import MoveFacts, known
from osc_migrate.model.findings import Kind
from osc_migrate.words import paste

LIVE = (Kind.LIVE, Kind.BLOCK)


def server(move: MoveFacts) -> str:
    return move.server.name


def _arg(move: MoveFacts) -> str:
    """The server as a word of a command."""
    return paste(move.server.name, move.server.id)


@check(server, LIVE)
def server_is_running(move: MoveFacts) -> str:
    """The server runs, so that it can be moved while it runs.

    Nova takes ACTIVE and PAUSED alone (nova/compute/api.py, live_migrate).
    """
    status = move.server.status
    if status in ("ACTIVE", "PAUSED"):
        return status
    name = _arg(move)
    raise Problem(
        f"the server is {status}",
        {
            "SHUTOFF": f"openstack server migrate --host HOST {name}"
            " moves it as it is (cold)",
            "VERIFY_RESIZE": f"openstack server migration confirm {name},"
            " or revert",
            "ERROR": f"see 'openstack server event list {name}'; when its"
            f" guest runs: openstack server set --state active {name}",
        }.get(status, "bring it to ACTIVE or PAUSED first"),
    )


@check(server)
def server_is_idle(move: MoveFacts) -> str:
    """Nova is doing nothing else with the server.

    Any task state is refused with 409 (nova/compute/api.py).
    """
    task = move.server.task_state
    if task is None:
        return "no task"
    raise Problem(
        f"Nova is busy with it: {task}",
        "wait until it is done: openstack server show -c"
        f" OS-EXT-STS:task_state {_arg(move)}",
    )


@check(server)
def server_is_unlocked(move: MoveFacts) -> str:
    """The server is not locked.

    Nova lets an admin move a locked server; its owner locked it for a
    reason all the same.
    """
    if not move.server.locked:
        return "not locked"
    # Not shown below 2.73; that it is locked is what counts.
    reason = known(lambda: move.server.locked_reason)
    raise Problem(
        "the server is locked" + (f": {reason}" if reason else ""),
        f"ask its owner; openstack server unlock {_arg(move)}",
    )


@check(server)
def server_host_is_known(move: MoveFacts) -> str:
    """The server is on a host, which this user may see.

    Without it nobody could prove afterwards that the server moved.
    """
    if move.server.host:
        return move.server.host
    raise Skip("the server is on no host")
