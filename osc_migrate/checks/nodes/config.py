"""Checks of osc_migrate/model/node/config.py: what one node's nova.conf says.

The rules are those of Nova's help texts (nova/conf/libvirt.py, compute.py)
and of its libvirt driver.
"""

import ipaddress
import re

from osc_migrate.checks.check import Check, Concern, Problem, Skip
from osc_migrate.checks.nodes import options
from osc_migrate.checks.nodes.nova_conf import Set, config_of, mended
from osc_migrate.checks.nodes.scope import LIVE, of_node
from osc_migrate.model.facts import known
from osc_migrate.model.findings import Fix, Kind
from osc_migrate.model.node import NodeFacts
from osc_migrate.words import command

# Seconds that a file may be younger than the process that read it.
_SLACK = 2.0
# Of concurrent moves from one host; Nova's admin guide on concurrency calls
# more than one 'almost always a bad idea'.
_MANY = 10


@of_node()
def nova_conf_is_readable(node: NodeFacts) -> str:
    """nova.conf can be read."""
    return ", ".join(node.config.files)


@of_node()
def nova_conf_is_well_formed(node: NodeFacts) -> str:
    """nova-compute would start with its nova.conf.

    oslo.config refuses the whole file for one such line.
    """
    broken = config_of(node).broken
    if not broken:
        return "every line is a section, an option, or goes on"
    where, _, number = broken[0].rpartition(":")
    raise Problem(
        f"oslo.config refuses {', '.join(broken[:5])}: nova-compute will not"
        " start again",
        f"on {node.name}: see the line and mend it:"
        f" {command('sed', '-n', f'{number}p', where)}",
    )


@of_node()
def nova_compute_read_its_configuration(node: NodeFacts) -> str:
    """nova-compute was started after its nova.conf last changed."""
    config = config_of(node)
    if config.started is None or config.changed is None:
        raise Skip("nova-compute does not run here")
    late = config.changed - config.started
    if late <= _SLACK:
        return "it was started after the last change"
    detail = (
        f"nova.conf changed {late:.0f} seconds after nova-compute was"
        " started: what it does may not be what the file says"
    )
    if not config.unit:
        raise Concern(detail, f"on {node.name}: restart nova-compute")
    raise Concern(detail, "", Fix(node.name, (), (config.unit,)))


@of_node()
def consoles_listen_on_the_destination(node: NodeFacts) -> str:
    """Consoles of a guest that comes can listen here.

    The destination's server_listen and serial proxyclient_address replace
    the source's in the guest's XML (pre_live_migration and
    nova/virt/libvirt/migration.py); the one for graphics has to be an
    address (LibvirtLiveMigrateData), and QEMU must be able to bind it.
    """
    config = config_of(node)
    seen = []
    for section, option, on in (
        ("vnc", "server_listen", True),
        ("spice", "server_listen", False),
        ("serial_console", "proxyclient_address", False),
    ):
        if not config.flag(section, "enabled", on):
            continue
        said = config.get(section, option, "127.0.0.1").strip("[] ")
        seen.append(f"{section} on {said}")
        why = _unbindable(node, said, names=section == "serial_console")
        if why:
            raise mended(
                Problem,
                node,
                f"[{section}] {option} is {said}, {why}: a guest that comes"
                " here could not be started",
                Set(section, option, _instead(node, section)),
            )
    return ", ".join(seen) or "no console is enabled"


def _instead(node: NodeFacts, section: str) -> str:
    # The proxy connects to this one, so that it cannot be all addresses.
    return "$my_ip" if section == "serial_console" else "0.0.0.0"  # noqa: S104


def _unbindable(node: NodeFacts, said: str, *, names: bool) -> str:
    try:
        address = ipaddress.ip_address(said)
    except ValueError:
        return "" if names or not said else "which is no address"
    if address.is_unspecified or address.is_loopback:
        return ""
    own = known(lambda: node.system.addresses)
    if not own or str(address) in own:
        return ""
    return "which this node does not have"


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
    file = config.file_of(*key)
    where = () if config.unit == "" else (config.unit,)
    scheme = re.match(r"\w+\+(\w+)://", uri)
    lines = [command("line_drop", file, "^[ \t]*live_migration_uri[ \t]*[=:]")]
    if scheme:
        setting = Set("libvirt", "live_migration_scheme", scheme[1])
        lines.insert(0, command("ini_set", file, *setting))
    fix = Fix(node.name, tuple(lines), where)
    if uri.replace("%%", "").count("%") != 1 or uri.count("%s") != 1:
        raise Problem(
            f"live_migration_uri = {uri} does not hold '%s' once: Nova"
            " cannot put the destination in its place",
            "",
            fix,
        )
    raise Concern(
        f"live_migration_uri = {uri} is deprecated, and overrides"
        " live_migration_scheme",
        "",
        fix,
    )


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
        raise mended(
            Concern,
            node,
            "live_migration_completion_timeout = 0: a move that does not"
            " converge never ends by itself",
            Set("libvirt", "live_migration_completion_timeout", "800"),
        )
    if timeout < steps * delay:
        raise mended(
            Concern,
            node,
            f"live_migration_completion_timeout = {timeout} ends a move"
            " before the allowed downtime was raised to its most, after"
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
    raise mended(
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
    both = (
        "live_migration_permit_post_copy",
        "live_migration_permit_auto_converge",
    )
    set_ = [name for name in both if config.flag("libvirt", name)]
    if len(set_) < 2:
        return f"{set_[0]} alone" if set_ else "neither is permitted"
    raise mended(
        Concern,
        node,
        "post-copy and auto-converge are both permitted: Nova uses post-copy"
        " and ignores auto-converge",
        Set("libvirt", both[1], "false"),
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
        return f"{count} connection" + ("s" if count != 1 else "")
    raise mended(
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
    # Seconds that a GiB takes when the guest writes nothing.
    once = 1024 / rate
    fix = Set("libvirt", "live_migration_bandwidth", "0")
    detail = (
        f"live_migration_bandwidth = {rate} MiB/s takes {once:.0f} s for a"
        f" GiB, of {timeout} s until the move is given up"
    )
    if timeout and once >= timeout:
        raise mended(Problem, node, detail, fix)
    if timeout and once > timeout / 4:
        raise mended(
            Concern, node, f"{detail}: a busy guest will not make it", fix
        )
    return f"{rate} MiB/s"


@of_node(LIVE)
def moves_at_once_are_few(node: NodeFacts) -> str:
    """Few servers leave the node at once."""
    key = "max_concurrent_live_migrations"
    count = config_of(node).number("DEFAULT", key, 1)
    if 0 < count <= _MANY:
        return f"{count} at once"
    raise mended(
        Concern,
        node,
        f"{key} = {count}" + (", which is no limit" if not count else ""),
        Set("DEFAULT", key, "1"),
    )


@of_node()
def service_user_token_is_sent(node: NodeFacts) -> str:
    """A move that outlives its token can end (service-user-token.rst)."""
    config = config_of(node)
    if config.flag("service_user", "send_service_user_token"):
        return "send_service_user_token = true"
    detail = (
        "send_service_user_token is not true: a move longer than the life of"
        " the user's token fails at its end, and Cinder refuses to detach"
    )
    setting = Set("service_user", "send_service_user_token", "true")
    if config.get("service_user", "auth_type"):
        raise mended(Concern, node, detail, setting)
    raise Concern(
        detail,
        f"on {node.name}: give [service_user] in {config.file} the"
        " auth_type, auth_url, username, password, project_name,"
        " user_domain_name and project_domain_name of [keystone_authtoken],"
        f" and {setting.option} = true; restart nova-compute",
    )


@of_node((Kind.COLD,))
def disks_are_not_on_lvm(node: NodeFacts) -> str:
    """Disks are not on LVM, which cannot be moved cold.

    nova/virt/libvirt/driver.py, migrate_disk_and_power_off.
    """
    config = config_of(node)
    kind = config.get("libvirt", "images_type", "default")
    if kind != "lvm":
        return f"images_type = {kind}"
    raise Problem(
        "images_type = lvm: 'Migration is not supported for LVM backed"
        " instances', unless they boot from a volume",
        "move these servers live with --block, or use another images_type"
        f" in {config.file} of {node.name} once it has no servers",
    )


@of_node((Kind.BLOCK,))
def config_drives_can_be_copied(node: NodeFacts) -> str:
    """Config drives, if forced, are no read-only CD-ROMs.

    libvirt does not copy read-only devices (configuring-migrations.rst).
    """
    config = config_of(node)
    forced = config.flag("DEFAULT", "force_config_drive")
    shape = config.get("DEFAULT", "config_drive_format", "iso9660")
    if not forced or shape != "iso9660":
        return f"{shape}, " + ("forced" if forced else "where asked for")
    raise mended(
        Concern,
        node,
        "force_config_drive with config_drive_format = iso9660: a read-only"
        " CD-ROM is left out of a block migration, or stops it",
        Set("DEFAULT", "config_drive_format", "vfat"),
    )


# Which options each of them judges, (section, option): what it says is not
# said again of all nodes.
_JUDGED: tuple[tuple[Check, tuple[tuple[str, str], ...]], ...] = (
    (nova_conf_is_readable, ()),
    (nova_conf_is_well_formed, ()),
    (nova_compute_read_its_configuration, ()),
    (
        consoles_listen_on_the_destination,
        (
            ("vnc", "server_listen"),
            ("spice", "server_listen"),
            ("serial_console", "proxyclient_address"),
        ),
    ),
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
    (
        service_user_token_is_sent,
        (("service_user", "send_service_user_token"),),
    ),
    # Of cold moves only: others must still hear that it differs.
    (disks_are_not_on_lvm, ()),
    (
        config_drives_can_be_copied,
        (
            ("DEFAULT", "force_config_drive"),
            ("DEFAULT", "config_drive_format"),
        ),
    ),
)

NODE: tuple[Check, ...] = tuple(check for check, _ in _JUDGED)
STORAGE: tuple[Check, ...] = ()
PAIR: tuple[Check, ...] = ()
CLUSTER: tuple[Check, ...] = options.agreement(_JUDGED)
