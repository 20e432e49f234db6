"""Faults of osc_migrate/checks/nodes/reach.py"""

from functional_tests.node_faults.fault import NodeFault

FAULTS: tuple[NodeFault, ...] = ()
