"""Read the logs of the nodes that took part in moves."""

import contextlib
import dataclasses
import datetime
import re
import typing
from collections.abc import Callable, Mapping, Sequence

from osc_migrate import errors
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.history import Attempt
from osc_migrate.cloud.hosts import Hypervisor
from osc_migrate.cloud.migrations import ENDED
from osc_migrate.explain import steps
from osc_migrate.explain.joiner import FAILED
from osc_migrate.explain.node_logs import qemu_log, questions
from osc_migrate.explain.node_logs.lines import (
    QEMU,
    LineFilter,
    Logs,
    NodeLog,
)
from osc_migrate.explain.node_logs.parsing import read
from osc_migrate.facts import Unread, or_none
from osc_migrate.nodes.answers import Answer, Question
from osc_migrate.nodes.transport.connection_errors import NodeLost

if typing.TYPE_CHECKING:
    from osc_migrate.nodes.collect import NodeSession, SessionPool

# Connects to nodes, given name -> address; None if the API shows none.
Reach = Callable[
    [Mapping[str, str | None]],
    contextlib.AbstractContextManager["SessionPool"],
]

_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# Margins: clocks differ, and Nova still logs after it has set the status.
_BEFORE = datetime.timedelta(minutes=1)
_AFTER = datetime.timedelta(minutes=2)
_CONTROL = ("nova-conductor", "nova-scheduler")
# Nodes to read per move: the conductor may have tried many hosts.
_HOSTS = 6


@dataclasses.dataclass(frozen=True)
class _Visit:
    """What to read for one move: which lines of which services."""

    line_filter: LineFilter
    # Pairs of node and service, or of node and QEMU.
    logs: tuple[tuple[str, str], ...]


def logs_of(
    cloud: Cloud,
    server: str,
    attempts: Sequence[Attempt],
    reach: Reach,
    control: Sequence[str] = (),
) -> list[Logs | None]:
    """Return the nodes' logs per attempt; None if nothing failed.

    All nodes are read concurrently, each in one session.

    :param server: ID of the server.
    :param control: nodes that run nova-conductor or nova-scheduler.
    """
    visits = [_visit(server, attempt, control) for attempt in attempts]
    hosts = list(dict.fromkeys(h for v in visits if v for h, _ in v.logs))

    def work(shell: "NodeSession") -> Mapping[str, Answer | Unread]:
        return shell.ask(
            {
                f"{number} {service}": _question(visit.line_filter, service)
                for number, visit in enumerate(visits)
                if visit
                for host, service in visit.logs
                if host == shell.name
            }
        )

    answers_by_host: Mapping[str, Mapping[str, Answer | Unread] | Unread] = {}
    if hosts:
        with reach(_addresses(cloud, hosts)) as sessions:
            answers_by_host = sessions.each(work)
    return [
        _logs(number, visit, answers_by_host) if visit else None
        for number, visit in enumerate(visits)
    ]


def _question(line_filter: LineFilter, service: str) -> Question:
    if service == QEMU:
        return qemu_log.question(line_filter)
    return questions.question(line_filter, service)


def _addresses(cloud: Cloud, hosts: Sequence[str]) -> dict[str, str | None]:
    hypervisors: Mapping[str, Hypervisor] = {}
    with contextlib.suppress(Unread, errors.MigrateError):
        hypervisors = cloud.hypervisors()

    def address(host: str) -> str | None:
        return (
            or_none(lambda: hypervisors[host].ip)
            if host in hypervisors
            else None
        )

    return {host: address(host) for host in hosts}


def _visit(
    server: str, attempt: Attempt, control: Sequence[str]
) -> _Visit | None:
    record, action = attempt.record, attempt.action
    if record:
        # The logs may show why a record has not ended.
        if record.status in ENDED - FAILED - {"cancelled"}:
            return None
    elif not (action and action.failed):
        return None
    created = or_none(lambda: record.created_at) if record else None
    started = created or (or_none(lambda: action.start) if action else None)
    if started is None:
        return None
    events = or_none(lambda: attempt.events) or ()
    wrote = or_none(lambda: record.updated_at) if record else None
    ended = wrote or steps.last_finish(events) or started
    source = or_none(lambda: record.source) if record else None
    hosts = (
        source,
        or_none(lambda: record.destination) if record else None,
        *steps.tried_hosts(events),
    )
    request = action.request_id if action else ""
    line_filter = LineFilter(
        # Both become search patterns: accept well-formed IDs only.
        server if re.fullmatch(_ID, server) else "",
        request if re.fullmatch(f"req-{_ID}", request) else "",
        started - _BEFORE,
        max(ended, started) + _AFTER,
    )
    computes = list(dict.fromkeys(filter(None, hosts)))[:_HOSTS]
    logs = [(host, "nova-compute") for host in computes]
    if line_filter.server:
        logs += [(host, QEMU) for host in computes if host != source]
    logs += [(node, service) for node in control for service in _CONTROL]
    return _Visit(line_filter, tuple(logs))


def _logs(
    number: int,
    visit: _Visit,
    answers_by_host: Mapping[str, Mapping[str, Answer | Unread] | Unread],
) -> Logs:
    node_logs: list[NodeLog] = []
    of_qemu: list[NodeLog] = []
    unread: dict[str, str] = {}
    for host, service in visit.logs:
        try:
            answers = answers_by_host[host]
            if isinstance(answers, Unread):
                raise answers
            answer = answers[f"{number} {service}"]
            if service == QEMU:
                of_qemu.append(qemu_log.read(host, visit.line_filter, answer))
                continue
            node_logs.append(read(host, visit.line_filter, answer))
        except Unread as error:
            remedy = error.remedy if isinstance(error, NodeLost) else ""
            unread[host] = ": ".join(filter(None, (error.reason, remedy)))
    return Logs(
        tuple(node_logs),
        unread,
        questions.manual_command(visit.line_filter),
        tuple(of_qemu),
    )
