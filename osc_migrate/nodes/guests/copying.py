"""Whether a live migration will converge, and how long it takes."""

from osc_migrate.checks.check import Concern, NotChecked
from osc_migrate.checks.findings import Gap
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread, or_none
from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.guests.forecast import (
    CopyEnd,
    CopyLoad,
    CopySettings,
    Forecast,
    forecast,
    working_set,
)
from osc_migrate.nodes.guests.guest_move import GuestMove, of_guest
from osc_migrate.nodes.network.links import inbound_mtu
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.node_check import LIVE
from osc_migrate.text import duration, paste, size

_MIB = 2**20
_CONVERGENCE = Gap(
    "whether the copy converges", "'openstack migrate watch' shows it"
)
_OPTION = "live_migration_permit_"


@of_guest(LIVE)
def guest_writes_slower_than_it_is_copied(guest: GuestMove) -> str:
    """The guest writes its memory slower than it can be copied.

    QEMU measures how fast it writes; it is copied as fast as
    live_migration_bandwidth or the link lets it.
    """
    measured = or_none(lambda: guest.source.guests.writing) or {}
    writing = measured.get(guest.id)
    if writing is None:
        raise NotChecked(
            "no forecast: how fast the guest writes was not measured (not"
            " with --read-only, for many servers, or before libvirt 7.2)",
            _CONVERGENCE,
        )
    bandwidth, limited_by = _bandwidth(guest)
    settings = _settings(guest.source, bandwidth)
    load = CopyLoad(
        memory=writing.memory,
        used=writing.used,
        dirty=max(writing.rate, writing.longer),
        working_set=working_set(writing.rate, 3 * writing.longer),
        disk=_disk(guest),
    )
    outcome = forecast(settings, load)
    rates = (
        f"it writes {size(load.dirty)}/s, and {size(bandwidth)}/s are"
        f" copied ({limited_by})"
    )
    if outcome.end is CopyEnd.CONVERGES:
        amount = f"{size(writing.used)} of memory"
        if load.disk:
            amount += f" and up to {size(load.disk)} of disks"
        return (
            f"about {_time_text(outcome.seconds)} for {amount}, estimated"
            f" downtime {_downtime_text(outcome.pause)}: {rates}"
        )
    outlook, remedy = _alternative(guest, settings, outcome)
    raise Concern(f"{outlook}: {rates}", remedy)


def _time_text(seconds: float | None) -> str:
    if seconds is None:
        return "an unknown time"
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 1 else "1 s"
    return f"{duration(seconds)} min"


def _downtime_text(pause: float | None) -> str:
    return "less than 0.1 s" if not pause or pause < 0.1 else f"{pause:.1f} s"


def _alternative(
    guest: GuestMove, settings: CopySettings, outcome: Forecast
) -> tuple[str, str]:
    """Return what happens instead, and what to do about it."""
    server = paste(guest.move.server.name, guest.id)
    verb = "block" if guest.kind is Kind.BLOCK else "live"
    go = f"openstack migrate {verb} {server} {guest.destination.name}"
    by_force = (
        f"{go} --on-stall force, which switches to post-copy"
        if settings.post_copy
        else f"{go} --on-stall force, which pauses the guest meanwhile"
    )
    calm = "move it when it is less busy; or"
    late = _time_text(outcome.seconds)
    outlook = {
        CopyEnd.DOUBTFUL: "it may not converge",
        CopyEnd.THROTTLED: (
            f"converges by force: {_OPTION}auto_converge holds the guest up"
            " until it does"
        ),
        CopyEnd.POSTCOPY: (
            f"converges by force: {_OPTION}post_copy, after {late}"
            " (live_migration_timeout_action)"
        ),
        CopyEnd.PAUSED: (
            f"will not converge; after {late} Nova pauses the guest for"
            f" about {_time_text(outcome.pause)}"
            " (live_migration_timeout_action)"
        ),
        CopyEnd.ABORTED: f"will not converge; Nova gives up after {late}",
        CopyEnd.NEVER: "will not converge, and Nova sets no end",
    }[outcome.end]
    return outlook, f"{calm} {by_force}"


def _settings(node: NodeFacts, bandwidth: float) -> CopySettings:
    config = config_of(node)

    def number(name: str, default: int) -> int:
        return config.number("libvirt", f"live_migration_{name}", default)

    # Nova's minimum values (nova/conf/libvirt.py).
    return CopySettings(
        bandwidth=bandwidth,
        downtime=max(100, number("downtime", 500)) / 1000,
        steps=max(3, number("downtime_steps", 10)),
        delay=max(3, number("downtime_delay", 75)),
        timeout=max(0, number("completion_timeout", 800)),
        force=config.get("libvirt", "live_migration_timeout_action")
        == "force_complete",
        post_copy=config.flag("libvirt", f"{_OPTION}post_copy"),
        auto_converge=config.flag("libvirt", f"{_OPTION}auto_converge"),
    )


def _bandwidth(guest: GuestMove) -> tuple[float, str]:
    """Return bytes per second, and the source of that limit.

    :raises Skip: it is unknown.
    """
    key = "live_migration_bandwidth"
    limit = config_of(guest.source).number("libvirt", key, 0)
    limits: list[tuple[float, str]] = []
    if limit > 0:
        limits.append((limit * _MIB, key))
    for node in (guest.source, guest.destination):
        if speed := _speed(node):
            label = f"the link of {node.name} at best"
            limits.append((speed * 1_000_000 / 8, label))
    if not limits:
        raise NotChecked(
            f"no forecast: {key} is not set, and the speed of the link is not"
            " known",
            _CONVERGENCE,
        )
    return min(limits)


def _speed(node: NodeFacts) -> int | None:
    """Return the Mbit/s of the link for incoming migrations."""
    try:
        link = inbound_mtu(node)
        return node.network.speeds.get(link[0]) if link else None
    except Unread:
        return None


def _disk(guest: GuestMove) -> int:
    """Return the maximum bytes of local disks that a block move copies."""
    flavor = or_none(lambda: guest.move.server.flavor)
    if guest.kind is not Kind.BLOCK or flavor is None:
        return 0
    root = flavor.disk if guest.move.server.image_id else 0
    return (root + flavor.ephemeral) * 2**30 + flavor.swap * _MIB
