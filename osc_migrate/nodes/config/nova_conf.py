"""Remedies that change nova.conf."""

from collections.abc import Iterable
from typing import NamedTuple

from osc_migrate.checks.check import Skip, Verdict
from osc_migrate.checks.findings import Fix
from osc_migrate.facts import Unread
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.text import command


class Set(NamedTuple):
    section: str
    option: str
    value: str

    def __str__(self) -> str:
        return f"[{self.section}] {self.option} = {self.value}"


def config_of(node: NodeFacts) -> Config:
    """Return the configuration.

    :raises Skip: it was not read, which another check reports.
    """
    try:
        return node.config
    except Unread:
        raise Skip(
            f"nova.conf of {node.name} was not read: see nova-conf-is-readable"
        ) from None


def change(node: NodeFacts, *settings: Set) -> tuple[Fix, ...]:
    """Return a fix that sets options and restarts nova-compute.

    Empty if nova.conf is in a container and its source is unknown.
    """
    config = node.config
    if config.contained and not config.template:
        return ()
    lines = tuple(
        command(
            "ini_set",
            config.file_of(setting.section, setting.option),
            *setting,
        )
        for setting in settings
    )
    return (Fix(node.name, lines, (config.unit,) if config.unit else ()),)


def in_container(node: NodeFacts, settings: Iterable[Set]) -> str:
    assignments = ", ".join(map(str, settings))
    return (
        f"on {node.name}: set {assignments} in what nova-compute's container"
        " gets its nova.conf from, and restart the container"
    )


def with_fix(
    verdict: type[Verdict], node: NodeFacts, detail: str, *settings: Set
) -> Verdict:
    """Return a verdict with these settings as its fix."""
    fixes = change(node, *settings)
    instructions = in_container(node, settings)
    return verdict(detail, "" if fixes else instructions, *fixes)
