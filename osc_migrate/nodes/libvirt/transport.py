"""How libvirt connects to other nodes for Nova, and fixes for its files."""

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
    # Port on which libvirt must listen; 0 if it need not.
    port: int
    # Whether the destination's certificate is verified.
    verify: bool = True
    # Whether the URI names a directory for the client's certificate and CA
    # (libvirt, uri.html: pkipath).
    own_client_files: bool = False


def transport(config: Config) -> Transport:
    """Return the transport in the URI that Nova uses.

    See nova/virt/libvirt/driver.py, _live_migration_uri.

    :raises Skip: the node does not run QEMU.
    """
    kind = config.get("libvirt", "virt_type", "kvm")
    if kind not in ("kvm", "qemu"):
        raise Skip(f"virt_type is {kind}")
    uri = config.get("libvirt", "live_migration_uri")
    if not uri:
        scheme = config.get("libvirt", "live_migration_scheme") or "tcp"
        return Transport(scheme, PORTS.get(scheme, 0))
    # Without a transport, libvirt uses TLS for other hosts.
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
    """Like transport(), for a fix, which needs one in any case."""
    try:
        return transport(config_of(node))
    except Skip:
        return Transport("", 0)


def inbound(node: NodeFacts) -> str:
    """Return the address or name that other nodes connect to.

    See live_migration_inbound_addr in nova/conf/libvirt.py.
    """
    config = config_of(node)
    return config.get("libvirt", "live_migration_inbound_addr") or config.get(
        "DEFAULT", "host", node.name
    )


def native_tls(config: Config) -> bool:
    """Return whether QEMU itself encrypts migrations."""
    return config.flag("libvirt", "live_migration_with_native_tls")


def verdict_with_fix(
    kind: type[Verdict],
    detail: str,
    node: NodeFacts,
    lines: Sequence[str],
    restart: tuple[str, ...] = (),
) -> Verdict:
    """Return a verdict about libvirt's files or units, with its fix.

    For a container, the fix is text: a script on the node cannot apply it.
    """
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
    """Return commands that start the daemons and their listeners."""
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
    """Return commands that enable sockets.

    systemd does not open a socket of a running service, and a connection
    meanwhile would start it: stop all, then start all.
    """
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
        # A later drop-in takes precedence over an existing one.
        place = f"/etc/systemd/system/{socket_name}.d"
        text = f"[Socket]\\nListenStream=\\nListenStream={port}\\n"
        lines += [
            command("mkdir", "-p", place),
            f"printf {command(text)} >{command(f'{place}/zz-migrate.conf')}",
            "systemctl daemon-reload",
        ]
    daemons = dict.fromkeys([service, f"{libvirt.daemon}.service"])
    own_sockets = dict.fromkeys([*names, f"{libvirt.daemon}.socket"])
    # Started and stopped together with the service.
    side_sockets = [f"{front}-ro.socket", f"{front}-admin.socket"]
    return [
        *lines,
        command("systemctl", "unmask", *daemons, *own_sockets, *side_sockets),
        command("systemctl", "stop", service, f"{front}*.socket"),
        f"{command('systemctl', 'reset-failed', f'{front}*')} || :",
        # Modular daemons only need their sockets.
        command("systemctl", "enable", *own_sockets),
        command("systemctl", "start", *own_sockets),
        command("systemctl", "start", *daemons),
    ]


def _is_any_address(stream: str, port: int) -> bool:
    """Return whether a ListenStream such as '[::]:16509' is any address."""
    return stream in (f"[::]:{port}", f"0.0.0.0:{port}", str(port))
