"""Checks of a server's ports: the devices behind them, and their bindings."""

from collections.abc import Iterable

from osc_migrate.checks import requested
from osc_migrate.checks.check import Concern, Problem, Skip, check
from osc_migrate.checks.leftovers import skip_while_moving
from osc_migrate.checks.server import LIVE, arg, server
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.cloud.network import Port
from osc_migrate.facts import or_none

# Cyborg's devices (nova/network/model.py, VNIC_TYPES_ACCELERATOR).
ACCELERATOR = frozenset({"accelerator-direct", "accelerator-direct-physical"})
# nova/compute/power_state.py
RUNNING = 1
# VNIC types with a PCI device (VNIC_TYPES_SRIOV).
SRIOV = frozenset(
    {
        "direct",
        "direct-physical",
        "macvtap",
        "remote-managed",
        "vdpa",
        "virtio-forwarder",
    }
)
# Passed through to the guest (VNIC_TYPES_DIRECT_PASSTHROUGH).
PASSTHROUGH = frozenset(
    {"direct", "direct-physical", "remote-managed", "vdpa"}
)


def ports(move: MoveFacts) -> tuple[Port, ...]:
    """Return the server's ports, for checks that need some.

    :raises Skip: no ports, or not known, which ports_can_move reports.
    """
    attached = or_none(lambda: move.ports)
    if not attached:
        raise Skip("no ports" if attached == () else "its ports are not known")
    return attached


def _ids_of_kind(candidates: Iterable[Port], kinds: Iterable[str]) -> str:
    """List the ports of these VNIC types as text; empty if there are none."""
    return ", ".join(
        f"port {p.id} ({p.vnic_type})"
        for p in candidates
        if p.vnic_type in kinds
    )


def _kinds(attached: Iterable[Port]) -> str:
    return (
        ", ".join(sorted({port.vnic_type for port in attached})) or "no ports"
    )


@check(server)
def ports_can_move(move: MoveFacts) -> str:
    """No port of the server has a device that Nova cannot move at all.

    Accelerators never move (nova/compute/api.py, block_port_accelerators),
    and vDPA ports only from Zed on (reject_vdpa_instances).
    """
    attached = move.ports
    old = () if move.nova >= requested.ZED else ("vdpa",)
    if unmovable := _ids_of_kind(attached, (*ACCELERATOR, *old)):
        raise Problem(
            f"{unmovable} cannot move",
            f"openstack server remove port {arg(move)} PORT, and add it to"
            " the server again afterwards",
        )
    return _kinds(attached)


@check(server, LIVE)
def sriov_ports_can_move(move: MoveFacts) -> str:
    """Ports with a PCI device can be bound on both hosts.

    This needs Neutron's binding-extended, and Train (nova/conductor/tasks/
    live_migrate.py, _check_can_migrate_pci).
    """
    attached = ports(move)
    sriov_ports = _ids_of_kind(attached, SRIOV)
    if not sriov_ports:
        return _kinds(attached)
    if move.nova < requested.TRAIN:
        obstacle = "moves live from Train on"
    elif "binding-extended" not in move.network_extensions:
        obstacle = "needs Neutron's extension binding-extended to move live"
    else:
        return _kinds(attached)
    raise Problem(
        f"{sriov_ports} {obstacle}",
        f"move it cold: openstack server migrate {arg(move)}",
    )


@check(server, LIVE)
def ports_stay_plugged(move: MoveFacts) -> str:
    """No port is unplugged from the guest while it moves.

    A passed-through device is unplugged: the guest loses its NIC and gets
    another (nova/virt/libvirt/driver.py, _detach_direct_passthrough_vifs).
    """
    attached = ports(move)
    unplugged = _ids_of_kind(attached, PASSTHROUGH)
    if not unplugged:
        return _kinds(attached)
    extensions = or_none(lambda: move.network_extensions)
    if (
        move.nova < requested.TRAIN
        or (extensions is not None and "binding-extended" not in extensions)
        or (move.nova < requested.ZED and _ids_of_kind(attached, ["vdpa"]))
    ):
        raise Skip("it cannot move at all")
    raise Concern(
        f"{unplugged} is unplugged while the server moves",
        "have the guest bond it with a port of another kind",
    )


@check(server, LIVE)
def ports_are_bound_before_the_move(move: MoveFacts) -> str:
    """Neutron can bind the ports on the destination before the guest goes.

    Without binding-extended they are bound afterwards. If that fails, the
    guest has no network on the destination (nova/conductor/tasks/
    live_migrate.py, _call_livem_checks_on_host).
    """
    if _ids_of_kind(ports(move), SRIOV):
        raise Skip("a port with a PCI device, which another check covers")
    if "binding-extended" in move.network_extensions:
        return "binding-extended"
    raise Concern(
        "Neutron has no extension binding-extended: ports are bound only"
        " when the guest is there",
        "openstack extension list --network shows what Neutron has",
    )


@check(server)
def ports_are_bound_where_it_is(move: MoveFacts) -> str:
    """Every port of the server is bound on its own host alone.

    A binding that a failed move left on the destination makes Neutron refuse
    the new one: 'Binding failed for port' (nova/network/neutron.py,
    bind_ports_to_host).
    """
    attached = ports(move)
    host = or_none(lambda: move.server.host)
    extensions = or_none(lambda: move.network_extensions)
    if extensions is not None and "binding-extended" not in extensions:
        raise Skip("Neutron keeps one binding a port")
    if not host:
        raise Skip("the server's host is not known")
    stale = [(p.id, h) for p in attached for h in p.bindings if h != host]
    if not stale:
        return f"{len(attached)} bound on {host}"
    skip_while_moving(move)
    destination = or_none(lambda: move.destination and move.destination.name)
    blocking = [
        (port, bound_host)
        for port, bound_host in stale
        if bound_host == destination
    ]
    severity = Problem if blocking else Concern
    shown = blocking or stale
    raise severity(
        "; ".join(
            f"port {port} is bound on {bound_host}"
            for port, bound_host in shown
        ),
        "on a Neutron server, while nothing migrates in the whole cloud:"
        " neutron-remove-duplicated-port-bindings; or these alone, as a user"
        " with the role service (newer Neutron refuses admins): DELETE "
        + ", ".join(f"/v2.0/ports/{p}/bindings/{h}" for p, h in shown),
    )


@check(server)
def ports_are_active_where_it_is(move: MoveFacts) -> str:
    """The binding of each port on the server's host is the active one."""
    attached, host = ports(move), or_none(lambda: move.server.host)
    extensions = or_none(lambda: move.network_extensions)
    if extensions is not None and "binding-extended" not in extensions:
        raise Skip("Neutron keeps one binding a port")
    if not host:
        raise Skip("the server's host is not known")
    skip_while_moving(move)
    idle = [p.id for p in attached if p.bindings.get(host) != "ACTIVE"]
    if not idle:
        return f"{len(attached)} active on {host}"
    raise Concern(
        f"port {', '.join(idle)} has no active binding on {host}: the guest"
        " has no network there",
        "as a user with the role service (newer Neutron refuses admins): PUT "
        + ", ".join(f"/v2.0/ports/{p}/bindings/{host}/activate" for p in idle)
        + f"; or openstack server reboot --hard {arg(move)}",
    )


@check(server)
def ports_are_up_where_it_is(move: MoveFacts) -> str:
    """Neutron has wired each port of the running server on its host.

    The binding shows the port's host; the status shows whether an agent or
    ovn-controller has connected it there.
    """
    attached, host = ports(move), or_none(lambda: move.server.host)
    if not host:
        raise Skip("the server's host is not known")
    if or_none(lambda: move.server.power_state) != RUNNING:
        raise Skip("the guest is not running")
    skip_while_moving(move)
    # Another check reports ports that are not bound here.
    down = [port for port in move.ports_down if port.is_bound_on(host)]
    if not down:
        return f"{len(attached)} up on {host}"
    listed = ", ".join(f"{port.id} is {port.status}" for port in down)
    raise Concern(
        f"port {listed} on {host}: the guest is cut off from the network,"
        " though the move is complete",
        f"with OVN: ovn-sbctl find Port_Binding logical_port={down[0].id}"
        f" shows which chassis has it; on {host}: ovn-appctl -t"
        " ovn-controller inc-engine/recompute. With an agent: restart the"
        f" Neutron agent of {host}. If that does not help: openstack server"
        f" reboot --hard {arg(move)}",
    )
