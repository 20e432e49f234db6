"""Clouds of two kinds of everything: checks of the whole group by kind."""

import itertools

import pytest

from osc_migrate.checks import host_matrix, registry
from osc_migrate.checks.findings import Status
from osc_migrate.cloud.host_pairs import HostPairs
from osc_migrate.cloud.hosts import is_bare_metal, virtual
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread
from osc_migrate.tests.unit import shapes

IRONIC = shapes.hypervisor(
    type="ironic", version=1, name="node-7", cpu_features=frozenset()
)
AGENT = "destination-network-agent-is-alive"
BACKENDS = {
    "ovs": "Open vSwitch agent",
    "ovn": "OVN Controller agent",
    "bridge": "Linux bridge agent",
}


def metal(name="HostI", **changes):
    return shapes.host(**{"name": name, "hypervisor": IRONIC} | changes)


def mixed_hosts():
    return {
        "HostB": shapes.host(name="HostB"),
        "HostC": shapes.host(name="HostC"),
        "HostI": metal(),
    }


def test_a_healthy_mixed_cloud_has_no_finding():
    """Ironic's machines are of another version, and their servers have no
    machine type; a server of the other kind has one."""
    cloud = shapes.cloud(
        services=tuple(shapes.service(host=h) for h in mixed_hosts()),
        hosts=mixed_hosts(),
        servers=(
            shapes.server(
                image_id="i", image_properties={"hw_machine_type": "q35"}
            ),
            shapes.server(
                id="metal",
                name="metal",
                host="HostI",
                image_id="i",
                image_properties={},
            ),
        ),
    )
    above = [f for f in registry.judge_cloud(cloud) if f.status > Status.SKIP]
    assert above == []
    # The same server on the KVM host is found.
    moved = cloud.but(
        servers=tuple(s.but(host="HostB") for s in cloud.servers)
    )
    (finding,) = [
        f for f in registry.judge_cloud(moved) if f.status > Status.SKIP
    ]
    assert (finding.check, finding.status) == (
        "machine-types-are-set",
        Status.WARN,
    )


def test_which_hosts_run_guests():
    hosts = mixed_hosts()
    assert sorted(virtual(hosts)) == ["HostB", "HostC"]
    # Another one of Ironic's may have no machine; without any of its kind a
    # host without a hypervisor is one to look at.
    hosts["HostJ"] = shapes.host(name="HostJ", hypervisor=None)
    assert sorted(virtual(hosts)) == ["HostB", "HostC"]
    del hosts["HostI"]
    assert sorted(virtual(hosts)) == ["HostB", "HostC", "HostJ"]
    # Not known is not Ironic.
    unread = shapes.host(hypervisor=Unread("403"))
    assert not is_bare_metal(unread)
    assert virtual({"HostC": unread}) == {"HostC": unread}


def test_two_releases_of_qemu_are_told_apart_from_two_types():
    hosts = mixed_hosts()
    hosts["HostC"] = hosts["HostC"].but(
        hypervisor=shapes.hypervisor(version=9000001)
    )
    found = {
        f.check: f for f in registry.judge_cloud(shapes.cloud(hosts=hosts))
    }
    finding = found["hypervisor-versions-agree"]
    assert "QEMU 8.2.2: HostB; QEMU 9.0.1: HostC" in finding.detail
    assert "ironic" not in finding.detail


def test_no_guest_moves_to_ironic():
    matrix = {
        (pair.source, pair.destination): pair
        for pair in host_matrix.judge(HostPairs(mixed_hosts()))
    }
    assert matrix["HostB", "HostC"].verdict is host_matrix.Possibility.YES
    assert matrix["HostB", "HostI"].verdict is host_matrix.Possibility.NO


def agents(host, living, dead):
    return [
        shapes.agent(host, type=BACKENDS[name], alive=alive)
        for names, alive in ((living, True), (dead, False))
        for name in names
    ]


CALICO = "Calico per-host agent (felix)"


@pytest.mark.parametrize("alive, expected", [(True, "PASS"), (False, "FAIL")])
def test_a_backend_that_is_not_neutrons_own(alive, expected):
    """Rows of Open vSwitch agents stay for ever after a change to Calico
    (projectcalico/felix issue 162)."""
    move = shapes.full(
        agents=(
            *agents("HostB", (), ("ovs",)),
            *agents("HostC", (), ("ovs",)),
            shapes.agent("HostB", type=CALICO),
            shapes.agent("HostC", type=CALICO, alive=alive),
            shapes.agent("HostB", type="DHCP agent"),
        )
    )
    found = {f.check: f for f in registry.judge_move(move, Kind.LIVE)}
    assert found[AGENT].status.name == expected
    assert CALICO in found[AGENT].detail


def test_a_server_whose_agent_is_dead_is_no_such_backend():
    """Agents that bind nothing live on beside it."""
    move = shapes.full(
        agents=(
            *agents("HostB", (), ("ovs",)),
            *agents("HostC", (), ("ovs",)),
            shapes.agent("HostB", type="DHCP agent"),
            shapes.agent("HostB", type="L3 agent"),
        )
    )
    found = {f.check: f for f in registry.judge_move(move, Kind.LIVE)}
    assert found[AGENT].status is Status.FAIL


SETS = [(), ("ovs",), ("ovn",), ("bridge",), ("ovs", "ovn")]


@pytest.mark.parametrize(
    "source_lives, source_dead, target_lives, target_dead",
    [
        (a, b, c, d)
        for a, b, c, d in itertools.product(SETS[1:], SETS[:4], SETS, SETS[:4])
        if not ({*a} & {*b} or {*c} & {*d})
    ],
    ids=str,
)
def test_two_network_backends(
    source_lives, source_dead, target_lives, target_dead
):
    """Living agents of the source's kind decide, and dead ones never."""
    move = shapes.full(
        agents=(
            *agents("HostB", source_lives, source_dead),
            *agents("HostC", target_lives, target_dead),
        )
    )
    found = {f.check: f for f in registry.judge_move(move, Kind.LIVE)}
    if {*source_lives} & {*target_lives}:
        expected = Status.PASS
    elif target_lives:
        expected = Status.WARN
    else:
        expected = Status.FAIL
    assert found[AGENT].status is expected, found[AGENT]
    # The way over physical networks is not judged by a dead agent either.
    reaches = found["destination-reaches-the-physical-networks"]
    assert reaches.status <= Status.NOT_CHECKED
