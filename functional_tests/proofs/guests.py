"""What is wrong with what a server is made of: devices, disks, ports."""

from functional_tests.proofs.fault import EDITED, NO_HOST, RECORDED, Fault
from functional_tests.proofs.inject import columns

PORTS = {"networks": ["provider", "tenant"]}


def _flavor(**specs):
    """Extra specs of the server's copy of its flavor; '__' for ':'."""
    return lambda lab, name: lab.edits.extra_specs(lab.id(name), **specs)


def _encrypted(lab, name):
    server = lab.id(name)
    lab.edits.extra_specs(server, hw__mem_encryption="true")
    # Nova boots such a guest with these alone.
    lab.edits.image_properties(
        server, hw_firmware_type="uefi", hw_machine_type="q35"
    )


def _vnic(vnic_type):
    return lambda lab, name: lab.edit_ports(name, vnic_type)


def _stale_binding(lab, name):
    lab.bind(name, "HostC")


def _image_gone(lab, name):
    lab.delete_image(name)


FAULTS = (
    Fault(
        "flavor-and-image-are-known",
        "UNKNOWN",
        "the image was deleted, and the API does not show its copy",
        name="flavor-and-image-are-known",
        options=("--os-compute-api-version", "2.97"),
        boot={"image": "flavor-and-image-are-known"},
        inject=_image_gone,
    ),
    Fault(
        "guest-memory-is-not-encrypted",
        "FAIL",
        "the flavor asks for encrypted memory",
        how=EDITED,
        nova="not supported for mem encryption enabled instance",
        inject=_encrypted,
    ),
    Fault(
        "guest-tpm-can-move",
        "FAIL",
        "the flavor asks for a TPM",
        how=EDITED,
        nova="not supported for vTPM-enabled instance",
        inject=_flavor(hw__tpm_version="2.0", hw__tpm_model="tpm-crb"),
    ),
    Fault(
        "server-has-no-accelerator",
        "FAIL",
        "the flavor asks for an accelerator",
        how=EDITED,
        nova="not supported with instances that have accelerators",
        inject=_flavor(accel__device_profile="gpu"),
    ),
    Fault(
        "server-has-no-share",
        "FAIL",
        "a Manila share is attached",
        how=EDITED,
        nova="not supported with instances that have shares",
        inject=lambda lab, name: lab.edits.share(lab.id(name)),
    ),
    Fault(
        "shares-can-move",
        "WARN",
        "a Manila share is attached",
        how=EDITED,
        kind="cold",
        inject=lambda lab, name: lab.edits.share(lab.id(name)),
    ),
    Fault(
        "guest-pmem-can-move",
        "FAIL",
        "persistent memory, before Victoria",
        how=RECORDED,
        nova="Cannot live migrate with virtual persistent memory",
    ),
    Fault(
        "pci-devices-can-move",
        "UNKNOWN",
        "the flavor asks for a PCI device",
        how=EDITED,
        nova="does not explicitly request live-migratable devices",
        inject=_flavor(pci_passthrough__alias="card:1"),
    ),
    Fault(
        "vgpus-can-move",
        "WARN",
        "the flavor asks for a virtual GPU",
        how=EDITED,
        inject=_flavor(resources__VGPU="1"),
    ),
    Fault(
        "bound-guest-can-move",
        "FAIL",
        "a guest bound to NUMA nodes, before Train",
        how=RECORDED,
        nova="Instance has an associated NUMA topology",
    ),
    Fault(
        "guest-is-not-bound",
        "WARN",
        "the flavor asks for a NUMA node",
        boot={"flavor": "numa"},
    ),
    Fault(
        "disks-are-there-to-copy",
        "FAIL",
        "the server boots from a volume",
        how=EDITED,
        kind="block",
        nova="Block migration can not be used with shared storage",
        inject=columns(image_ref=""),
    ),
    Fault(
        "config-drive-is-copied",
        "WARN",
        "the server has a config drive",
        kind="block",
        boot={"config_drive": True},
    ),
    Fault(
        "image-is-in-glance",
        "WARN",
        "the server's image was deleted",
        kind="block",
        boot={"image": "image-is-in-glance"},
        inject=_image_gone,
    ),
    Fault(
        "volumes-can-be-attached",
        "FAIL",
        "a volume is in error",
        how=RECORDED,
        nova="Invalid volume",
    ),
    Fault(
        "ports-can-move",
        "FAIL",
        "a port has an accelerator",
        how=EDITED,
        nova="not supported with Ports that have accelerators",
        boot=PORTS,
        inject=_vnic("accelerator-direct"),
    ),
    Fault(
        "sriov-ports-can-move",
        "FAIL",
        "an SR-IOV port, Neutron without binding-extended",
        how=RECORDED,
        nova="Cannot live migrate VIF with related PCI",
    ),
    Fault(
        "ports-stay-plugged",
        "WARN",
        "a port has a device passed through",
        how=EDITED,
        boot=PORTS,
        inject=_vnic("direct"),
    ),
    Fault(
        "ports-are-bound-before-the-move",
        "WARN",
        "Neutron without binding-extended",
        how=RECORDED,
    ),
    Fault(
        "ports-are-bound-where-it-is",
        "FAIL",
        "a binding of an earlier move was left on the destination",
        nova=NO_HOST,
        boot=PORTS,
        inject=_stale_binding,
    ),
)
