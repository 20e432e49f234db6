"""Checks of the server to be moved."""

from collections.abc import Callable

from osc_migrate.checks.check import Problem, Skip, check
from osc_migrate.cloud.migrations import Kind, Migration
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.facts import or_none
from osc_migrate.text import paste

LIVE = (Kind.LIVE, Kind.BLOCK)
COLD = (Kind.COLD,)

# Task states of a move, reported by server_is_not_being_moved.
MOVING = frozenset(
    {
        "migrating",
        "resize_prep",
        "resize_migrating",
        "resize_migrated",
        "resize_finish",
        "resize_confirming",
        "resize_reverting",
    }
)

# Nova's power states with a guest that can move (nova/compute/power_state.py).
POWER = {1: "running", 3: "paused"}
OFF = {4: "shut down", 6: "crashed", 7: "suspended"}

# Encoded like the hypervisor version in Nova's API.
QEMU_10 = 10_000_000

_ERROR = (
    "see 'openstack server event list {name}'; when its guest runs: openstack"
    " server set --state active {name}"
)


def server(move: MoveFacts) -> str:
    return move.server.name


def arg(move: MoveFacts) -> str:
    """Return the server's name, safe to paste into a command."""
    return paste(move.server.name, move.server.id)


@check(server, LIVE)
def server_is_running(move: MoveFacts) -> str:
    """The server runs, so that it can be moved while it runs.

    Nova accepts only ACTIVE and PAUSED (nova/compute/api.py, live_migrate).
    """
    status = _unexplained_status(move)
    if status in ("ACTIVE", "PAUSED"):
        return status
    name = arg(move)
    raise Problem(
        f"the server is {status}",
        {
            "SHUTOFF": f"openstack server migrate --host HOST {name}"
            " moves it as it is (cold)",
            "ERROR": _ERROR.format(name=name),
        }.get(status, "bring it to ACTIVE or PAUSED first"),
    )


@check(server, COLD)
def server_is_running_or_off(move: MoveFacts) -> str:
    """The server is running or shut off, so that it can be moved cold.

    Nova accepts only ACTIVE and SHUTOFF (nova/compute/api.py, resize). An
    active guest is shut down for the move.
    """
    status = _unexplained_status(move)
    if status in ("ACTIVE", "SHUTOFF"):
        return status
    name = arg(move)
    raise Problem(
        f"the server is {status}",
        {
            "PAUSED": f"openstack server unpause {name}, or move it live",
            "SUSPENDED": f"openstack server resume {name}",
            "RESCUE": f"openstack server unrescue {name}",
            "ERROR": _ERROR.format(name=name),
        }.get(status, "bring it to ACTIVE or SHUTOFF first"),
    )


def _unexplained_status(move: MoveFacts) -> str:
    """Return the status, unless another check covers it.

    :raises Skip: a task or an unconfirmed resize explains the status.
    """
    if or_none(lambda: move.server.task_state):
        raise Skip("Nova is busy with it")
    status = move.server.status
    if status == "VERIFY_RESIZE":
        raise Skip("a resize or cold migration is awaiting confirmation")
    return status


@check(server, LIVE)
def guest_is_on(move: MoveFacts) -> str:
    """The guest of a running server does run on its host.

    Nova refuses any other power state after it has accepted the request
    (nova/conductor/tasks/live_migrate.py, _check_instance_is_active).
    """
    if or_none(lambda: move.server.status) not in ("ACTIVE", "PAUSED"):
        raise Skip("the server is not running")
    power = move.server.power_state
    if power in POWER:
        return POWER[power]
    raise Problem(
        f"the server is {move.server.status}, but its guest is"
        f" {OFF.get(power, f'in power state {power}')}",
        f"openstack server stop {arg(move)}, then openstack server start"
        f" {arg(move)}, or move it cold",
    )


@check(server, LIVE)
def paused_guest_has_run_here(move: MoveFacts) -> str:
    """A paused guest has run since a live migration brought it here.

    If a guest arrives paused and moves again before it has run, QEMU before
    10.0 fails an assertion and the guest is lost: its disks were never
    activated (QEMU, migration/block-active.c; observed with 7.2).
    """
    if or_none(lambda: move.server.status) != "PAUSED":
        raise Skip("it is not paused")
    arrival = next(filter(_arrived(move.server.host), move.migrations), None)
    if arrival is None:
        return "no live migration brought it here"
    arrived_at = arrival.created_at
    if move.paused_at and arrived_at and move.paused_at > arrived_at:
        return "paused since it came"
    qemu = move.source.hypervisor if move.source else None
    if qemu and (qemu.type != "QEMU" or qemu.version >= QEMU_10):
        return "its QEMU can move it"
    raise Problem(
        f"migration {arrival.id} brought it here while it was paused: QEMU"
        " older than 10.0 dies when it moves on, and the guest is lost",
        f"let it run for a moment: openstack server unpause {arg(move)}; then"
        f" openstack server pause {arg(move)}, and move it",
    )


def _arrived(host: str | None) -> Callable[[Migration], bool]:
    return lambda record: (
        record.type == "live-migration"
        and record.status == "completed"
        and record.destination == host
    )


@check(server)
def server_is_idle(move: MoveFacts) -> str:
    """Nova is doing nothing else with the server.

    Any task state is refused with 409 (nova/compute/api.py).
    """
    task = move.server.task_state
    if task is None:
        return "no task"
    if task in MOVING:
        raise Skip("a move, which another check covers")
    raise Problem(
        f"Nova is busy with it: {task}",
        "wait until it is done: openstack server show -c"
        f" OS-EXT-STS:task_state {arg(move)}",
    )


@check(server)
def server_is_unlocked(move: MoveFacts) -> str:
    """The server is not locked.

    Nova lets an admin move a locked server, but its owner locked it for a
    reason.
    """
    if not move.server.locked:
        return "not locked"
    # The reason is optional: Nova shows it from 2.73 on.
    reason = or_none(lambda: move.server.locked_reason)
    raise Problem(
        "the server is locked" + (f": {reason}" if reason else ""),
        f"ask its owner; openstack server unlock {arg(move)}",
    )


@check(server)
def server_host_is_known(move: MoveFacts) -> str:
    """The server is on a host, which this user can distinguish from others.

    Otherwise it cannot be proven afterwards that the server moved. Admins
    see the host's name, others a hash of it (hostId), which changes with it.
    """
    host = or_none(lambda: move.server.host)
    if host is None and move.server.host_id:
        return "its name is hidden, its hostId is not"
    if move.server.host:
        return move.server.host
    raise Skip("the server is on no host")


def _source(move: MoveFacts) -> str:
    return or_none(lambda: move.server.host) or "(its host)"


@check(_source)
def source_is_up(move: MoveFacts) -> str:
    """The nova-compute of the server's own host sends heartbeats.

    It does most of the work. If it is down, Nova refuses a live migration
    after accepting the request (nova/conductor/tasks/live_migrate.py), and a
    cold one at once (nova/compute/api.py, check_instance_host).
    """
    name = or_none(lambda: move.server.host)
    if not name:
        raise Skip("the server's host is not known")
    if move.source is None:
        raise Problem(
            "Nova knows no nova-compute of that name",
            "see 'openstack compute service list --service nova-compute'",
        )
    if move.source.state == "up":
        return "up"
    raise Problem(
        f"its nova-compute is {move.source.state}",
        f"on {name}: systemctl status nova-compute, and its log; when the"
        " host is dead, evacuate instead of moving",
    )
