"""Check the nodes before planning moves between them."""

import argparse
import itertools
from collections.abc import Iterable, Iterator

from osc_migrate.checks.findings import Finding, Report, Status
from osc_migrate.cloud.fleet import Fleet
from osc_migrate.cloud.hosts import virtual
from osc_migrate.cloud.migrations import Kind
from osc_migrate.commands import base, migrate_base, nodes
from osc_migrate.facts import fact
from osc_migrate.maintenance.planning import NodeBlocker

# Findings to print before the list is cut.
SHOWN = 20


def blockers(
    parsed_args: argparse.Namespace,
    fleet: Fleet,
    sources: Iterable[str | None],
    to: Iterable[str] = (),
) -> tuple[NodeBlocker, ...]:
    """Return the moves that node checks rule out; print each finding once.

    Empty without --nodes.

    :param to: permitted destinations; empty for every host that is enabled
        and up.
    :raises MigrateError: it is not known how to connect to a node.
    """
    leave = sorted(set(filter(None, sources)))
    arrive = sorted(set(to) or _open_hosts(fleet))
    node_report = nodes.visited(
        parsed_args,
        {
            name: nodes.address(fleet.places[name].host)
            for name in (*leave, *arrive)
            if name in fleet.places
        },
    )
    if node_report is None:
        return ()
    reported: dict[tuple[str, str], Finding] = {}
    node_blockers = []
    for source, host, kind in itertools.product(leave, arrive, Kind):
        if host == source:
            continue
        if text := node_report.storage_classes(source, host):
            node_blockers.append(
                NodeBlocker(
                    source,
                    host,
                    kind.value,
                    "disks-are-where-the-move-needs-them",
                    Status.FAIL.name,
                    text,
                    local_disks_only=True,
                )
            )
        for finding in Report(
            node_report.between(source, host, kind)
        ).problems:
            reported.setdefault((finding.check, finding.subject), finding)
            node_blockers.append(
                NodeBlocker(
                    source,
                    host,
                    kind.value,
                    finding.check,
                    finding.status.name,
                    finding.detail,
                )
            )
    _report(list(reported.values()))
    return tuple(node_blockers)


def _open_hosts(fleet: Fleet) -> Iterator[str]:
    """Yield hosts whose services are enabled and up."""
    for name in virtual({n: p.host for n, p in fleet.places.items()}):
        place = fleet.places[name]
        if fact(getattr, place.host, "status") == "disabled":
            continue
        if fact(getattr, place.host, "state") != "down":
            yield name


def _report(findings: list[Finding]) -> None:
    if not findings:
        return
    base.say("Node checks rule out these moves:")
    for finding in findings[:SHOWN]:
        migrate_base.say(finding)
    if len(findings) > SHOWN:
        base.say(
            f"  and {len(findings) - SHOWN} more: openstack migrate preflight"
        )
