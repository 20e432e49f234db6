"""What the destination lacks when libvirt starts the guest there."""

from osc_migrate.explain.causes.cause import Cause, cause

_PROCESS = "QEMU; libvirt, qemu_process.c"

CAUSES: tuple[Cause, ...] = (
    cause(
        "guest-definition-differs",
        r"Target [^\n]{1,200} does not match source"
        r"|Target device virtio options don't match",
        "the guest as libvirt would start it there differs from the running"
        " one; the message names the part",
        "a hard reboot gives the guest its present definition; then try again",
        source="libvirt, conf/domain_conf.c",
    ),
    cause(
        "disk-forbidden-for-qemu",
        r"[Cc]ould not open [^\n]{1,400}: Permission denied"
        r"|[Cc]annot access storage file [^\n]{1,400}: Permission denied",
        "QEMU may not open a disk there: its owner or mode, the export's"
        " root_squash, AppArmor or SELinux",
        "on that host: ls -l of the file, and as the user in qemu.conf: cat"
        " FILE; then DENIED in the kernel log",
        "instances-path-is-writable",
        source="QEMU, block/file-posix.c",
    ),
    cause(
        "disk-owner-refused",
        r"unable to set user and group to '[\d:]{1,32}' on",
        "libvirt may not give the disk to QEMU's user: usually because"
        " the export squashes root (root_squash)",
        "export it with no_root_squash; or dynamic_ownership=0 in qemu.conf"
        " with files that QEMU may write",
        "export-keeps-root",
        source="libvirt, security/security_dac.c",
    ),
    cause(
        "security-label-failed",
        r"cannot load AppArmor profile|unable to set AppArmor profile"
        r"|unable to set (?:SELinux )?security context",
        "AppArmor or SELinux on that host refuses the guest's profile or"
        " label",
        "on that host: journalctl -k | grep DENIED; aa-status, or getsebool"
        " virt_use_nfs; fix the profile, then try again",
        "destination-has-the-security-driver",
        source="libvirt, security/security_apparmor.c, security_selinux.c",
    ),
    cause(
        "emulator-missing",
        r"Cannot (?:check|find) QEMU binary",
        "that host has no QEMU under the path that the guest was started with",
        "install QEMU there under that path, or link it; hosts of two"
        " distributions differ: migrate it cold",
        source="libvirt, qemu_capabilities.c",
    ),
    cause(
        "kvm-missing",
        r"could not get preferred machine for [^\n]{1,255} type=kvm"
        r"|Could not access KVM kernel module"
        r"|KVM is not available",
        "that host cannot use KVM: no kernel module, or /dev/kvm is closed for"
        " QEMU's user",
        "on that host: lsmod | grep kvm; ls -l /dev/kvm; check virtualization"
        " in the firmware's setup",
        "kvm-is-available",
        source=_PROCESS,
    ),
    cause(
        "firmware-missing",
        r"Unable to find any firmware to satisfy",
        "that host has no UEFI firmware (OVMF) as the guest needs it",
        "install the firmware package of the source there (ovmf,"
        " edk2-ovmf), of the same version",
        source="libvirt, qemu_firmware.c",
    ),
    cause(
        "cpu-state-refused",
        r"failed to set MSR 0x|Failed to set XSAVE",
        "KVM on that host refuses the CPU state of the guest: another kernel,"
        " microcode or nested setting",
        "compare 'uname -r', microcode and kvm_intel/kvm_amd options of both"
        " hosts; move to one that has the source's",
        "destination-cpu-has-every-feature",
        source="QEMU, target/i386/kvm/kvm.c",
    ),
    cause(
        "virtio-queue-broken",
        r"inconsistent with Host index",
        "a virtio queue of the guest is inconsistent: QEMU or vhost lost part"
        " of its state",
        "try again while the guest is quiet; update QEMU on both hosts;"
        " else migrate it cold",
        source="QEMU, hw/virtio/virtio.c",
    ),
    cause(
        "tap-left-over",
        r"Unable to create tap device [^\n]{1,64}: Device or resource busy",
        "a network device of that name is left on that host, usually from"
        " an earlier move",
        "on that host: ip link show tap...; where no guest uses it: ip link"
        " del; ovs-vsctl del-port",
        source="libvirt, util/virnetdevtap.c",
    ),
    cause(
        "tpm-state-refused",
        r"Setting the stateblob \(type \d\) failed",
        "swtpm on that host cannot read the virtual TPM's state: it has"
        " another secret",
        "compare the secret of the TPM in libvirt on both hosts (virsh"
        " secret-list), or migrate it cold",
        source="QEMU, backends/tpm/tpm_emulator.c",
    ),
    cause(
        "guest-not-in-libvirt",
        r"Domain not found: no domain with matching (?:uuid|name)",
        "libvirt on that host has no such guest: it ended there, or runs on"
        " another host",
        "virsh list --all on both hosts before anything else; then the"
        " guest's log in /var/log/libvirt/qemu",
        source="libvirt, qemu_domain.c",
        general=True,
    ),
)
