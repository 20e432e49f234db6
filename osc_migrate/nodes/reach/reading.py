"""What to try from one node towards the others, and how it went.

Asked after everything else, all others in one go, so that N nodes cost N
sessions.
"""

import dataclasses
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from osc_migrate.facts import Unread, known
from osc_migrate.nodes.answers import Answers, Question
from osc_migrate.nodes.command_output import CommandOutput, fact
from osc_migrate.nodes.libvirt.facts import DATA_PORTS
from osc_migrate.nodes.network import routes
from osc_migrate.nodes.network.facts import is_address
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.reach import listener
from osc_migrate.nodes.reach.attempts import SCRIPT
from osc_migrate.nodes.reach.facts import Done, Outcome, Port, Reach

LOG = logging.getLogger(__name__)

# Nodes that are tried at once from one: more would measure its own load.
_TOGETHER = 24
# Seconds: longer than the slowest way through the script.
_LIMIT = 45.0


def listen(node: NodeFacts, others: int) -> dict[str, Question]:
    """Opens ports of the node's migration range for a while, for the
    others to connect to; ends by itself.

    :param others: how many there are: they take their time.
    """
    span = _span(node)
    if span is None:
        return {}
    return {"reach.listen": listener.listen(span, 120 + 10 * others)}


def _span(node: NodeFacts) -> tuple[int, int] | None:
    """The node's migration range; None where there is none to try."""
    try:
        low, high = node.libvirt.ports
    except (Unread, ValueError):
        return None
    return (low, high) if 0 < low <= high < 65536 else None


def silence(answers: Answers) -> dict[str, Question]:
    """Closes what :func:`listen` opened on the node, by its answers."""
    try:
        return {"reach.silence": listener.silence(answers)}
    except Unread:
        return {}


def questions(
    node: NodeFacts,
    peers: Sequence[NodeFacts],
    listening: Mapping[str, Answers],
) -> dict[str, Question]:
    """What to try from a node towards its peers.

    :param listening: of each peer, what :func:`listen` answered; empty when
        nothing on a node may be touched.
    """
    # Each begins with the one after itself: all at once would knock at the
    # same door, and sshd turns away more than ten (MaxStartups).
    after = [peer for peer in peers if peer.name > node.name]
    order = [*after, *(peer for peer in peers if peer.name < node.name)]
    found = {}
    for at in range(0, len(order), _TOGETHER):
        some = order[at : at + _TOGETHER]
        plans = [
            _safe_plan(node, peer, listening.get(peer.name, {}))
            for peer in some
        ]
        # The names tell for whom it was when there is no answer.
        name = "reach.to " + json.dumps([peer.name for peer in some])
        found[name] = Question(
            SCRIPT
            + "".join(f"try{' %s' * len(plan)} &\n" for plan in plans)
            + "wait\n",
            tuple(word for plan in plans for word in plan),
            _LIMIT,
        )
    return found


def _safe_plan(node: NodeFacts, peer: NodeFacts, heard: Answers) -> list[str]:
    """The same, where one of a pair has answered what is not understood:
    the others are still tried."""
    try:
        return _plan(node, peer, heard)
    except MemoryError:
        raise
    except Exception as error:
        LOG.debug("planning the way to %s", peer.name, exc_info=True)
        why = getattr(error, "reason", type(error).__name__)
        unread = {"unread": f"its answers cannot be read: {why}"}
        head = {"peer": peer.name, "listened": False} | dict.fromkeys(
            ("connect", "uri", "copy", "ports"), unread
        )
        return [json.dumps(head), "", "-", "-", "-", "-", "", "-", "0"]


def _plan(node: NodeFacts, peer: NodeFacts, heard: Answers) -> list[str]:
    """The arguments of 'try' in the script; '-' is for nothing.

    The first is returned as it is: what is known before.
    """
    hostname = known(lambda: peer.network.hostname) or peer.name
    primary = known(lambda: peer.network.primary) or ""
    span = _span(peer) or DATA_PORTS
    connect = fact(lambda: routes.connect(peer.config, peer.name))
    uri = fact(lambda: routes.uri(node.config, _sure(connect)))
    copy = fact(lambda: routes.copy_address(peer.config, hostname, primary))
    data_host = fact(lambda: _data_host(peer, hostname, _sure(connect)))
    listened = "reach.listen" in heard
    ports: tuple[int, ...] = span[:1]
    if listened:
        ports = fact(lambda: listener.opened(heard))
    head = {
        "peer": peer.name,
        "connect": _told(connect),
        "uri": _told(uri),
        "copy": _told(copy),
        "listened": listened,
        "ports": _told(ports),
        "range": span,
    }
    there = _or(uri, "")
    names = [peer.name, routes.libvirt_host(there), _or(data_host, "")]
    names += [_or(connect, ""), _or(copy, "")]
    wanted = [w for w in names if routes.is_safe(w) and not is_address(w)]
    return [
        json.dumps(head),
        " ".join(dict.fromkeys(wanted)),
        there or "-",
        routes.libvirt_host(there) or "-",
        str(routes.libvirt_port(there) or "-"),
        _or(data_host, "-"),
        " ".join(map(str, _or(ports, ()))) if _or(data_host, "") else "",
        _or(copy, "-"),
        str(_payload(node, _or(connect, ""))),
    ]


def _sure(found: Any) -> Any:
    if isinstance(found, Unread):
        raise Unread(found.reason)
    return found


def _or(found: Any, other: Any) -> Any:
    return other if isinstance(found, Unread) else found


def _told(found: Any) -> Any:
    return {"unread": found.reason} if isinstance(found, Unread) else found


def _data_host(peer: NodeFacts, hostname: str, connect: str) -> str:
    """Where QEMU's data go: without live_migration_inbound_addr to the name
    that libvirt there has for its host (virGetHostname)."""
    if peer.config.get("libvirt", "live_migration_inbound_addr"):
        return connect
    full = known(lambda: peer.network.canonical.get(hostname)) or hostname
    if "." in hostname or full.startswith("localhost"):
        full = hostname
    return routes.safe(full, "the name of the host")


def _payload(node: NodeFacts, connect: str) -> int:
    """Bytes after the headers in a ping as large as the source sends."""
    links = known(lambda: node.network.interfaces) or {}
    primary = known(lambda: node.network.primary) or ""
    own = known(lambda: node.network.addresses) or ()
    ways_out = [one for one in own if one.address == primary]
    if is_address(connect):
        ways_out += [one for one in own if one.reaches(connect)]
    found = [links[w.interface].mtu for w in ways_out if w.interface in links]
    return (found[-1] if found else 1500) - (48 if ":" in connect else 28)


def read(answers: Answers) -> dict[str, Reach]:
    """Name of a peer -> how it went, from answers named 'reach.*'."""
    found = {}
    for name in answers:
        if not name.startswith("reach.to "):
            continue
        try:
            out = CommandOutput(answers, "reach").out(
                name.removeprefix("reach.")
            )
        except Unread as unread:
            for peer in _peers(name):
                found[peer] = _nothing(unread)
            continue
        for head, lines in _blocks(out):
            there = head.get("peer")
            if isinstance(there, str):
                try:
                    found[there] = _reach(head, lines)
                except MemoryError:
                    raise
                except Exception as error:
                    LOG.debug("reading the way to a peer", exc_info=True)
                    found[there] = _nothing(
                        Unread(
                            "what was tried from the node cannot be read:"
                            f" {type(error).__name__}, see --debug"
                        )
                    )
    return found


def _nothing(unread: Unread) -> Reach:
    fields = [field.name for field in dataclasses.fields(Reach)]
    nothing: dict[str, Any] = dict.fromkeys(fields, unread)
    return Reach(**nothing)


def _peers(name: str) -> list[str]:
    """Those in the name of an answer, which may be from a file."""
    try:
        peers = json.loads(name.removeprefix("reach.to "))
    except (ValueError, RecursionError):
        return []
    if not isinstance(peers, list):
        return []
    return [peer for peer in peers if isinstance(peer, str)]


def _blocks(out: str) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """(head, lines) of each peer."""
    for block in ("\n" + out).split("\n#peer ")[1:]:
        first, *lines = block.split("\n")
        try:
            head = json.loads(first)
        except (ValueError, RecursionError):
            continue
        if isinstance(head, dict):
            yield head, lines


def _reach(head: dict[str, Any], lines: list[str]) -> Reach:
    rows: dict[str, list[str]] = {}
    for line in lines:
        key, _, rest = line.partition(" ")
        rows.setdefault(key, []).append(rest)
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
    )


def _text(head: dict[str, Any], key: str) -> str:
    found = head.get(key)
    if isinstance(found, dict) and "unread" in found:
        raise Unread(str(found["unread"]))
    if not isinstance(found, str):
        raise Unread(f"{key} was not told")
    return found


def _names(
    head: dict[str, Any], rows: dict[str, list[str]]
) -> dict[str, tuple[str, ...]]:
    found = {}
    if "unnamed" in rows:
        raise Unread("the node has no getent(1) to resolve names with")
    for row in rows.get("names", ()):
        name, *addresses = row.split() or [""]
        if not name:
            raise Unread("the node resolved a name that it does not say")
        found[name] = tuple(
            dict.fromkeys(a for a in addresses if is_address(a))
        )
    for key in ("connect", "copy"):
        word = head.get(key)
        if isinstance(word, str) and is_address(word):
            found[word] = (word,)
    return found


def _port(rows: dict[str, list[str]], key: str) -> list[Port]:
    found = []
    for row in rows.get(key, ()):
        host, _, rest = row.partition(" ")
        port, _, how = rest.partition(" ")
        if not port.isdecimal() or len(port) > 5:
            raise Unread(f"'{row[:80]}' is no outcome of a connection")
        if how not in list(Outcome):
            raise Unread(f"{host} port {port} could not be tried: {how[:200]}")
        found.append(Port(host, int(port), Outcome(how)))
    return sorted(found, key=lambda one: one.port)


def _libvirt(head: dict[str, Any], rows: dict[str, list[str]]) -> Port | None:
    uri = _text(head, "uri")
    if routes.libvirt_port(uri) is None:
        return None
    found = _port(rows, "port")
    if not found:
        raise Unread("libvirt's port was not tried")
    return found[0]


def _virsh(rows: dict[str, list[str]]) -> Done | None:
    return _done(rows, "virsh") if "virsh" in rows else None


def _data(
    head: dict[str, Any], rows: dict[str, list[str]]
) -> tuple[Port, ...]:
    asked = head.get("ports")
    if isinstance(asked, dict):
        raise Unread(f"no port could be opened there: {asked.get('unread')}")
    return tuple(_port(rows, "data"))


def _range(head: dict[str, Any]) -> tuple[int, int]:
    match head.get("range"):
        case [int(low), int(high)]:
            return low, high
    raise Unread("the range of ports was not told")


def _done(rows: dict[str, list[str]], key: str) -> Done:
    """A line of 'WORDS =STATUS'."""
    said, _, status = rows.get(key, [""])[0].strip().rpartition("=")
    if not status.isdecimal() or len(status) > 3:
        raise Unread(f"{key} was not tried")
    return Done(int(status), " ".join(said.split()))


def _nova_ssh(rows: dict[str, list[str]]) -> Done:
    if "doubt" in rows:
        raise Unread(rows["doubt"][0][:300])
    return _done(rows, "nova")


def _packet(rows: dict[str, list[str]]) -> tuple[int, bool] | None:
    words = " ".join(rows.get("ping", [""])).split()
    if len(words) != 2 or not words[0].isdecimal():
        raise Unread("no packet was sent")
    if words[1] not in ("full", "lost", "none"):
        raise Unread("the node's ping(8) cannot send packets of a fixed size")
    if words[1] == "none":
        return None
    return int(words[0][:6]), words[1] != "lost"
