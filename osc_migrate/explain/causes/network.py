"""Ports: bound to the destination before, plugged there during the move."""

from osc_migrate.explain.causes.cause import Cause, cause

CAUSES: tuple[Cause, ...] = (
    cause(
        "port-not-bound",
        r"Binding failed for port|PortBindingFailed"
        r"|Unexpected vif_type=(?:binding_failed|unbound)",
        "Neutron cannot bind a port to the destination: no live agent there,"
        " no mapping of the network, or a stale binding",
        "openstack network agent list --host <destination>; look for the"
        " port's ID in neutron-server's log",
        "destination-network-agent-is-alive",
        source="nova/network/neutron.py",
    ),
    cause(
        "port-binding-left-over",
        r"Failed to (?:delete|activate) binding for port",
        "Neutron would not change a port's binding: one of an earlier move"
        " may be left",
        "GET /v2.0/ports/<port>/bindings; while nothing moves DELETE the"
        " INACTIVE one, as a user with the role service",
        "ports-are-bound-where-it-is",
        source="nova/network/neutron.py",
    ),
    cause(
        "port-not-plugged",
        r"Timed out waiting for events: "
        r"|Timeout waiting for \[\('network-vif-plugged'",
        "Neutron never reported that the port was plugged on the destination",
        "check the L2 agent there, and Neutron's [nova] section; a backend"
        " without such events needs live_migration_wait_for_vif_plug=false",
        "destination-network-agent-is-alive",
        source="nova/compute/manager.py",
    ),
    cause(
        "port-plug-failed",
        r"Virtual [Ii]nterface (?:plugin|[Cc]reation) failed"
        r"|Neutron reported failure during live migration"
        r"|Failed to plug VIF |Failure running os_vif plugin plug",
        "a port could not be plugged on the destination",
        "see the L2 agent's and nova-compute's log on the destination",
        "destination-network-agent-is-alive",
        source="nova/compute/manager.py; os_vif/exception.py",
    ),
    cause(
        "remote-managed-port",
        r"remote-managed ports",
        "a server with ports on a SmartNIC cannot move",
        "detach the port first",
        "sriov-ports-can-move",
        source="nova/exception.py",
    ),
)
