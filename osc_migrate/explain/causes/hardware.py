"""CPU, NUMA, devices: what the guest needs of a host."""

from osc_migrate.explain.causes.cause import Cause, cause

_LIBVIRT = "nova/virt/libvirt/driver.py"
_LIVE = "nova/conductor/tasks/live_migrate.py"

CAUSES: tuple[Cause, ...] = (
    cause(
        "cpu-incompatible",
        r"Unacceptable CPU info"
        r"|CPU doesn't have compatibility"
        r"|guest CPU doesn't match specification"
        r"|CPU is incompatible with host CPU"
        r"|Unknown CPU model"
        r"|InvalidCPUInfo",
        "the destination's CPU lacks features that the guest uses",
        "move to a host with as new a CPU and microcode; for all guests: set"
        " cpu_mode=custom with a model that every host has",
        "destination-cpu-has-every-feature",
        source=_LIBVIRT,
    ),
    cause(
        "hypervisor-too-old",
        r"requires a newer hypervisor version|DestinationHypervisorTooOld",
        "the destination's hypervisor is older than the source's",
        "upgrade the destination, or move to a host with as new a QEMU",
        "destination-hypervisor-is-not-older",
        source=_LIVE,
    ),
    cause(
        "hypervisor-differs",
        r"supplied hypervisor type of is invalid|InvalidHypervisorType",
        "source and destination have different kinds of hypervisor",
        "choose a host with the source's kind of hypervisor",
        "destination-has-the-same-hypervisor",
        source=_LIVE,
    ),
    cause(
        "numa-before-train",
        r"Instance has an associated NUMA topology",
        "a compute service older than Train is left, and the server has a"
        " NUMA topology",
        "upgrade every nova-compute, or delete dead services",
        "bound-guest-can-move",
        source=_LIVE,
    ),
    cause(
        "numa-does-not-fit",
        r"Requested instance NUMA topology"
        r"|Requested page size is different"
        r"|Requested CPU control policy not supported"
        r"|CPU set to pin \["
        r"|Page size .{1,20} is not supported by the host"
        r"|Host does not support guests with (?:NUMA|custom memory page)",
        "the destination cannot give the server its NUMA cells, pinned CPUs"
        " or huge pages",
        "choose a host with free dedicated CPUs and huge pages in one NUMA"
        " node",
        "guest-is-not-bound",
        source="nova/compute/claims.py",
    ),
    cause(
        "pci-not-migratable",
        r"explicitly request live-migratable devices",
        "the server has a PCI device that its alias does not call"
        " live_migratable",
        "set live_migratable in [pci]alias and device_spec if it is; else"
        " migrate it cold",
        "pci-devices-can-move",
        source=_LIVE,
    ),
    cause(
        "pci-port",
        r"Cannot live migrate VIF with related PCI",
        "a port is on a PCI device, and Neutron or a host cannot move such",
        "load Neutron's binding-extended, upgrade nova-compute, or migrate"
        " it cold",
        "sriov-ports-can-move",
        source=_LIVE,
    ),
    cause(
        "pci-none-free",
        r"Claim pci failed|PCI device request .{1,255} failed"
        r"|Attempt to consume PCI device .{1,64} from empty pool"
        r"|PCI device .{1,64} is in use by driver",
        "the destination has no free PCI device of that kind",
        "choose a host that has one free",
        source="nova/compute/claims.py, nova/pci/stats.py",
    ),
    cause(
        "vpmem",
        r"Cannot live migrate with virtual persistent memory",
        "a server with virtual persistent memory cannot move live",
        "migrate it cold",
        "guest-pmem-can-move",
        source=_LIVE,
    ),
    cause(
        "vgpu-type",
        r"Source mdev"
        r"|Unable to find the destination mediated device",
        "the destination does not have the server's vGPU type, or none free",
        "enable that mdev type on the destination, or choose another host",
        "vgpus-can-move",
        source=_LIBVIRT,
    ),
    cause(
        "vgpu-too-old",
        r"Either libvirt or QEMU version for compute service",
        "a host's libvirt (8.6) or QEMU (8.1) is too old to move a vGPU",
        "upgrade that host, or migrate it cold",
        "vgpus-can-move",
        source=_LIBVIRT,
    ),
    cause(
        "tpm-secret-lost",
        r"TPM secret was not found|TPM encryption secret for instance",
        "the source has lost the secret of the server's virtual TPM",
        "openstack server reboot --hard makes it again; then try again",
        source=_LIBVIRT,
    ),
    cause(
        "tpm",
        r"not supported for vTPM-enabled"
        r"|vTPM live migration is not supported",
        "the server's virtual TPM belongs to its user, or a nova-compute is"
        " too old to move it",
        "migrate it cold, or use hw:tpm_secret_security=host or deployment",
        "guest-tpm-can-move",
        source="nova/compute/api.py",
    ),
    cause(
        "memory-encrypted",
        r"not supported for (?:SEV-enabled|mem encryption)",
        "a guest with encrypted memory cannot move live",
        "migrate it cold",
        "guest-memory-is-not-encrypted",
        source="nova/compute/api.py",
    ),
    cause(
        "accelerator",
        r"(?:instances|Ports) that have accelerators",
        "a server with a Cyborg accelerator cannot move",
        "detach the accelerator, or rebuild the server elsewhere",
        "server-has-no-accelerator",
        source="nova/compute/api.py",
    ),
    cause(
        "vdpa",
        r"not supported for instance with vDPA"
        r"|vDPA devices cannot be migrated",
        "a server with vDPA ports cannot move while old computes are left",
        "upgrade every nova-compute, or detach the port",
        "ports-can-move",
        source="nova/compute/api.py",
    ),
    cause(
        "serial-console",
        r"must disable serial console",
        "the destination does not report where its serial console listens",
        "set [serial_console]enabled=false on both, or upgrade the"
        " destination",
        source=_LIBVIRT,
    ),
)
