"""Healthy nodes, to be changed by the tests: each subject in its module."""

from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.role import Role
from osc_migrate.nodes.small import SUBJECTS as SMALL
from osc_migrate.tests.unit.nodes.shapes import (
    accounts,
    config,
    guests,
    libvirt,
    network,
    reach,
    storage,
    system,
    tls,
    volumes,
)

ADDRESSES = {"HostA": "10.77.0.11", "HostB": "10.77.0.12"}
ADDRESSES["HostC"] = "10.77.0.13"
_SUBJECTS = {
    "config": config,
    "system": system,
    "accounts": accounts,
    "storage": storage,
    "libvirt": libvirt,
    "tls": tls,
    "network": network,
    "volumes": volumes,
    "guests": guests,
}


def healthy_answers(subject, module):
    """What a healthy node says about a small subject."""
    answers = {
        f"{subject}.{name}": Answer(0, text)
        for name, text in module.HEALTHY.items()
    }
    return CommandOutput(answers, subject)


def node(name="HostC", role=Role.COMPUTE, **changes) -> NodeFacts:
    """A healthy node; changes are whole subjects."""
    parts = {
        subject: module.healthy(name) for subject, module in _SUBJECTS.items()
    }
    parts["reach"] = {
        peer: reach.healthy(name, peer) for peer in ADDRESSES if peer != name
    }
    parts["smalls"] = {
        subject: module.read(healthy_answers(subject, module))
        for subject, module in SMALL.items()
    }
    return NodeFacts(name=name, role=role, **(parts | changes))


def nodes(**changes) -> list[NodeFacts]:
    """HostB and HostC, both healthy but for what is named: HostC=node(...)
    in full."""
    return [changes.get(name) or node(name) for name in ("HostB", "HostC")]
