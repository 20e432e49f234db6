"""Questions that try connections between nodes, and their parsing.

Asked after all others, for all other nodes at once, so that N nodes take N
sessions.
"""

import dataclasses
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from osc_migrate.facts import Unread, or_none
from osc_migrate.nodes.answers import Answers, Question
from osc_migrate.nodes.command_output import CommandOutput, fact
from osc_migrate.nodes.libvirt.facts import DATA_PORTS
from osc_migrate.nodes.network import routes
from osc_migrate.nodes.network.facts import is_address
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.reach import listener
from osc_migrate.nodes.reach.attempted import attempted
from osc_migrate.nodes.reach.attempts import SCRIPT
from osc_migrate.nodes.reach.facts import Reach

LOG = logging.getLogger(__name__)

# Nodes tried in parallel from one: more would measure its own load.
_BATCH_SIZE = 24
# Seconds: longer than the slowest path through the script.
_LIMIT = 45.0


def listen(node: NodeFacts, peer_count: int) -> dict[str, Question]:
    """Return a question that opens ports of the node's migration range.

    Other nodes connect to them; they are closed automatically.

    :param peer_count: number of other nodes: the more, the longer it takes.
    """
    span = _span(node)
    if span is None:
        return {}
    return {"reach.listen": listener.listen(span, 120 + 10 * peer_count)}


def _span(node: NodeFacts) -> tuple[int, int] | None:
    """Return the node's migration range; None if there is none to try."""
    try:
        low, high = node.libvirt.ports
    except (Unread, ValueError):
        return None
    return (low, high) if 0 < low <= high < 65536 else None


def silence(answers: Answers) -> dict[str, Question]:
    """Return a question that closes what :func:`listen` opened."""
    try:
        return {"reach.silence": listener.silence(answers)}
    except Unread:
        return {}


def questions(
    node: NodeFacts,
    peers: Sequence[NodeFacts],
    listening: Mapping[str, Answers],
) -> dict[str, Question]:
    """Return the questions that try connections to the peers of a node.

    :param listening: peer -> answers to :func:`listen`; empty if nothing may
        be changed on nodes.
    """
    # Each node starts with the one after itself: otherwise all would connect
    # to the same one, and sshd refuses more than ten (MaxStartups).
    after = [peer for peer in peers if peer.name > node.name]
    order = [*after, *(peer for peer in peers if peer.name < node.name)]
    questions_by_name = {}
    for start in range(0, len(order), _BATCH_SIZE):
        batch = order[start : start + _BATCH_SIZE]
        plans = [
            _safe_plan(node, peer, listening.get(peer.name, {}))
            for peer in batch
        ]
        # Without an answer, the names show which peers it was for.
        name = "reach.to " + json.dumps([peer.name for peer in batch])
        questions_by_name[name] = Question(
            SCRIPT
            + "".join(f"try{' %s' * len(plan)} &\n" for plan in plans)
            + "wait\n",
            tuple(word for plan in plans for word in plan),
            _LIMIT,
        )
    return questions_by_name


def _safe_plan(
    node: NodeFacts, peer: NodeFacts, listener_answers: Answers
) -> list[str]:
    """Like _plan; if the answers of a node cannot be read, the other peers
    are still tried."""
    try:
        return _plan(node, peer, listener_answers)
    except MemoryError:
        raise
    except Exception as error:
        LOG.debug("planning the way to %s", peer.name, exc_info=True)
        reason = getattr(error, "reason", type(error).__name__)
        unread = {"unread": f"its answers cannot be read: {reason}"}
        head = {"peer": peer.name, "listened": False} | dict.fromkeys(
            ("connect", "uri", "copy", "ports"), unread
        )
        return [json.dumps(head), "", "-", "-", "-", "-", "", "-", "0", "-"]


def _plan(
    node: NodeFacts, peer: NodeFacts, listener_answers: Answers
) -> list[str]:
    """Return the arguments of 'try' in the script; '-' means none.

    The first one is the head, which is returned unchanged.
    """
    hostname = or_none(lambda: peer.network.hostname) or peer.name
    primary = or_none(lambda: peer.network.primary) or ""
    span = _span(peer) or DATA_PORTS
    connect = fact(lambda: routes.connect(peer.config, peer.name))
    uri = fact(lambda: routes.uri(node.config, _require_read(connect)))
    copy = fact(lambda: routes.copy_address(peer.config, hostname, primary))
    data_host = fact(
        lambda: _data_host(peer, hostname, _require_read(connect))
    )
    listened = "reach.listen" in listener_answers
    ports: tuple[int, ...] = span[:1]
    if listened:
        ports = fact(lambda: listener.opened_ports(listener_answers))
    head = {
        "peer": peer.name,
        "connect": _or_reason(connect),
        "uri": _or_reason(uri),
        "copy": _or_reason(copy),
        "listened": listened,
        "ports": _or_reason(ports),
        "range": span,
    }
    libvirt_uri = _or_default(uri, "")
    names = [
        peer.name,
        routes.libvirt_host(libvirt_uri),
        _or_default(data_host, ""),
    ]
    names += [_or_default(connect, ""), _or_default(copy, "")]
    lookup_names = [
        w for w in names if routes.is_safe(w) and not is_address(w)
    ]
    return [
        json.dumps(head),
        " ".join(dict.fromkeys(lookup_names)),
        libvirt_uri or "-",
        routes.libvirt_host(libvirt_uri) or "-",
        str(routes.libvirt_port(libvirt_uri) or "-"),
        _or_default(data_host, "-"),
        " ".join(map(str, _or_default(ports, ())))
        if _or_default(data_host, "")
        else "",
        _or_default(copy, "-"),
        str(_payload(node, _or_default(connect, ""))),
        "-" if _surely_sftp(node, peer) else "sftp",
    ]


def _surely_sftp(node: NodeFacts, peer: NodeFacts) -> bool:
    """Return whether the peer's sshd offers sftp for certain.

    Nova in a container may log in to another sshd.
    """
    if or_none(lambda: node.config.contained):
        return False
    return bool(or_none(lambda: peer.network.ssh.takes_sftp))


def _require_read(value: Any) -> Any:
    if isinstance(value, Unread):
        raise Unread(value.reason)
    return value


def _or_default(value: Any, default: Any) -> Any:
    return default if isinstance(value, Unread) else value


def _or_reason(value: Any) -> Any:
    return {"unread": value.reason} if isinstance(value, Unread) else value


def _data_host(peer: NodeFacts, hostname: str, connect: str) -> str:
    """Return the address for QEMU's data.

    Without live_migration_inbound_addr, it is the host name according to
    libvirt there (virGetHostname).
    """
    if peer.config.get("libvirt", "live_migration_inbound_addr"):
        return connect
    full = or_none(lambda: peer.network.canonical.get(hostname)) or hostname
    if "." in hostname or full.startswith("localhost"):
        full = hostname
    return routes.checked_destination(full, "the name of the host")


def _payload(node: NodeFacts, connect: str) -> int:
    """Return the payload in bytes of a ping as large as the source's MTU."""
    links = or_none(lambda: node.network.interfaces) or {}
    primary = or_none(lambda: node.network.primary) or ""
    own_addresses = or_none(lambda: node.network.addresses) or ()
    ways_out = [entry for entry in own_addresses if entry.address == primary]
    if is_address(connect):
        ways_out += [
            entry for entry in own_addresses if entry.reaches(connect)
        ]
    mtus = [links[w.interface].mtu for w in ways_out if w.interface in links]
    return (mtus[-1] if mtus else 1500) - (48 if ":" in connect else 28)


def read(answers: Answers) -> dict[str, Reach]:
    """Return peer -> results, from answers named 'reach.*'."""
    reach_by_peer = {}
    for name in answers:
        if not name.startswith("reach.to "):
            continue
        try:
            out = CommandOutput(answers, "reach").out(
                name.removeprefix("reach.")
            )
        except Unread as unread:
            for peer in _peers(name):
                reach_by_peer[peer] = _all_unread(unread)
            continue
        for head, lines in _blocks(out):
            peer_name = head.get("peer")
            if isinstance(peer_name, str):
                try:
                    reach_by_peer[peer_name] = attempted(head, lines)
                except MemoryError:
                    raise
                except Exception as error:
                    LOG.debug("reading the way to a peer", exc_info=True)
                    reach_by_peer[peer_name] = _all_unread(
                        Unread(
                            "what was tried from the node cannot be read:"
                            f" {type(error).__name__}, see --debug"
                        )
                    )
    return reach_by_peer


def _all_unread(unread: Unread) -> Reach:
    fields = [field.name for field in dataclasses.fields(Reach)]
    unread_fields: dict[str, Any] = dict.fromkeys(fields, unread)
    return Reach(**unread_fields)


def _peers(name: str) -> list[str]:
    """Return the peers in the name of an answer, which may be untrusted."""
    try:
        peers = json.loads(name.removeprefix("reach.to "))
    except (ValueError, RecursionError):
        return []
    if not isinstance(peers, list):
        return []
    return [peer for peer in peers if isinstance(peer, str)]


def _blocks(out: str) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Yield (head, lines) of each peer."""
    for block in ("\n" + out).split("\n#peer ")[1:]:
        first, *lines = block.split("\n")
        try:
            head = json.loads(first)
        except (ValueError, RecursionError):
            continue
        if isinstance(head, dict):
            yield head, lines
