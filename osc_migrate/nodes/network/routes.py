"""The addresses that Nova connects to for a move to a node."""

import re

from osc_migrate.facts import Unread
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.libvirt.facts import PORTS
from osc_migrate.nodes.network.facts import is_address

# Excludes options of commands, and characters with a meaning in a URI.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}")
# Excludes parameters that start a program named in the URI:
# https://libvirt.org/uri.html
_URI = re.compile(
    r"(?:qemu|parallels)\+[a-z0-9]{1,10}://(?:[A-Za-z0-9_.-]{1,64}@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,253})"
    r"(?::(?P<port>[0-9]{1,5}))?/(?:system|session)"
    r"(?:\?(?:(?:no_verify|no_tty|no_sanity|keyfile|pkipath)"
    r"=[A-Za-z0-9_./-]{0,255}&?)*)?"
)


def is_safe(word: str) -> bool:
    """Return whether it is just a host name or an address."""
    return bool(_NAME.fullmatch(word)) or is_address(word)


def checked_destination(word: str, origin: str) -> str:
    """Return a host name or address.

    :raises Unread: the word is neither.
    """
    if is_safe(word):
        return word
    raise Unread(
        f"'{word[:80]}' ({origin}) is neither a host name nor an address"
    )


def connect(config: Config, name: str) -> str:
    """Return the address for a live migration to this node.

    live_migration_inbound_addr of the destination, or else its name in Nova
    (nova/virt/libvirt/driver.py, _live_migration_operation).
    """
    inbound = config.get("libvirt", "live_migration_inbound_addr")
    return checked_destination(inbound or name, "live_migration_inbound_addr")


def copy_option(config: Config) -> str:
    """Return the option with the address that files are copied to."""
    if config.get("libvirt", "migration_inbound_addr"):
        return "migration_inbound_addr"
    return "my_ip"


def copy_address(config: Config, hostname: str, primary: str) -> str:
    """Return the address that a cold migration copies files to by SSH.

    See nova/virt/libvirt/driver.py, get_host_ip_addr.

    :param primary: the node's primary address, the default of my_ip.
    :raises Unread: neither the option nor the address is usable.
    """
    inbound = config.get("libvirt", "migration_inbound_addr")
    if "%s" in inbound:
        inbound = inbound.replace("%s", hostname)
    address = inbound or config.get("DEFAULT", "my_ip") or primary
    return checked_destination(address, copy_option(config))


def uri(config: Config, dest: str) -> str:
    """Return the URI that Nova on a source builds for libvirt.

    See _live_migration_uri in driver.py.

    :raises Unread: it has parts that are not known to be harmless.
    """
    virt_type = config.get("libvirt", "virt_type") or "kvm"
    host = f"[{dest}]" if ":" in dest else dest
    scheme = config.get("libvirt", "live_migration_scheme") or "tcp"
    driver = "parallels" if virt_type == "parallels" else "qemu"
    built = f"{driver}+{scheme}://{host}/system"
    if configured_uri := config.get("libvirt", "live_migration_uri"):
        built = configured_uri.replace("%s", host)
    if not _URI.fullmatch(built):
        raise Unread(
            f"the URI of live migrations, '{built[:120]}', is not tried: it"
            " has parts that this program does not know"
        )
    return built


def transport(built: str) -> str:
    """Return the transport of such a URI: 'tcp', 'tls', 'ssh' ..."""
    return built.partition("://")[0].partition("+")[2]


def libvirt_host(built: str) -> str:
    """Return the host in such a URI."""
    match = _URI.fullmatch(built)
    return match["host"].strip("[]") if match else ""


def libvirt_port(built: str) -> int | None:
    """Return libvirt's port in such a URI; None with ssh."""
    match = _URI.fullmatch(built)
    if match and match["port"] and transport(built) in PORTS:
        return int(match["port"])
    return PORTS.get(transport(built))
