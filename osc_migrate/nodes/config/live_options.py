"""Checks of the options for live migration in nova.conf.

The rules are those of Nova's help texts (nova/conf/libvirt.py, compute.py)
and of its libvirt driver.
"""

import re
from collections.abc import Sequence

from osc_migrate.checks.check import Check, Concern, Problem, Skip
from osc_migrate.checks.findings import Fix
from osc_migrate.nodes.config.nova_conf import (
    Set,
    change,
    config_of,
    in_container,
    with_fix,
)
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.node_check import LIVE, of_node
from osc_migrate.text import command, some

# Checks, and the (section, option) pairs judged by each.
Judged = Sequence[tuple[Check, Sequence[tuple[str, str]]]]

_URI_LINE = "^[[:space:]]*live_migration_uri[[:space:]]*[=:]"
# Maximum of concurrent moves from a host. Nova's admin guide calls more than
# one 'almost always a bad idea'.
_MAX_CONCURRENT = 10


@of_node(LIVE)
def live_migration_uri_is_not_set(node: NodeFacts) -> str:
    """Nova makes the URI of a destination itself.

    nova/virt/libvirt/driver.py, _live_migration_uri: `uri % dest`.
    """
    config = config_of(node)
    key = "libvirt", "live_migration_uri"
    uri = config.get(*key)
    if not uri:
        return "live_migration_uri is not set"
    fixes, instructions = _without_uri(node, uri)
    if uri.replace("%%", "").count("%") != 1 or uri.count("%s") != 1:
        raise Problem(
            f"live_migration_uri = {uri} does not contain '%s' exactly once:"
            " Nova"
            " cannot put the destination in its place",
            instructions,
            *fixes,
        )
    if parts := _parts_to_keep(uri):
        raise Skip(
            f"live_migration_uri = {uri} has {parts}, which no other option"
            " can set, so it is kept"
        )
    raise Concern(
        f"live_migration_uri = {uri} is deprecated, and overrides"
        " live_migration_scheme",
        instructions,
        *fixes,
    )


def _parts_to_keep(uri: str) -> str:
    """Return the parts of a URI that Nova's generated one would lack, or ''.

    Nova builds it from live_migration_scheme and the destination.
    """
    _, _, remainder = uri.partition("://")
    place, _, path = remainder.partition("/")
    parts = {
        "a user": "@" in place,
        "a port": ":" in place.rpartition("]")[2],
        "parameters": "?" in path,
    }
    return ", ".join(name for name, is_there in parts.items() if is_there)


def _without_uri(node: NodeFacts, uri: str) -> tuple[tuple[Fix, ...], str]:
    """Return fixes that remove the URI and keep its scheme."""
    scheme = re.match(r"[a-z]{1,20}\+([a-z]{1,20})://", uri)
    setting = Set(
        "libvirt", "live_migration_scheme", scheme[1] if scheme else "tcp"
    )
    fixes = change(node, setting)
    if not fixes:
        return (
            (),
            f"drop live_migration_uri, and {in_container(node, [setting])}",
        )
    file = node.config.file_of("libvirt", "live_migration_uri")
    drop = command("line_drop", file, _URI_LINE)
    return (Fix(node.name, (*fixes[0].lines, drop), fixes[0].restart),), ""


@of_node(LIVE)
def live_migration_timeout_is_sane(node: NodeFacts) -> str:
    """A move that does not converge ends, and not too early.

    All are seconds for each GiB of memory and disk.
    """
    config = config_of(node)
    timeout = config.number(
        "libvirt", "live_migration_completion_timeout", 800
    )
    steps = config.number("libvirt", "live_migration_downtime_steps", 10)
    delay = config.number("libvirt", "live_migration_downtime_delay", 75)
    if timeout <= 0:
        raise with_fix(
            Concern,
            node,
            "live_migration_completion_timeout = 0: a move that does not"
            " converge never ends by itself",
            Set("libvirt", "live_migration_completion_timeout", "800"),
        )
    if timeout < steps * delay:
        raise with_fix(
            Concern,
            node,
            f"live_migration_completion_timeout = {timeout} ends a move"
            " before the permitted downtime reaches its maximum, after"
            f" {steps} steps of {delay} seconds",
            Set(
                "libvirt",
                "live_migration_completion_timeout",
                str(max(800, steps * delay)),
            ),
        )
    return f"{timeout} s a GiB, downtime raised in {steps * delay} s"


@of_node(LIVE)
def live_migration_timeout_spares_the_guest(node: NodeFacts) -> str:
    """A move that takes too long does not pause the guest."""
    config = config_of(node)
    action = config.get("libvirt", "live_migration_timeout_action", "abort")
    if action != "force_complete":
        return f"{action} at the end of the time"
    if config.flag("libvirt", "live_migration_permit_post_copy"):
        return "switched to post-copy at the end of the time"
    raise with_fix(
        Concern,
        node,
        "live_migration_timeout_action = force_complete without post-copy:"
        " at the end of the time the guest is paused until all is copied",
        Set("libvirt", "live_migration_permit_post_copy", "true"),
    )


@of_node(LIVE)
def post_copy_or_auto_converge(node: NodeFacts) -> str:
    """Not both post-copy and auto-converge are permitted.

    Nova leaves auto-converge away then (_update_migration_flags).
    """
    config = config_of(node)
    options = (
        "live_migration_permit_post_copy",
        "live_migration_permit_auto_converge",
    )
    set_ = [name for name in options if config.flag("libvirt", name)]
    if len(set_) < 2:
        return f"{set_[0]} alone" if set_ else "neither is permitted"
    raise with_fix(
        Concern,
        node,
        "post-copy and auto-converge are both permitted: Nova uses post-copy"
        " and ignores auto-converge",
        Set("libvirt", options[1], "false"),
    )


@of_node(LIVE)
def one_connection_with_post_copy(node: NodeFacts) -> str:
    """Post-copy goes over one connection, or QEMU is new enough for more.

    Below QEMU 10.1 the guest ends SHUTOFF (nova/conf/libvirt.py).
    """
    config = config_of(node)
    key = "live_migration_parallel_connections"
    count = config.number("libvirt", key, 1)
    if count < 2 or not config.flag(
        "libvirt", "live_migration_permit_post_copy"
    ):
        return some(count, "connection")
    raise with_fix(
        Concern,
        node,
        f"{key} = {count} with post-copy: with a QEMU before 10.1 a guest"
        " that switches to post-copy ends in SHUTOFF",
        Set("libvirt", key, "1"),
    )


@of_node(LIVE)
def bandwidth_is_enough(node: NodeFacts) -> str:
    """live_migration_bandwidth lets a move end in its time."""
    config = config_of(node)
    rate = config.number("libvirt", "live_migration_bandwidth", 0)
    if rate <= 0:
        return "not limited"
    timeout = config.number(
        "libvirt", "live_migration_completion_timeout", 800
    )
    # Seconds to copy a GiB if the guest writes nothing.
    once = 1024 / rate
    fix = Set("libvirt", "live_migration_bandwidth", "0")
    detail = (
        f"live_migration_bandwidth = {rate} MiB/s takes {once:.0f} s for a"
        f" GiB, of {timeout} s until the move is given up"
    )
    if timeout and once >= timeout:
        raise with_fix(Problem, node, detail, fix)
    if timeout and once > timeout / 4:
        raise with_fix(
            Concern, node, f"{detail}: too little for a busy guest", fix
        )
    return f"{rate} MiB/s"


@of_node(LIVE)
def moves_at_once_are_few(node: NodeFacts) -> str:
    """Few servers leave the node at once."""
    key = "max_concurrent_live_migrations"
    count = config_of(node).number("DEFAULT", key, 1)
    if 0 < count <= _MAX_CONCURRENT:
        return f"{count} at once"
    raise with_fix(
        Concern,
        node,
        f"{key} = {count}" + (", which means no limit" if not count else ""),
        Set("DEFAULT", key, "1"),
    )


JUDGED: Judged = (
    (
        live_migration_uri_is_not_set,
        (
            ("libvirt", "live_migration_uri"),
            ("libvirt", "live_migration_scheme"),
        ),
    ),
    (
        live_migration_timeout_is_sane,
        (
            ("libvirt", "live_migration_completion_timeout"),
            ("libvirt", "live_migration_downtime_steps"),
            ("libvirt", "live_migration_downtime_delay"),
        ),
    ),
    (
        live_migration_timeout_spares_the_guest,
        (
            ("libvirt", "live_migration_timeout_action"),
            ("libvirt", "live_migration_permit_post_copy"),
        ),
    ),
    (
        post_copy_or_auto_converge,
        (
            ("libvirt", "live_migration_permit_post_copy"),
            ("libvirt", "live_migration_permit_auto_converge"),
        ),
    ),
    (
        one_connection_with_post_copy,
        (("libvirt", "live_migration_parallel_connections"),),
    ),
    (bandwidth_is_enough, (("libvirt", "live_migration_bandwidth"),)),
    (moves_at_once_are_few, (("DEFAULT", "max_concurrent_live_migrations"),)),
)
