"""Checks of the destination host."""

import difflib

from osc_migrate.checks.check import Concern, NotChecked, Problem, Skip, check
from osc_migrate.checks.findings import Gap
from osc_migrate.cloud.hosts import Host
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.facts import or_none
from osc_migrate.text import duration, paste

# Seconds. Nova's report_interval defaults to 10; large clouds use up to 60.
HEARTBEATS_APART = 90
# Concurrent moves to a host; beyond that, one more is a risk.
MAX_CONCURRENT = 2
UNNAMED = Gap(
    "the destination, which the scheduler chooses",
    "to check a host, name it",
)


def requested_host(move: MoveFacts) -> str:
    return move.wanted or "(any host)"


def destination(move: MoveFacts) -> Host:
    """Return the destination, for checks that need one."""
    if move.wanted is None:
        raise NotChecked("no host was named: the scheduler chooses", UNNAMED)
    if move.destination is None:
        raise Skip("there is no such host")
    return move.destination


@check(requested_host)
def destination_exists(move: MoveFacts) -> str:
    """The destination is a compute host of this cloud."""
    if move.wanted is None:
        raise NotChecked("no host was named: the scheduler chooses", UNNAMED)
    if move.destination is not None:
        return move.destination.name
    # Show the closest names only: many hosts differ in a single digit.
    similar_names = difflib.get_close_matches(move.wanted, move.hosts, 3)
    raise Problem(
        f"no compute host is called '{move.wanted}'",
        f"did you mean {' or '.join(similar_names)}?"
        if similar_names
        else "see 'openstack compute service list --service nova-compute'",
    )


@check(requested_host)
def destination_is_elsewhere(move: MoveFacts) -> str:
    """The destination is another host than the server's own."""
    destination_host, source_host = (
        destination(move).name,
        or_none(lambda: move.server.host),
    )
    if source_host is None:
        raise Skip("the server's host is not known")
    if destination_host != source_host:
        return f"{source_host} -> {destination_host}"
    raise Problem("the server is there already", "name another host")


@check(requested_host)
def destination_is_not_forced_down(move: MoveFacts) -> str:
    """The destination's service is not forced down."""
    host = destination(move)
    if not host.forced_down:
        return "not forced down"
    raise Problem(
        "its nova-compute is forced down",
        "find out why (fencing, evacuation); then: openstack compute"
        f" service set --up {paste(host.name)} nova-compute",
    )


@check(requested_host)
def destination_is_up(move: MoveFacts) -> str:
    """The destination's nova-compute sends heartbeats."""
    host = destination(move)
    if host.state == "up":
        return "up"
    if host.forced_down:
        raise Skip("forced down, whatever its heartbeat")
    last_heartbeat = host.updated_at
    raise Problem(
        f"nova-compute is {host.state}, last heartbeat: "
        + (
            f"{last_heartbeat:%Y-%m-%d %H:%M:%S} UTC"
            if last_heartbeat
            else "never"
        ),
        f"on {host.name}: systemctl status nova-compute, and its log",
    )


@check(requested_host)
def destination_heartbeat_is_fresh(move: MoveFacts) -> str:
    """The destination's last heartbeat is as young as the source's.

    A host counts as up for [DEFAULT]service_down_time after its last
    heartbeat, which some clouds raise to many minutes. The controllers
    write both times, so that the clocks of the nodes do not matter.
    """
    host = destination(move)
    source = or_none(lambda: move.source)
    if host.state != "up" or source is None:
        raise Skip("not up, or nothing to compare it with")
    last, source_last = host.updated_at, source.updated_at
    if last is None or source_last is None:
        raise Skip("no heartbeat is shown")
    late = (source_last - last).total_seconds()
    if late <= HEARTBEATS_APART:
        return f"{last:%H:%M:%S} UTC"
    raise Concern(
        f"up, but its last heartbeat is {duration(late)} older than"
        f" {source.name}'s",
        f"on {host.name}: systemctl status nova-compute, and its log",
    )


@check(requested_host)
def destination_is_enabled(move: MoveFacts) -> str:
    """The destination takes new servers.

    Nova refuses a disabled host for live migration only after it has
    accepted the request (ComputeFilter).
    """
    host = destination(move)
    if host.status == "enabled":
        return "enabled"
    reason = f": {host.disabled_reason}" if host.disabled_reason else ""
    raise Problem(
        f"its nova-compute is {host.status}{reason}",
        "if that is over: openstack compute service set --enable"
        f" {paste(host.name)} nova-compute",
    )


@check(requested_host)
def destination_has_room(move: MoveFacts) -> str:
    """Placement has room for the server in the destination's tree."""
    host = destination(move)
    if host.name == or_none(lambda: move.server.host):
        raise Skip("the server is there already")
    room = move.room
    needed = ", ".join(f"{n} {name}" for name, n in room.asked.items())
    if room.fits:
        return needed
    free = room.free
    short = [
        f"{n} {name} needed, {free.get(name, 0)} free"
        for name, n in room.asked.items()
        if free.get(name, 0) < n
    ]
    raise Problem(
        "; ".join(short) or f"placement offers no candidate for {needed}",
        "choose another host, or move something away; see 'openstack"
        f" migrate describe-resource {paste(host.name)}'",
    )


@check(requested_host)
def destination_receives_few_servers(move: MoveFacts) -> str:
    """The destination does not receive many other servers right now.

    They share its network. Queued moves are normal: each source sends one at
    a time, unless nova.conf raises max_concurrent_live_migrations.
    """
    host = destination(move)
    running = [m for m in move.incoming if m.status.startswith("running")]
    waiting = len(move.incoming) - len(running)
    counts = f"{len(running)} under way, {waiting} waiting or ending"
    if len(running) <= MAX_CONCURRENT:
        return counts
    raise Concern(
        f"{counts}: this one would be slow",
        f"wait for them: openstack migrate watch --host {paste(host.name)}",
    )
