"""Faults of osc_migrate/nodes/small/known_bugs.py

The nodes have one release of each program. Of other ones only the version is
there: its metadata, or what virsh says.
"""

from functional_tests.node_faults.fault import NodeFault
from functional_tests.node_faults.libvirt import (
    FORGET,
    libvirt_says,
    remembered,
)
from functional_tests.node_faults.scripts import RESTORE, both, options

_PACKAGES = "/usr/lib/python3/dist-packages"


def _new_qemu_with_connections(lab):
    """HostC gets a QEMU that is newer than HostB's and has the bug."""
    both(
        options(
            "libvirt",
            live_migration_parallel_connections=4,
            live_migration_permit_post_copy="false",
        )
    )(lab)
    lab.run("HostC", remembered("s,<version>7002[0-9]*,<version>9002000,"))


def _one_connection(lab):
    both(RESTORE)(lab)
    lab.run("HostC", FORGET)


FAULTS: tuple[NodeFault, ...] = (
    NodeFault(
        "known-bugs-of-nova-are-fixed",
        "version",
        "nova-compute of a release that loses guests whose copy was completed",
        f"mkdir -p {_PACKAGES}/nova-25.0.1.dist-info",
        by_hand=f"cd {_PACKAGES}; mv nova-25.0.1.dist-info"
        " nova-34.0.0.dist-info",
        undo=f"rm -r {_PACKAGES}/nova-*.dist-info",
    ),
    NodeFault(
        "known-bugs-of-libvirt-are-fixed",
        "version",
        "libvirt of a release that crashes when it is restarted in a move",
        both(libvirt_says("8.8.0")),
        status="WARN",
        by_hand=both(FORGET),
    ),
    NodeFault(
        "known-bugs-between-releases-are-fixed",
        "version",
        "QEMU 9.2.0, which takes no copy over several connections from an"
        " older one",
        _new_qemu_with_connections,
        status="WARN",
        by_hand=_one_connection,
        # The way back, to the older one.
        beside=("destination-has-as-new-a-qemu", "hosts-have-equal-qemu"),
    ),
)
