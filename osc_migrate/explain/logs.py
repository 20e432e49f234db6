"""Reads the logs of the nodes that took part in moves."""

import contextlib
import dataclasses
import datetime
import re
from collections.abc import Callable, Mapping, Sequence

from osc_migrate import errors
from osc_migrate.explain import steps
from osc_migrate.explain.joiner import FAILED
from osc_migrate.facts.cloud import Cloud
from osc_migrate.facts.log import ask
from osc_migrate.facts.log.read import read
from osc_migrate.model.answers import Answer
from osc_migrate.model.facts import Hypervisor, Unread, known
from osc_migrate.model.history import Attempt
from osc_migrate.model.logs import Logs, NodeLog, Wanted
from osc_migrate.survey import Asked, Sessions

# Reaches nodes: name -> address, where the API shows one.
Reach = Callable[
    [Mapping[str, str | None]], contextlib.AbstractContextManager[Sessions]
]

_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# Clocks differ a little, and Nova logs on after it has written the end down.
_BEFORE = datetime.timedelta(minutes=1)
_AFTER = datetime.timedelta(minutes=2)
# Nodes of one move: the conductor may have tried many hosts.
_HOSTS = 6


@dataclasses.dataclass(frozen=True)
class _Visit:
    """What is asked because of one move: which lines, on which nodes."""

    wanted: Wanted
    hosts: tuple[str, ...]


def logs_of(
    cloud: Cloud, server: str, attempts: Sequence[Attempt], reach: Reach
) -> list[Logs | None]:
    """For each attempt what its nodes say; None where nothing failed.

    All nodes are asked at once, each in one session.

    :param server: its ID.
    """
    visits = [_visit(server, attempt) for attempt in attempts]
    hosts = list(dict.fromkeys(h for v in visits if v for h in v.hosts))

    def work(shell: Asked) -> Mapping[str, Answer | Unread]:
        return shell.ask(
            {
                str(number): ask.question(visit.wanted)
                for number, visit in enumerate(visits)
                if visit and shell.name in visit.hosts
            }
        )

    said: Mapping[str, Mapping[str, Answer | Unread] | Unread] = {}
    if hosts:
        with reach(_addresses(cloud, hosts)) as sessions:
            said = sessions.each(work)
    return [
        _logs(str(number), visit, said) if visit else None
        for number, visit in enumerate(visits)
    ]


def _addresses(cloud: Cloud, hosts: Sequence[str]) -> dict[str, str | None]:
    found: Mapping[str, Hypervisor] = {}
    with contextlib.suppress(Unread, errors.MigrateError):
        found = cloud.hypervisors()

    def address(host: str) -> str | None:
        return known(lambda: found[host].ip) if host in found else None

    return {host: address(host) for host in hosts}


def _visit(server: str, attempt: Attempt) -> _Visit | None:
    record, action = attempt.record, attempt.action
    status = record.status if record else ""
    if status not in {*FAILED, "cancelled"} and not (
        record is None and action and action.failed
    ):
        return None
    made = known(lambda: record.created_at) if record else None
    began = made or (known(lambda: action.start) if action else None)
    if began is None:
        return None
    events = known(lambda: attempt.events) or ()
    wrote = known(lambda: record.updated_at) if record else None
    ended = wrote or steps.last_finish(events) or began
    hosts = (
        known(lambda: record.source) if record else None,
        known(lambda: record.destination) if record else None,
        *steps.tried(events),
    )
    request = action.request_id if action else ""
    wanted = Wanted(
        # They become patterns that are looked for: nothing else may.
        server if re.fullmatch(_ID, server) else "",
        request if re.fullmatch(f"req-{_ID}", request) else "",
        began - _BEFORE,
        max(ended, began) + _AFTER,
    )
    return _Visit(wanted, tuple(dict.fromkeys(filter(None, hosts)))[:_HOSTS])


def _logs(
    key: str,
    visit: _Visit,
    said: Mapping[str, Mapping[str, Answer | Unread] | Unread],
) -> Logs:
    found: list[NodeLog] = []
    unread: dict[str, str] = {}
    for host in visit.hosts:
        try:
            answers = said[host]
            if isinstance(answers, Unread):
                raise Unread(answers.reason)
            found.append(read(host, visit.wanted, answers[key]))
        except Unread as reason:
            unread[host] = reason.reason
    return Logs(tuple(found), unread, ask.by_hand(visit.wanted))
