"""Checks of the agents that bind a server's ports on the destination."""

from collections.abc import Iterable

from osc_migrate.checks.check import Concern, NotChecked, Problem, Skip, check
from osc_migrate.checks.destination import destination, requested_host
from osc_migrate.checks.findings import Gap
from osc_migrate.checks.ports import SRIOV, ports
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.cloud.network import Agent
from osc_migrate.facts import or_none
from osc_migrate.text import paste

SRIOV_AGENT = "NIC Switch agent"
# Agents that bind ports (Neutron's mechanism drivers); others provide DHCP,
# routers and metadata.
ORDINARY = frozenset(
    {
        "Linux bridge agent",
        "OVN Controller agent",
        "OVN Controller Gateway agent",
        "Open vSwitch agent",
    }
)
# Agents that bind no ports.
NON_BINDING = frozenset(
    {
        "Baremetal Node",
        "DHCP agent",
        "L3 agent",
        "Loadbalancerv2 agent",
        "Metadata agent",
        "Metering agent",
        "OVN Agent",
        "OVN Metadata agent",
        "VPN agent",
        SRIOV_AGENT,
    }
)


def _family(type_: str) -> str:
    # An OVN host has one of two agent types, which bind the same ports.
    return type_.replace(" Gateway", "")


def _agent_families(move: MoveFacts) -> set[str]:
    """Return the families of agents that bind the ports on the source.

    :raises Skip: no ports, or a network without agents.
    """
    server_ports, host = ports(move), or_none(lambda: move.server.host)
    types: set[str] = set()
    if any(port.vnic_type not in SRIOV for port in server_ports):
        types |= _binding(move, host)
    if any(port.vnic_type in SRIOV for port in server_ports):
        # Open vSwitch or OVN may bind a port on a NIC's embedded switch.
        types |= {SRIOV_AGENT}
    agents = [
        agent
        for agent in move.agents
        if agent.host == host and agent.type in types
    ]
    if not agents:
        raise NotChecked(
            "Neutron shows no agent that binds its ports now",
            Gap(
                "network agent",
                "'openstack network agent list' shows what is there",
            ),
        )
    # After a change of backend, Neutron still lists the old, dead agents.
    living = {_family(agent.type) for agent in agents if agent.alive}
    return living or {_family(agent.type) for agent in agents}


def _binding(move: MoveFacts, host: str | None) -> frozenset[str]:
    """Return the types of agents that may bind an ordinary port on the host.

    If the agents of Neutron's own drivers are dead and others, such as
    Calico's, are alive, the others bind it: dead agents are never removed.
    """
    living = {a.type for a in move.agents if a.host == host and a.alive}
    foreign = frozenset(living - ORDINARY - NON_BINDING)
    return foreign if foreign and not living & ORDINARY else ORDINARY


def _destination_agents(
    move: MoveFacts, families: Iterable[str]
) -> list[Agent]:
    """Return the agents of the destination that could bind the ports."""
    host = destination(move).name
    return [
        agent
        for agent in move.agents
        if agent.host == host and _family(agent.type) in families
    ]


@check(requested_host)
def destination_network_agent_is_alive(move: MoveFacts) -> str:
    """The agent that binds the server's ports is alive on the destination.

    Neutron binds no port to a host without a live agent: 'Binding failed for
    port' (neutron/plugins/ml2/drivers/mech_agent.py, bind_port).
    """
    host = destination(move).name
    needed = _agent_families(move)
    agents = _destination_agents(move, needed)
    living = {_family(agent.type) for agent in agents if agent.alive}
    lacking = sorted(needed - living)
    if ORDINARY & needed & living:
        # The source has live agents of two backends: Neutron uses either one
        # that can bind the port.
        lacking = [name for name in lacking if name not in ORDINARY]
    if not lacking:
        return ", ".join(sorted(living))
    other_families = {
        _family(a.type) for a in _destination_agents(move, ORDINARY) if a.alive
    }
    if other_families and SRIOV_AGENT not in lacking:
        raise Concern(
            f"its ports are bound by {', '.join(lacking)}, and the"
            f" destination has {', '.join(sorted(other_families))}: a move to"
            " another network backend",
            "move one server that may lose its network first, and ping it",
        )
    dead = {_family(agent.type) for agent in agents}
    raise Problem(
        ", ".join(
            f"its {name} is dead" if name in dead else f"it has no {name}"
            for name in lacking
        ),
        f"openstack network agent list --host {paste(host)}; then see the"
        f" agent's log on {paste(host)}",
    )


@check(requested_host)
def destination_reaches_the_physical_networks(move: MoveFacts) -> str:
    """The destination's agents connect the physical networks of the ports.

    Neutron binds no port of a physical network for which the host has no
    bridge or NIC (neutron/plugins/ml2/drivers/mech_agent.py,
    check_segment_for_agent).
    """
    destination(move)
    networks = {p.physical_network for p in ports(move) if p.physical_network}
    if not networks:
        return "none needed"
    if or_none(lambda: move.agents) is None:
        raise Skip("the agents are not known")
    agents = [
        a for a in _destination_agents(move, _agent_families(move)) if a.alive
    ]
    connected = [
        a.physical_networks for a in agents if a.physical_networks is not None
    ]
    if not connected:
        raise NotChecked(
            "no live agent there reports what it connects",
            Gap(
                "physical networks",
                "bridge_mappings on the destination shows them",
            ),
        )
    missing = sorted(networks.difference(*connected))
    if not missing:
        return ", ".join(sorted(networks))
    raise Problem(
        f"no agent there connects {', '.join(missing)}",
        "map it there (bridge_mappings, ovn-bridge-mappings), or choose"
        " another host: openstack network agent show AGENT",
    )
