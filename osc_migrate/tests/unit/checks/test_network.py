"""Checks of what binds a server's ports on the destination."""

import pytest

from osc_migrate.facts import Unread
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.checks.proof import (
    COLD,
    FAIL,
    LIVE,
    NOT_CHECKED,
    PASS,
    UNKNOWN,
    WARN,
    Case,
    findings,
    prove,
)

HERE = shapes.agent("HostB")
SRIOV = "NIC Switch agent"


def agents(*found, port=None):
    return shapes.full(
        agents=found, ports=(port or shapes.port(physical_network="physnet1"),)
    )


CASES = [
    *(
        Case(
            "destination-network-agent-is-alive",
            agents(HERE, shapes.agent("HostC", alive=False)),
            FAIL,
            "its Open vSwitch agent is dead",
            "openstack network agent list --host HostC",
            kind,
        )
        for kind in (COLD, LIVE)
    ),
    Case(
        "destination-network-agent-is-alive",
        agents(
            shapes.agent("HostB", type="Linux bridge agent", alive=False),
            HERE,
            shapes.agent("HostC", type="Linux bridge agent", alive=False),
            shapes.agent("HostC"),
        ),
        PASS,
        "Open vSwitch agent",
    ),
    Case(
        "destination-network-agent-is-alive",
        agents(
            shapes.agent("HostB", type="Linux bridge agent"),
            shapes.agent(
                "HostC",
                type="OVN Controller agent",
                physical_networks=frozenset({"physnet1"}),
            ),
        ),
        WARN,
        "a move to another network backend",
        "ping it",
    ),
    Case(
        "destination-network-agent-is-alive",
        agents(HERE, shapes.agent("HostC", type="DHCP agent")),
        FAIL,
        "it has no Open vSwitch agent",
        "agent list",
    ),
    Case(
        "destination-network-agent-is-alive",
        shapes.full(agents=Unread("503")),
        UNKNOWN,
        "503",
    ),
    Case(
        "destination-network-agent-is-alive",
        agents(
            shapes.agent("HostB", type="OVN Controller agent"),
            shapes.agent("HostC", type="OVN Controller Gateway agent"),
        ),
        PASS,
        "OVN Controller agent",
    ),
    Case(
        "destination-network-agent-is-alive",
        agents(HERE, shapes.agent("HostB", type=SRIOV), shapes.agent("HostC")),
        PASS,
        "Open vSwitch agent",
    ),
    Case(
        "destination-network-agent-is-alive",
        agents(
            HERE,
            shapes.agent("HostB", type=SRIOV),
            shapes.agent("HostC"),
            port=shapes.port(vnic_type="macvtap"),
        ),
        FAIL,
        "no NIC Switch agent",
        "agent list",
    ),
    *(
        Case(
            "destination-reaches-the-physical-networks",
            agents(
                HERE,
                shapes.agent(
                    "HostC", physical_networks=frozenset({"physnet2"})
                ),
            ),
            FAIL,
            "no agent there connects physnet1",
            "bridge_mappings",
            kind,
        )
        for kind in (COLD, LIVE)
    ),
    Case(
        "destination-reaches-the-physical-networks",
        agents(HERE, shapes.agent("HostC", physical_networks=None)),
        NOT_CHECKED,
        "reports what it connects",
    ),
    Case(
        "destination-reaches-the-physical-networks",
        agents(HERE, shapes.agent("HostC"), port=shapes.port()),
        PASS,
        "none needed",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_fact_is_one_finding(case):
    prove(case)


def test_a_network_without_agents_is_not_judged():
    found = findings(agents())
    assert found["destination-network-agent-is-alive"].status is NOT_CHECKED
    physical = found["destination-reaches-the-physical-networks"]
    assert physical.status is NOT_CHECKED
