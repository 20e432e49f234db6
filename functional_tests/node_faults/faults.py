"""All faults of nodes, in the order of the checks."""

from functional_tests.node_faults import (
    accounts,
    config,
    libvirt,
    network,
    reach,
    releases,
    storage,
    system,
    tls,
    volumes,
)

ALL = (
    *config.FAULTS,
    *system.FAULTS,
    *accounts.FAULTS,
    *storage.FAULTS,
    *network.FAULTS,
    *libvirt.FAULTS,
    *releases.FAULTS,
    *tls.FAULTS,
    *volumes.FAULTS,
    *reach.FAULTS,
)


def of(lab):
    """Those for that kind of lab."""
    return [fault for fault in ALL if fault.lab == lab]
