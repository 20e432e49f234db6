"""Checks for leftovers of an earlier move or of one in flight.

Each check prints the safe repair; none of them repairs anything.
"""

import datetime

from osc_migrate.checks.check import Concern, Problem, Skip, check
from osc_migrate.checks.server import MOVING, OFF, POWER, arg, server
from osc_migrate.cloud.migrations import Migration
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.facts import or_none
from osc_migrate.text import confirm_or_revert, paste

FORGOTTEN = datetime.timedelta(days=1)


@check(server)
def server_is_not_being_moved(move: MoveFacts) -> str:
    """The server is not being moved already.

    The task state of a move without an open record belongs to a move that
    died with its nova-compute; nothing in Nova will clear it.
    """
    if or_none(lambda: (move.server.task_state,)) is None:
        raise Skip("what Nova does with it is not known")
    task = move.server.task_state
    if task not in MOVING:
        return "no move"
    if move.under_way:
        record = move.under_way[0]
        raise Problem(
            f"migration {record.id} moves it now: {_route(record)}"
            f" ({record.status})",
            f"wait (openstack migrate watch {arg(move)}), or: openstack"
            f" migrate abort {arg(move)}"
            if record.type == "live-migration"
            else f"wait: openstack migrate watch {arg(move)}",
        )
    last = move.migrations[0] if move.migrations else None
    ended = (
        f"the last, {last.id} {_route(last)}, is {last.status}"
        if last
        else "it has none"
    )
    raise Problem(
        f"its task is {task}, but no migration of it is under way: {ended}",
        # Never reset the state blindly: Nova stops a guest that, by its
        # records, is on another host (_sync_power_states). A move that is
        # just starting or ending looks the same.
        "if it is still so in a minute: run 'virsh domstate' for its instance"
        " name on both hosts; only when"
        " the guest runs on one alone, and that is the host which Nova shows:"
        f" openstack server set --state active {arg(move)}",
    )


@check(server)
def guest_runs_after_the_move(move: MoveFacts) -> str:
    """The guest of a server that is awaiting confirmation runs.

    A guest that was off before the move stays off, and no API shows which
    case applies (nova/compute/manager.py, finish_resize).
    """
    power = move.server.power_state
    if power in POWER:
        return POWER[power]
    raise Concern(
        f"its guest is {OFF.get(power, f'in power state {power}')}: right if"
        " the server was stopped before the move",
        "if it was not: openstack migrate cold"
        f" {arg(move)} --revert, then look into nova-compute's log on"
        f" {or_none(lambda: move.server.host) or 'its host'}",
    )


def _route(record: Migration) -> str:
    source = or_none(lambda: record.source)
    destination = or_none(lambda: record.destination)
    return f"{source or '?'} -> {destination or '?'}"


@check(server)
def server_waits_for_no_confirmation(move: MoveFacts) -> str:
    """No resize or cold migration is awaiting confirmation.

    Until confirmed, the server has allocations on both hosts, and Nova
    refuses to move it (nova/compute/api.py: its vm_state is 'resized').
    """
    status = or_none(lambda: move.server.status)
    task = or_none(lambda: move.server.task_state)
    if status is None or task:
        raise Skip("not known, or Nova is busy with it")
    if status != "VERIFY_RESIZE":
        return "nothing to confirm"
    since = or_none(lambda: _waiting_since(move))
    duration = ""
    if since is not None:
        forgotten = move.now - since > FORGOTTEN
        duration = f", since {since:%Y-%m-%d %H:%M} UTC" + (
            ": forgotten?" if forgotten else ""
        )
    raise Problem(
        f"a resize or cold migration is awaiting confirmation{duration}",
        confirm_or_revert(
            arg(move), resized=bool(or_none(lambda: _resized(move)))
        ),
    )


def _finished(move: MoveFacts) -> Migration | None:
    """Return the migration to confirm; None if it has no record."""
    finished = (m for m in move.migrations if m.status == "finished")
    return next(finished, None)


def _waiting_since(move: MoveFacts) -> datetime.datetime | None:
    record = _finished(move)
    return record.updated_at if record else None


def _resized(move: MoveFacts) -> bool:
    record = _finished(move)
    return record is not None and record.type == "resize"


@check(server)
def server_has_no_open_record(move: MoveFacts) -> str:
    """All migration records of an idle server have ended.

    The open record of a dead move reserves resources on both hosts:
    nova-compute counts it (nova/compute/resource_tracker.py).
    """
    if or_none(lambda: move.server.task_state):
        raise Skip("Nova is busy with it")
    # Without records no move can be followed, whatever the checks report.
    open_ = or_none(lambda: move.under_way)
    if open_ is None:
        raise Skip("its migrations are not known")
    if not open_:
        return "all ended"
    raise Concern(
        f"migration {open_[0].id} is {open_[0].status}, {_route(open_[0])},"
        " although Nova does nothing with the server",
        f"it may have begun just now: openstack migrate watch {arg(move)}; if"
        " it stays so, see the logs of both nova-compute",
    )


def skip_while_moving(move: MoveFacts) -> None:
    """Skip a check for duplicates, which are normal while a move runs.

    :raises Skip: a move is in flight or awaiting confirmation.
    """
    if or_none(lambda: move.server.task_state):
        raise Skip("Nova is busy with it")
    if or_none(lambda: move.server.status) == "VERIFY_RESIZE":
        raise Skip("a resize or cold migration is awaiting confirmation")
    if move.under_way:
        raise Skip("a migration is under way")


@check(server)
def server_is_allocated_where_it_is(move: MoveFacts) -> str:
    """Placement counts the server on its own host, and on no other.

    Resources that are counted twice cause 'No valid host' although hosts
    have capacity. Nova moves the server all the same.
    """
    if or_none(lambda: move.room) is None:
        raise Skip("what placement holds is not known")
    holders, host = move.room.holders, or_none(lambda: move.server.host)
    other_hosts = sorted(set(holders) - {host})
    if not host or not other_hosts:
        return ", ".join(holders) or "on no compute host"
    skip_while_moving(move)
    raise Concern(
        f"the server is on {host}, but holds room on {', '.join(other_hosts)}",
        "on a controller, while nothing migrates: "
        + "; ".join(
            "nova-manage placement audit --verbose --resource_provider"
            f" {paste(holders[name])}"
            for name in other_hosts
        )
        + " (then with --delete)",
    )


@check(server)
def server_has_its_room_where_it_is(move: MoveFacts) -> str:
    """Placement counts the server on its own host."""
    if or_none(lambda: move.room) is None:
        raise Skip("what placement holds is not known")
    holders, host = move.room.holders, or_none(lambda: move.server.host)
    if not host:
        raise Skip("the server's host is not known")
    if host in holders:
        return host
    skip_while_moving(move)
    raise Concern(
        f"placement does not count the server on {host}: others may be given"
        " its room",
        f"on a controller: nova-manage placement heal_allocations --instance"
        f" {move.server.id}",
    )
