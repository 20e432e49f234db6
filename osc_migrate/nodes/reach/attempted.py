"""Parses the results of connection attempts."""

from typing import Any

from osc_migrate.facts import Unread
from osc_migrate.nodes.command_output import fact
from osc_migrate.nodes.network import routes
from osc_migrate.nodes.network.facts import is_address
from osc_migrate.nodes.reach.facts import (
    CommandResult,
    ConnectOutcome,
    Reach,
    TriedPort,
)


def attempted(head: dict[str, Any], lines: list[str]) -> Reach:
    rows: dict[str, list[str]] = {}
    for line in lines:
        key, _, value = line.partition(" ")
        rows.setdefault(key, []).append(value)
    return Reach(
        connect=fact(_text, head, "connect"),
        uri=fact(_text, head, "uri"),
        copy=fact(_text, head, "copy"),
        names=fact(_names, head, rows),
        libvirt=fact(_libvirt, head, rows),
        virsh=fact(_virsh, rows),
        data=fact(_data, head, rows),
        data_range=fact(_range, head),
        listened=head.get("listened") is True,
        nova_ssh=fact(_nova_ssh, rows),
        packet=fact(_packet, rows),
        sftp=fact(_sftp, rows),
        login=fact(_login, rows),
        openssh=" ".join(rows.get("openssh", [""])[0].split())[:60],
    )


def _text(head: dict[str, Any], key: str) -> str:
    value = head.get(key)
    if isinstance(value, dict) and "unread" in value:
        raise Unread(str(value["unread"]))
    if not isinstance(value, str):
        raise Unread(f"{key} was not reported")
    return value


def _names(
    head: dict[str, Any], rows: dict[str, list[str]]
) -> dict[str, tuple[str, ...]]:
    addresses_by_name = {}
    if "unnamed" in rows:
        raise Unread("the node has no getent(1) to resolve names with")
    for row in rows.get("names", ()):
        name, *addresses = row.split() or [""]
        if not name:
            raise Unread("the node resolved a name that it does not say")
        addresses_by_name[name] = tuple(
            dict.fromkeys(a for a in addresses if is_address(a))
        )
    for key in ("connect", "copy"):
        word = head.get(key)
        if isinstance(word, str) and is_address(word):
            addresses_by_name[word] = (word,)
    return addresses_by_name


def _ports(rows: dict[str, list[str]], key: str) -> list[TriedPort]:
    ports = []
    for row in rows.get(key, ()):
        host, _, remainder = row.partition(" ")
        port, _, outcome = remainder.partition(" ")
        if not port.isdecimal() or len(port) > 5:
            raise Unread(f"'{row[:80]}' is not the result of a connection")
        if outcome not in list(ConnectOutcome):
            raise Unread(
                f"{host} port {port} could not be tried: {outcome[:200]}"
            )
        ports.append(TriedPort(host, int(port), ConnectOutcome(outcome)))
    return sorted(ports, key=lambda attempt: attempt.port)


def _libvirt(
    head: dict[str, Any], rows: dict[str, list[str]]
) -> TriedPort | None:
    uri = _text(head, "uri")
    if routes.libvirt_port(uri) is None:
        return None
    ports = _ports(rows, "port")
    if not ports:
        raise Unread("libvirt's port was not tried")
    return ports[0]


def _virsh(rows: dict[str, list[str]]) -> CommandResult | None:
    return _command_result(rows, "virsh") if "virsh" in rows else None


def _data(
    head: dict[str, Any], rows: dict[str, list[str]]
) -> tuple[TriedPort, ...]:
    ports = head.get("ports")
    if isinstance(ports, dict):
        raise Unread(f"no port could be opened there: {ports.get('unread')}")
    return tuple(_ports(rows, "data"))


def _range(head: dict[str, Any]) -> tuple[int, int]:
    match head.get("range"):
        case [int(low), int(high)]:
            return low, high
    raise Unread("the range of ports was not reported")


def _command_result(rows: dict[str, list[str]], key: str) -> CommandResult:
    """Parse a line of 'WORDS =STATUS'."""
    output, _, status = rows.get(key, [""])[0].strip().rpartition("=")
    if not status.isdecimal() or len(status) > 3:
        raise Unread(f"{key} was not tried")
    return CommandResult(int(status), " ".join(output.split()))


def _nova_ssh(rows: dict[str, list[str]]) -> CommandResult:
    if "doubt" in rows:
        raise Unread(rows["doubt"][0][:300])
    return _command_result(rows, "nova")


def _sftp(rows: dict[str, list[str]]) -> CommandResult | None:
    return _command_result(rows, "sftp") if "sftp" in rows else None


def _login(rows: dict[str, list[str]]) -> str:
    match rows.get("login", [""])[0].split():
        case [user, "22"]:
            return user
        case [user, port]:
            return f"{user}, port {port}"
    return ""


def _packet(rows: dict[str, list[str]]) -> tuple[int, bool] | None:
    fields = " ".join(rows.get("ping", [""])).split()
    if len(fields) != 2 or not fields[0].isdecimal():
        raise Unread("no packet was sent")
    if fields[1] not in ("full", "lost", "none"):
        raise Unread("the node's ping(8) cannot send packets of a fixed size")
    if fields[1] == "none":
        return None
    return int(fields[0][:6]), fields[1] != "lost"
