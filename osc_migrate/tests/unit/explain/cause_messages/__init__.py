"""A message for each known cause: (cause, where it is from, message)."""

from osc_migrate.tests.unit.explain.cause_messages import (
    cold,
    control,
    domain,
    hardware,
    hypervisor,
    network,
    qemu,
    storage,
)

MESSAGES = [
    *domain.MESSAGES,
    *hypervisor.MESSAGES,
    *cold.MESSAGES,
    *hardware.MESSAGES,
    *network.MESSAGES,
    *storage.MESSAGES,
    *qemu.MESSAGES,
    *control.MESSAGES,
]
