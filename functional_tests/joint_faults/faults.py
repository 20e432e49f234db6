"""All real faults, in the order in which they are played."""

from functional_tests.joint_faults import before, during

ALL = (*before.FAULTS, *during.FAULTS)
