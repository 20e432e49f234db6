"""Ports, bindings and agents, from Neutron."""

import dataclasses
from collections.abc import Iterator, Mapping

from osc_migrate import errors
from osc_migrate.cloud.json_fields import JsonObject
from osc_migrate.cloud.rest import Api
from osc_migrate.facts import Facts, Unread, fact, or_none


@dataclasses.dataclass(frozen=True, repr=False)
class Agent(Facts):
    """A Neutron agent, or an OVN controller that Neutron lists as one."""

    type: str
    host: str
    alive: bool
    # Physical networks that it connects; None if it does not report them.
    physical_networks: frozenset[str] | None


@dataclasses.dataclass(frozen=True, repr=False)
class Port(Facts):
    id: str
    # normal, direct, macvtap, vdpa, accelerator-direct ...
    vnic_type: str
    # Physical network of its network (provider:physical_network), if any.
    physical_network: str | None
    # Host -> ACTIVE or INACTIVE; more than one only during a move.
    bindings: Mapping[str, str]
    # ACTIVE once the host's agent or OVN has wired it; DOWN, BUILD, ERROR.
    status: str = "ACTIVE"
    # Not switched off by its owner.
    admin_up: bool = True
    # In lower case.
    mac: str = ""
    # Of its network, in bytes; None where Neutron does not show it.
    mtu: int | None = None

    @property
    def is_down(self) -> bool:
        """It is not wired, though it is switched on; False where Neutron
        does not show that."""
        status = or_none(lambda: self.status)
        switched_on = or_none(lambda: self.admin_up)
        return bool(switched_on) and status not in ("ACTIVE", None)

    def is_bound_on(self, host: str) -> bool:
        """Its binding there is active, or Neutron shows no bindings."""
        bindings = or_none(lambda: self.bindings)
        return bindings is None or bindings.get(host) == "ACTIVE"


class Network:
    def __init__(self, api: Api) -> None:
        self._api = api

    def ports(self, server_id: str) -> tuple[Port, ...]:
        """Return the ports of a server, each with all its bindings.

        :raises ApiError: Neutron did not answer.
        :raises Unread: its answer makes no sense.
        """
        rows = list(self._port_rows(server_id))
        networks = {row.text("network_id") for row in rows}
        shown = {n: fact(self._network, n) for n in networks}
        return tuple(
            Port(
                id=row.text("id"),
                vnic_type=fact(row.text, "binding:vnic_type"),
                physical_network=fact(
                    _physical_network, shown[row.text("network_id")]
                ),
                bindings=fact(self._bindings, row.text("id")),
                status=fact(row.text, "status"),
                admin_up=fact(row.flag, "admin_state_up"),
                mac=fact(lambda row=row: row.text("mac_address").lower()),
                mtu=fact(_mtu, shown[row.text("network_id")]),
            )
            for row in rows
        )

    def active_hosts(self, server_id: str) -> frozenset[str]:
        """Return the hosts that the ports of a server are bound to now.

        :raises ApiError: Neutron did not answer.
        :raises Unread: its answer makes no sense.
        """
        return frozenset(
            host
            for row in self._port_rows(server_id)
            for host, status in self._bindings(row.text("id")).items()
            if status == "ACTIVE"
        )

    def statuses(self, server_id: str) -> dict[str, str]:
        """Return port ID -> status, for the ports of a server.

        :raises ApiError: Neutron did not answer.
        :raises Unread: its answer makes no sense.
        """
        return {
            row.text("id"): row.text("status")
            for row in self._port_rows(server_id)
        }

    def _port_rows(self, server_id: str) -> Iterator[JsonObject]:
        return self._api.pages(
            "/ports",
            "ports",
            f"list the ports of server {server_id}",
            query={"device_id": server_id},
        )

    def _network(self, network_id: str) -> JsonObject:
        return self._get(
            f"/networks/{network_id}", f"show network {network_id}"
        ).inner("network")

    def _bindings(self, port_id: str) -> dict[str, str]:
        """Return host -> status. Needs the extension binding-extended."""
        body = self._get(
            f"/ports/{port_id}/bindings", f"list the bindings of {port_id}"
        )
        return {
            row.text("host"): row.text("status")
            for row in body.rows("bindings")
        }

    def _get(self, path: str, description: str) -> JsonObject:
        """Read one port or network: an error affects that fact alone."""
        try:
            return self._api.get(path, description)
        except errors.ApiError as error:
            raise Unread(str(error)) from error

    def extensions(self) -> frozenset[str]:
        body = self._api.get("/extensions", "list its extensions")
        return frozenset(row.text("alias") for row in body.rows("extensions"))

    def agents(self) -> tuple[Agent, ...]:
        rows = self._api.pages("/agents", "agents", "list the agents")
        return tuple(_agent(row) for row in rows)


def _require(network: JsonObject | Unread) -> JsonObject:
    if isinstance(network, Unread):
        raise Unread(network.reason)
    return network


def _physical_network(network: JsonObject | Unread) -> str | None:
    return _require(network).maybe_text("provider:physical_network")


def _mtu(network: JsonObject | Unread) -> int | None:
    shown = _require(network)
    return shown.maybe_whole("mtu") if "mtu" in shown else None


def _agent(row: JsonObject) -> Agent:
    return Agent(
        type=row.text("agent_type"),
        host=row.text("host"),
        alive=fact(row.flag, "alive"),
        physical_networks=fact(_physical_networks, row),
    )


def _physical_networks(row: JsonObject) -> frozenset[str] | None:
    """Return the keys of an agent's mappings.

    These are bridge_mappings (Open vSwitch), interface_mappings (Linux
    bridge) or device_mappings (SR-IOV), with OVN as text:
    'physnet1:br-ex,physnet2:br-two'.
    """
    configurations = row.inner("configurations")
    for name in ("bridge_mappings", "interface_mappings", "device_mappings"):
        if name in configurations:
            return configurations.keys(name)
    if "bridge-mappings" not in configurations:
        return None
    pairs = configurations.text("bridge-mappings").split(",")
    return frozenset(pair.partition(":")[0] for pair in pairs if pair)
