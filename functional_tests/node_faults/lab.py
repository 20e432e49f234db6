"""Surveys, breaks and fixes the nodes of a lab."""

import dataclasses
from collections.abc import Sequence

from functional_tests.node_faults.fault import NodeFault
from osc_migrate.checks.findings import Finding, Status
from osc_migrate.nodes import remedies
from osc_migrate.nodes.collect import survey
from osc_migrate.nodes.node_checks import judge_nodes, pairs_of
from osc_migrate.nodes.role import Role
from osc_migrate.nodes.transport.inventory import resolve
from osc_migrate.nodes.transport.sessions import Sessions
from osc_migrate.nodes.transport.shell import NodeLimits

ROLES = {
    "HostA": Role.STORAGE,
    "HostB": Role.COMPUTE,
    "HostC": Role.COMPUTE,
}


def look(lab, **options):
    """A survey of all three nodes."""
    config = lab.kept_config if lab.kind == "vm" else lab.ssh_config
    targets = resolve(dict.fromkeys(ROLES), ssh_config=str(config))
    # What an emulator may take in all; the limit of each question stays.
    limits = NodeLimits(connect=60, node=400) if lab.kind == "vm" else None
    with Sessions(targets, limits=limits) as sessions:
        return survey(sessions, ROLES, **options)


def judge(found):
    nodes = found.nodes()
    return judge_nodes(nodes, found.lost, pairs_of(nodes))


def odd(lab):
    """What is found above SKIP now."""
    return [f for f in judge(look(lab)) if f.status > Status.SKIP]


def do(lab, node, action):
    """A shell script of root on a node, or a function of the lab."""
    if callable(action):
        action(lab)
    elif action:
        done = lab.run(node, action, timeout=600)
        if done.returncode:
            raise RuntimeError(f"{node}: {action!r} failed: {done.stderr}")


@dataclasses.dataclass(frozen=True)
class Played:
    """How a fault went."""

    fault: NodeFault
    # While it was there; and after the remedy.
    found: Sequence[Finding]
    left: Sequence[Finding]
    # Node -> the script that fixed it; empty where it was done by hand.
    scripts: dict[str, str]
    # What `meanwhile` returned while it was there.
    witnessed: object = None

    @property
    def mine(self):
        return [f for f in self.found if f.check == self.fault.check]

    @property
    def others(self):
        return {f.check for f in self.found} - {self.fault.check}


def play(lab, fault, again=True, meanwhile=lambda lab: None):
    """Brings a fault about, looks, fixes it as the remedy says, and looks
    again. A node that could not be fixed is reset.

    :param again: False leaves the second look to the caller.
    :param meanwhile: is called with the lab while the fault is there.
    """
    try:
        do(lab, fault.node, fault.inject)
        found = odd(lab)
        witnessed = meanwhile(lab)
        scripts = {}
        if fault.by_hand:
            do(lab, fault.node, fault.by_hand)
        else:
            scripts = dict(remedies.scripts(found))
        for node, script in scripts.items():
            # The second run must find nothing left to do, and not fail.
            do(lab, node, script)
            do(lab, node, script)
        do(lab, fault.node, fault.undo)
        left = odd(lab) if again else []
    except BaseException:
        lab.reset(fault.node)
        raise
    if left:
        lab.reset(fault.node)
    return Played(fault, found, left, scripts, witnessed)
