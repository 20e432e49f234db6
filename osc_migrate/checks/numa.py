"""Checks of guests bound to the CPUs and memory of their host."""

from osc_migrate.checks import requested
from osc_migrate.checks.check import Concern, Problem, Skip, check
from osc_migrate.checks.requested import extra_spec, requested_value
from osc_migrate.checks.server import LIVE, arg, server
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.facts import or_none


@check(server, LIVE)
def bound_guest_can_move(move: MoveFacts) -> str:
    """The guest is bound to no NUMA node, or Nova can bind it anew.

    Nova can from Train on, once every nova-compute has that release
    (nova/conductor/tasks/live_migrate.py, _check_instance_has_no_numa).
    """
    bonds = _bonds(move)
    if not bonds:
        return "not bound"
    if move.nova >= requested.TRAIN:
        return bonds
    raise Problem(
        f"{bonds}, which this Nova cannot re-pin while the guest runs",
        f"move it cold: openstack server migrate {arg(move)}",
    )


@check(server)
def guest_is_not_bound(move: MoveFacts) -> str:
    """The guest is bound to no NUMA node, CPU or huge page of its host.

    Placement counts CPUs and memory per host. Only Nova's claim during the
    move shows whether a bound guest fits into single NUMA nodes
    (nova/compute/manager.py, _live_migration_claim).
    """
    bonds = _bonds(move)
    if not bonds:
        return "not bound"
    if move.nova < requested.TRAIN:
        raise Skip("covered by another check")
    raise Concern(
        f"{bonds}: Nova may find no NUMA node with room for it there",
        "compare free CPUs and huge pages of the host's nodes: virsh"
        " freepages --all",
    )


def _bonds(move: MoveFacts) -> str:
    """Return what binds the guest to its host; empty if nothing does."""
    topology = or_none(lambda: move.topology)
    if topology is None:
        # Not shown below 2.78, nor to every user.
        return _requested(move)
    bonds = []
    if topology.nodes:
        bonds.append(f"{topology.nodes} NUMA nodes")
    # Nova shows pinned CPUs to admins only.
    if or_none(lambda: topology.pinned):
        bonds.append("pinned CPUs")
    if topology.pagesize_kb:
        bonds.append(f"pages of {topology.pagesize_kb} KiB")
    return ", ".join(bonds)


def _requested(move: MoveFacts) -> str:
    """Read the requests like nova/virt/hardware.py, numa_get_constraints."""
    requests = {
        "NUMA nodes": requested_value(move, "numa_nodes"),
        "CPU policy": requested_value(move, "cpu_policy"),
        "page size": requested_value(move, "mem_page_size"),
        "dedicated CPUs": extra_spec(move, "resources:PCPU"),
        "persistent memory": extra_spec(move, "hw:pmem"),
    }
    return ", ".join(
        f"{name} {value}"
        for name, value in requests.items()
        if value and value != "shared"
    )
