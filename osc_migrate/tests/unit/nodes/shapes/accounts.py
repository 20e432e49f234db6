from osc_migrate.nodes.accounts.facts import Account, Accounts

NOVA = Account(
    *("nova", 64060, 64060, "nova", "/var/lib/nova", "/bin/bash"),
    groups=frozenset({"nova", "libvirt", "libvirt-qemu"}),
)
QEMU = Account(
    *("libvirt-qemu", 64055, 64055, "libvirt-qemu", "/var/lib/libvirt"),
    shell="/usr/sbin/nologin",
    groups=frozenset({"kvm", "libvirt-qemu"}),
)
HEALTHY = {
    "nova": NOVA,
    "qemu": QEMU,
    "qemu_name": "libvirt-qemu",
    "qemu_is_set": False,
    "users": {0: "root", 64055: "libvirt-qemu", 64060: "nova"},
    "groups": {0: "root", 64055: "libvirt-qemu", 64060: "nova"},
    "libvirt_says": "",
    "libvirt_group": "libvirt",
    "nova_unit": "nova-compute",
    "libvirt_unit": "libvirtd",
}


def healthy(name, **changes):
    return Accounts(**(HEALTHY | changes))
