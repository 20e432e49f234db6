"""How Nova lets one libvirt talk to the other, and how its files are fixed."""

import dataclasses
from collections.abc import Sequence

from osc_migrate.checks.check import Skip, Verdict
from osc_migrate.checks.findings import Fix
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.libvirt.facts import PORTS, Libvirt
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.text import command


@dataclasses.dataclass(frozen=True)
class Transport:
    # tcp, tls, ssh ...
    scheme: str
    # Where libvirt must listen; 0 where it need not.
    port: int
    # The destination's certificate is looked at.
    verify: bool = True
    # The client's certificate and CA are in a directory of the URI
    # (libvirt, uri.html: pkipath).
    own_client_files: bool = False


def transport(config: Config) -> Transport:
    """What stands in the URI that Nova makes (nova/virt/libvirt/driver.py,
    _live_migration_uri).

    :raises Skip: the node runs no QEMU.
    """
    kind = config.get("libvirt", "virt_type", "kvm")
    if kind not in ("kvm", "qemu"):
        raise Skip(f"virt_type is {kind}")
    uri = config.get("libvirt", "live_migration_uri")
    if not uri:
        scheme = config.get("libvirt", "live_migration_scheme") or "tcp"
        return Transport(scheme, PORTS.get(scheme, 0))
    # Without a transport, libvirt takes TLS for another host.
    before, _, remainder = uri.partition("://")
    scheme = before.partition("+")[2] or "tls"
    place, _, query = remainder.partition("/")
    digits = place.rpartition(":")[2]
    port = PORTS.get(scheme, 0)
    if port and digits.isdecimal():
        port = int(digits[:5])
    return Transport(
        scheme, port, "no_verify=1" not in query, "pkipath=" in query
    )


def transport_for_fix(node: NodeFacts) -> Transport:
    """The same for a fix, which needs a transport whatever nova.conf sets."""
    try:
        return transport(config_of(node))
    except Skip:
        return Transport("", 0)


def inbound(node: NodeFacts) -> str:
    """The address or name that others connect to (nova/conf/libvirt.py,
    live_migration_inbound_addr)."""
    config = config_of(node)
    return config.get("libvirt", "live_migration_inbound_addr") or config.get(
        "DEFAULT", "host", node.name
    )


def native_tls(config: Config) -> bool:
    """QEMU itself encrypts what it sends."""
    return config.flag("libvirt", "live_migration_with_native_tls")


def verdict_with_fix(
    kind: type[Verdict],
    detail: str,
    node: NodeFacts,
    lines: Sequence[str],
    restart: tuple[str, ...] = (),
) -> Verdict:
    """A verdict on libvirt's files or units, with its fix: a text where
    they belong to a container, which a script on the node cannot fix."""
    if not node.libvirt.contained:
        return kind(detail, "", Fix(node.name, tuple(lines), restart))
    return kind(
        detail,
        f"where the container that runs {node.libvirt.daemon} on {node.name}"
        f" is configured: {'; '.join(lines)}; then restart the container",
    )


def socket(libvirt: Libvirt, target: Transport) -> str:
    return f"{libvirt.front}-{target.scheme}.socket"


def start(node: NodeFacts) -> list[str]:
    """Starts the daemons, and what listens for them."""
    libvirt = node.libvirt
    if libvirt.by_sockets:
        return sockets(libvirt, transport_for_fix(node))
    daemon = f"{libvirt.daemon}.service"
    return [
        command("systemctl", "unmask", daemon),
        f"{command('systemctl', 'reset-failed', daemon)} || :",
        command("systemctl", "enable", "--now", daemon),
    ]


def sockets(libvirt: Libvirt, target: Transport) -> list[str]:
    """systemd opens no socket of a service that runs already, and a
    connection to one in between starts it: all stop, then all start."""
    front, port = libvirt.front, target.port
    service = f"{front}.service"
    names = [f"{front}.socket"]
    for scheme in ("tcp", "tls"):
        name = f"{front}-{scheme}.socket"
        unit = libvirt.unit(name)
        if (port and scheme == target.scheme) or unit.starts:
            names.append(name)
    lines = []
    socket_name = socket(libvirt, target)
    listen = libvirt.unit(socket_name).listen
    if (
        port
        and listen
        and not any(_is_any_address(stream, port) for stream in listen)
    ):
        # A later drop-in wins over the one that bound it elsewhere.
        place = f"/etc/systemd/system/{socket_name}.d"
        text = f"[Socket]\\nListenStream=\\nListenStream={port}\\n"
        lines += [
            command("mkdir", "-p", place),
            f"printf {command(text)} >{command(f'{place}/zz-migrate.conf')}",
            "systemctl daemon-reload",
        ]
    daemons = dict.fromkeys([service, f"{libvirt.daemon}.service"])
    own_sockets = dict.fromkeys([*names, f"{libvirt.daemon}.socket"])
    # The service takes them along.
    side_sockets = [f"{front}-ro.socket", f"{front}-admin.socket"]
    return [
        *lines,
        command("systemctl", "unmask", *daemons, *own_sockets, *side_sockets),
        command("systemctl", "stop", service, f"{front}*.socket"),
        f"{command('systemctl', 'reset-failed', f'{front}*')} || :",
        # The modular daemons need only their sockets.
        command("systemctl", "enable", *own_sockets),
        command("systemctl", "start", *own_sockets),
        command("systemctl", "start", *daemons),
    ]


def _is_any_address(stream: str, port: int) -> bool:
    """ListenStream as systemd shows it: '[::]:16509' is any address."""
    return stream in (f"[::]:{port}", f"0.0.0.0:{port}", str(port))
