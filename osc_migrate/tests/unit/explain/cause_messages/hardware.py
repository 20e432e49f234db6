"""Messages of osc_migrate/explain/causes/hardware.py."""

from osc_migrate.tests.unit.explain.cause_messages.source import (
    DOC,
    NOVA,
    PRECHECK,
    UUID,
)

MESSAGES = [
    (
        "cpu-incompatible",
        NOVA,
        f"{PRECHECK}Unacceptable CPU info: CPU doesn't have"
        " compatibility.\n\n0\n\nRefer to http://libvirt.org/html/",
    ),
    (
        "cpu-incompatible",
        DOC,
        "operation failed: guest CPU doesn't match specification: missing"
        " features: pcid",
    ),
    (
        "cpu-incompatible",
        DOC,
        "internal error: Unknown CPU model EPYC-Turin",
    ),
    (
        "hypervisor-too-old",
        NOVA,
        "The instance requires a newer hypervisor version than has been"
        " provided.",
    ),
    (
        "hypervisor-differs",
        NOVA,
        "The supplied hypervisor type of is invalid.",
    ),
    (
        "numa-before-train",
        NOVA,
        f"{PRECHECK}Instance has an associated NUMA topology, cell contains"
        " compute nodes older than train",
    ),
    (
        "numa-does-not-fit",
        NOVA,
        "Insufficient compute resources: Requested instance NUMA topology"
        " cannot fit the given host NUMA topology.",
    ),
    (
        "pci-not-migratable",
        NOVA,
        f"{PRECHECK}This request does not explicitly request live-migratable"
        " devices.",
    ),
    (
        "pci-port",
        NOVA,
        f"{PRECHECK}Cannot live migrate VIF with related PCI, Neutron does"
        " not support required port binding extension.",
    ),
    ("pci-none-free", NOVA, "PCI device request [{'id': 1}] failed"),
    (
        "vpmem",
        NOVA,
        f"{PRECHECK}Cannot live migrate with virtual persistent memory, the"
        " operation is not supported.",
    ),
    (
        "vgpu-type",
        NOVA,
        f"{PRECHECK}Unable to migrate {UUID}: Source mdev types ['nvidia-35']"
        " are not supported by this compute : ['nvidia-36'] ",
    ),
    (
        "vgpu-too-old",
        NOVA,
        f"{PRECHECK}Unable to migrate {UUID}: Either libvirt or QEMU version"
        " for compute service target are too old than the supported ones",
    ),
    (
        "tpm-secret-lost",
        NOVA,
        "TPM secret was not found. Try hard-rebooting the instance to"
        " recover.",
    ),
    (
        "tpm",
        NOVA,
        "Operation 'live-migration' not supported for vTPM-enabled instance"
        f" ({UUID}).",
    ),
    (
        "memory-encrypted",
        NOVA,
        "Operation 'live-migration' not supported for mem encryption enabled"
        f" instance ({UUID}).",
    ),
    (
        "memory-encrypted",
        DOC,
        "Operation 'live-migration' not supported for SEV-enabled instance",
    ),
    (
        "accelerator",
        NOVA,
        "Feature not supported with instances that have accelerators.",
    ),
    (
        "vdpa",
        NOVA,
        "Operation 'live_migration' not supported for instance with vDPA"
        " ports ((instance_uuid)s).",
    ),
    (
        "serial-console",
        NOVA,
        "Migration error: Your destination node does not support retrieving"
        " listen addresses. In order for live migration to work properly you"
        " must disable serial console.",
    ),
]
