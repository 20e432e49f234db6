"""Checks of libvirt's daemons: they run, answer and listen for other nodes.

What counts is the listener, not the service: after a crash loop, libvirtd's
sockets stay failed although libvirtd and nova-compute look healthy.
"""

from osc_migrate.checks.check import Check, Concern, Problem, Skip
from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.libvirt import data_ports, qemu
from osc_migrate.nodes.libvirt.facts import Libvirt, Listener
from osc_migrate.nodes.libvirt.transport import (
    Transport,
    inbound,
    socket,
    sockets,
    start,
    transport,
    transport_for_fix,
    verdict_with_fix,
)
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.node_check import LIVE, of_node
from osc_migrate.text import command


@of_node()
def libvirt_runs(node: NodeFacts) -> str:
    """libvirt runs, or starts when it is spoken to."""
    libvirt = node.libvirt
    if not libvirt.daemon:
        package = "libvirt" if node.system.red_hat else "libvirt-daemon-system"
        raise Problem(
            "neither libvirtd nor virtqemud is installed, on the host or in"
            " a container",
            f"install {package}, with its driver of QEMU; or start the"
            " container that runs it",
        )
    if _clash(libvirt):
        raise Skip("reported by libvirt-flag-fits-its-sockets")
    if data_ports.runs(libvirt):
        return f"{libvirt.daemon} runs"
    if trouble := data_ports.refused(libvirt):
        raise Skip(f"reported by another check: {trouble}")
    detail = f"{libvirt.daemon} is not running"
    lines = start(node)
    if libvirt.unit(f"{libvirt.daemon}.service").active == "inactive":
        raise verdict_with_fix(Problem, detail, node, lines)
    reason = libvirt.last_words or "it does not say why"
    raise Problem(
        f"{detail}, it failed: {reason}",
        f"on {node.name}: journalctl -b -u {libvirt.daemon} -n 20 --no-pager;"
        f" fix what it reports, then {'; '.join(lines)}",
    )


@of_node()
def libvirt_flag_fits_its_sockets(node: NodeFacts) -> str:
    """libvirtd is not configured to listen while systemd listens for it.

    It ends at once with '--listen parameter not permitted with systemd
    activation sockets' (libvirtd(8)).
    """
    libvirt = node.libvirt
    if not libvirt.flag_next or libvirt.daemon != "libvirtd":
        return "not configured to listen"
    if not _clash(libvirt):
        return "--listen, and no sockets"
    detail = (
        f"{libvirt.flag_file} has --listen, and libvirtd.socket is active:"
        " libvirtd cannot start with both"
    )
    without = command(
        *("sed", "-i", "-E"),
        "/^[[:space:]]*LIBVIRTD_ARGS=/s/(--listen|-l)\\b//",
        libvirt.flag_file,
    )
    lines = [without, *sockets(libvirt, transport_for_fix(node))]
    raise verdict_with_fix(Problem, detail, node, lines)


def _clash(libvirt: Libvirt) -> bool:
    if libvirt.daemon != "libvirtd" or not libvirt.flag_next:
        return False
    unit = libvirt.unit("libvirtd.socket")
    # The service starts inactive sockets (Wants=).
    return unit.load == "loaded"


@of_node()
def libvirt_answers(node: NodeFacts) -> str:
    """libvirt answers on the node itself, as Nova asks it."""
    libvirt = node.libvirt
    if not data_ports.runs(libvirt):
        raise Skip("it is not running")
    if not libvirt.trouble:
        version = ".".join(map(str, libvirt.version))
        return f"libvirt {version}"
    if _clash(libvirt):
        raise Skip("reported by libvirt-flag-fits-its-sockets")
    if trouble := data_ports.refused(libvirt):
        raise Skip(f"reported by another check: {trouble}")
    daemon = libvirt.daemon
    raise Problem(
        f"{daemon} runs, but virsh gets no answer: {libvirt.trouble}",
        f"on {node.name}: journalctl -b -u {daemon} -n 20 --no-pager says"
        f" why; fix that, then systemctl restart {daemon}",
    )


@of_node()
def libvirt_starts_at_boot(node: NodeFacts) -> str:
    """libvirt starts with the node."""
    libvirt = node.libvirt
    if not libvirt.units or libvirt.contained or not libvirt.daemon:
        raise Skip("no unit of this node starts it")
    if not data_ports.runs(libvirt):
        raise Skip("it is not running")
    if _starts(libvirt):
        return "it does"
    unit = f"{libvirt.daemon}.service"
    target = transport_for_fix(node)
    needs_socket = libvirt.by_sockets and target.port
    names = [socket(libvirt, target)] if needs_socket else []
    raise verdict_with_fix(
        Concern,
        f"{unit} is not enabled: it will not start after a reboot",
        node,
        [command("systemctl", "enable", unit, *names)],
    )


def _starts(libvirt: Libvirt) -> bool:
    return any(
        unit.starts
        for name, unit in libvirt.units.items()
        # A socket for other hosts implies the local one (BindsTo).
        if name.startswith(libvirt.daemon)
    )


def _remote(node: NodeFacts) -> Transport:
    """Return the transport to listen for.

    :raises Skip: libvirt need not listen, or does not run.
    """
    target = transport(config_of(node))
    if not target.port:
        raise Skip(f"Nova reaches libvirt by {target.scheme}")
    if not data_ports.runs(node.libvirt):
        raise Skip("libvirt is not running")
    return target


def _listeners_on(libvirt: Libvirt, port: int) -> list[Listener]:
    return [
        listener for listener in libvirt.listeners if listener.port == port
    ]


@of_node(LIVE)
def libvirt_listens(node: NodeFacts) -> str:
    """libvirt listens where Nova on the other nodes connects to."""
    libvirt, target = node.libvirt, _remote(node)
    on_port = _listeners_on(libvirt, target.port)
    address = inbound(node)
    reachable = [
        listener.address for listener in on_port if listener.hears(address)
    ]
    plain = ", in plain text" if target.scheme == "tcp" else ""
    if reachable:
        return f"on {reachable[0]}, port {target.port}{plain}"
    if _clash(libvirt):
        raise Skip("reported by libvirt-flag-fits-its-sockets")
    expected = f"port {target.port} ({target.scheme}, as nova.conf says)"
    if on_port:
        bound = ", ".join(listener.address for listener in on_port)
        detail = f"{expected} is open on {bound} only, not on {address}"
    else:
        detail = f"nothing listens on {expected}, though {libvirt.daemon} runs"
    raise verdict_with_fix(
        Problem, detail, node, _listen_commands(node, target)
    )


@of_node(LIVE)
def libvirt_listens_after_boot(node: NodeFacts) -> str:
    """libvirt listens for the other nodes after a reboot, too."""
    libvirt, target = node.libvirt, _remote(node)
    if not libvirt.units or libvirt.contained:
        raise Skip("no unit of this node starts it")
    if not _listeners_on(libvirt, target.port):
        raise Skip("it does not listen now")
    if not _starts(libvirt):
        raise Skip("reported by libvirt-starts-at-boot")
    unit = socket(libvirt, target)
    if not libvirt.by_sockets:
        if libvirt.flag_next or not libvirt.flag:
            return "by libvirtd itself"
        raise verdict_with_fix(
            Concern,
            f"libvirtd was started with --listen, which {libvirt.flag_file}"
            " does not have",
            node,
            _flagged(libvirt),
        )
    if libvirt.unit(unit).starts:
        return f"{unit} is enabled"
    raise verdict_with_fix(
        Concern,
        f"{unit} is {libvirt.unit(unit).boot or 'not enabled'}: it will not"
        " start after a reboot",
        node,
        [command("systemctl", "enable", unit)],
    )


@of_node(LIVE)
def libvirt_lets_nova_in(node: NodeFacts) -> str:
    """libvirt asks the other nodes for no login that they do not have.

    libvirt on the source takes credentials from auth.conf (libvirt,
    auth.html). SASL is the default of auth_tcp (libvirtd.conf).
    """
    libvirt, target = node.libvirt, _remote(node)
    key = f"auth_{target.scheme}"
    default = "sasl" if target.scheme == "tcp" else "none"
    login = libvirt.remote.get(key, default)
    if login == "none":
        return f"{key} is none"
    if libvirt.credentials:
        return f"{key} is {login}, and there is an auth.conf"
    origin = "is" if key in libvirt.remote else "is by default"
    raise Problem(
        f"{key} {origin} '{login}', and there is no /etc/libvirt/auth.conf"
        " with credentials",
        f"on every node: 'saslpasswd2 -a libvirt nova', and its name and"
        f" password in /etc/libvirt/auth.conf; or TLS with certificates; or,"
        f' on a network of migrations only, {key} = "none" in'
        f" {libvirt.remote_file} and systemctl restart {libvirt.front}:"
        " anyone who can connect is root then",
    )


def _listen_commands(node: NodeFacts, target: Transport) -> list[str]:
    """Return the commands that make libvirt listen."""
    libvirt = node.libvirt
    if libvirt.by_sockets and not libvirt.contained:
        return sockets(libvirt, target)
    file, scheme = libvirt.remote_file, target.scheme
    lines = [command("conf_set", file, f"listen_{scheme}", 1)]
    if libvirt.remote.get("listen_addr"):
        any_address = '"::"' if ":" in inbound(node) else '"0.0.0.0"'
        lines.append(command("conf_set", file, "listen_addr", any_address))
    if f"{scheme}_port" in libvirt.remote:
        port = f'"{target.port}"'
        lines.append(command("conf_set", file, f"{scheme}_port", port))
    if not libvirt.contained:
        lines += _flagged(libvirt)
        lines.append("systemctl enable libvirtd.service")
        lines.append("systemctl restart libvirtd.service")
    return lines


def _flagged(libvirt: Libvirt) -> list[str]:
    if libvirt.flag_next:
        return []
    file = libvirt.flag_file
    return [
        command("line_drop", file, "^[[:space:]]*LIBVIRTD_ARGS="),
        command("line_add", file, 'LIBVIRTD_ARGS="--listen"'),
    ]


NODE: tuple[Check, ...] = (
    libvirt_runs,
    libvirt_flag_fits_its_sockets,
    libvirt_answers,
    libvirt_starts_at_boot,
    libvirt_listens,
    libvirt_listens_after_boot,
    libvirt_lets_nova_in,
    *data_ports.NODE,
)
STORAGE: tuple[Check, ...] = ()
PAIR: tuple[Check, ...] = qemu.PAIR
CLUSTER: tuple[Check, ...] = (*qemu.CLUSTER, *data_ports.CLUSTER)
