"""Checks of the nova.conf of one node.

The rules are those of Nova's help texts (nova/conf/libvirt.py, compute.py)
and of its libvirt driver.
"""

import ipaddress

from osc_migrate.checks.check import (
    Check,
    Concern,
    Problem,
    Skip,
    Verdict,
)
from osc_migrate.checks.findings import Fix
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread
from osc_migrate.nodes.config import live_options, options
from osc_migrate.nodes.config.nova_conf import Set, config_of, with_fix
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.node_check import of_node
from osc_migrate.text import command, listed

# Seconds by which a file may be newer than the process that read it.
_SLACK = 2.0


@of_node()
def nova_conf_is_readable(node: NodeFacts) -> str:
    """nova.conf can be read."""
    try:
        return ", ".join(node.config.files)
    except Unread as unread:
        # UNKNOWN, like any unread fact, with a remedy.
        raise Verdict(
            unread.reason,
            f"on {node.name}: see where nova-compute's nova.conf is (ps -ef |"
            " grep nova-compute), and read it as root",
        ) from None


@of_node()
def nova_conf_is_well_formed(node: NodeFacts) -> str:
    """nova-compute would start with its nova.conf.

    oslo.config refuses the whole file for one such line.
    """
    broken = config_of(node).broken
    if not broken:
        return "every line is a section, an option, or a continuation"
    where, _, number = broken[0].rpartition(":")
    raise Problem(
        f"oslo.config refuses {listed(broken)}: nova-compute will not"
        " start again",
        f"on {node.name}: see the line and fix it:"
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
    listeners = []
    for section, option, on in (
        ("vnc", "server_listen", True),
        ("spice", "server_listen", False),
        ("serial_console", "proxyclient_address", False),
    ):
        if not config.flag(section, "enabled", on):
            continue
        address = config.get(section, option, "127.0.0.1").strip("[] ")
        listeners.append(f"{section} on {address}")
        problem = _unbindable(node, address, names=section == "serial_console")
        if problem:
            raise with_fix(
                Problem,
                node,
                f"[{section}] {option} is {address}, {problem}: a guest that"
                " arrives here cannot be started",
                Set(section, option, _newer_option(node, section)),
            )
    return ", ".join(listeners) or "no console is enabled"


def _newer_option(node: NodeFacts, section: str) -> str:
    # The proxy connects to this one, so it cannot be a wildcard.
    return "$my_ip" if section == "serial_console" else "0.0.0.0"  # noqa: S104


def _unbindable(node: NodeFacts, value: str, *, names: bool) -> str:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return "" if names or not value else "which is not an address"
    if address.is_unspecified or address.is_loopback:
        return ""
    if str(address) in node.system.addresses:
        return ""
    return "which this node does not have"


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
        raise with_fix(Concern, node, detail, setting)
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
    """Config drives, if forced, are not read-only CD-ROMs.

    libvirt does not copy read-only devices (configuring-migrations.rst).
    """
    config = config_of(node)
    forced = config.flag("DEFAULT", "force_config_drive")
    shape = config.get("DEFAULT", "config_drive_format", "iso9660")
    if not forced or shape != "iso9660":
        return f"{shape}, " + ("forced" if forced else "where asked for")
    raise with_fix(
        Concern,
        node,
        "force_config_drive with config_drive_format = iso9660: a read-only"
        " CD-ROM is left out of a block migration, or stops it",
        Set("DEFAULT", "config_drive_format", "vfat"),
    )


# Options judged by each check: the check of all nodes does not report them
# again.
_JUDGED: live_options.Judged = (
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
    *live_options.JUDGED,
    (
        service_user_token_is_sent,
        (("service_user", "send_service_user_token"),),
    ),
    # Only about cold moves: for others, a difference must still be reported.
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
