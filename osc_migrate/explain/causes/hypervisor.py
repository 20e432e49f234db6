"""libvirt and QEMU, while they copy the guest.

Nova keeps none of these in its API: they stand in the log of nova-compute on
the source, after 'Live Migration failure' (nova/virt/libvirt/driver.py).
"""

from osc_migrate.explain.causes.cause import Cause, cause

CAUSES: tuple[Cause, ...] = (
    cause(
        "migration-aborted",
        r"operation aborted: job '.{1,40}' canceled by client"
        r"|operation aborted: migration .{1,40} canceled by client",
        "the move was aborted, or it took longer than"
        " live_migration_completion_timeout",
        "if no user aborted it: let the guest write less, or allow"
        " auto-converge or post-copy, then try again",
        source="libvirt; nova/virt/libvirt/migration.py",
    ),
    cause(
        "guest-never-converged",
        r"[Ll]ive migration not completed after",
        "the guest writes its memory faster than it can be copied",
        "allow auto-converge or post-copy in nova.conf, give the move more"
        " bandwidth, or do it while the guest is quiet",
        source="nova/virt/libvirt/migration.py",
    ),
    cause(
        "post-copy-impossible",
        r"Postcopy is not supported|userfaultfd not available"
        r"|Userfault on this host does not support",
        "a host does not let QEMU use userfaultfd, which post-copy needs",
        "sysctl vm.unprivileged_userfaultfd=1 on both hosts, or"
        " live_migration_permit_post_copy=false",
        "hosts-can-post-copy",
        source="QEMU",
    ),
    cause(
        "guest-is-gone",
        r"post live migration at destination host\.?: [\w.]{0,40}"
        r"InstanceNotFound",
        "no host has the guest any more: its QEMU died while it was copied",
        "the end of /var/log/libvirt/qemu/GUEST.log on the source says why;"
        " openstack server reboot --hard starts it again",
        "paused-guest-has-run-here",
        source="nova/compute/manager.py; seen with QEMU 7.2",
    ),
    cause(
        "guest-moved-without-nova",
        r"(?m)^Instance .{1,64} could not be found\.$",
        "nova-compute on the source was restarted while libvirt copied on:"
        " the guest may run on the destination, unknown to Nova",
        "virsh list --all on both hosts; when it runs on the destination"
        " alone: do not start or reboot the server, virsh migrate the guest"
        " back",
        source="nova/compute/manager.py, _reset_live_migration; seen",
    ),
    cause(
        "destination-is-source",
        r"Attempt to migrate guest to the same host",
        "the destination's name leads back to the source, or both hosts have"
        " one host UUID in libvirt",
        "compare 'getent hosts' of the destination's"
        " live_migration_inbound_addr on all hosts, and 'virsh sysinfo'",
        "destination-name-resolves",
        source="libvirt",
    ),
    cause(
        "destination-name-unknown",
        r"Unable to resolve address '"
        r"|Name or service not known"
        r"|Temporary failure in name resolution"
        r"|unable to resolve host",
        "the source cannot resolve the destination's name",
        "on the source: getent hosts <destination>; fix DNS or /etc/hosts,"
        " or set live_migration_inbound_addr to an address",
        "destination-name-resolves",
        source="libvirt; nova/conf/libvirt.py",
    ),
    cause(
        "data-port-closed",
        # QEMU's ports: libvirt's default, and what deployments move it to.
        r"unable to connect to server at '[^'\n]{1,255}:(?:49|6[01])\d{3}'"
        r"|(?:drive-mirror|blockdev-add|blockdev-mirror)'?: Failed to connect",
        "QEMU's data ports are closed on the destination",
        "open migration_port_min to _max of the destination's qemu.conf"
        " (49152-49215 by default) for the source",
        "destination-data-ports-are-open",
        source="libvirt; QEMU",
    ),
    cause(
        "data-port-silent",
        r"cannot acquire state change lock",
        "a migration job hangs in libvirt: usually a firewall that drops"
        " packets to the destination's data ports",
        "see 'virsh list --all' on both hosts before you try again; then"
        " open the data ports (49152-49215 by default)",
        "destination-data-ports-are-open",
        source="libvirt",
    ),
    cause(
        "libvirt-refused",
        r"unable to connect to server at '[^'\n]{1,255}': Connection refused",
        "libvirt on the destination does not listen for other hosts",
        "on the destination: systemctl status libvirtd-tcp.socket"
        " libvirtd-tls.socket (virtproxyd-...); is live_migration_scheme"
        " the same on both?",
        "destination-libvirt-answers",
        source="libvirt",
    ),
    cause(
        "libvirt-unreachable",
        r"unable to connect to server at '"
        r"|Failed to connect to remote libvirt URI",
        "the source cannot reach libvirt on the destination",
        "check route and firewall to the destination's"
        " live_migration_inbound_addr, ports 16509 (tcp) and 16514 (tls)",
        "destination-libvirt-answers",
        source="libvirt",
    ),
    cause(
        "libvirt-connection-broke",
        r"End of file while reading data",
        "a connection to libvirt broke: libvirtd or QEMU ended during the"
        " call",
        "on both hosts: journalctl -u libvirtd (virtqemud), and"
        " /var/log/libvirt/qemu/GUEST.log on the destination",
        source="libvirt, virnetsocket.c",
        general=True,
    ),
    cause(
        "certificate-refused",
        r"Failed to verify peer's certificate"
        r"|certificate (?:/[\w./-]{1,200} )?(?:has expired|is not yet active)"
        r"|The certificate (?:is not trusted|has been revoked)"
        r"|The certificate hasn't got a known issuer"
        r"|Unable to verify (?:server|client) certificate"
        r"|server verification \(of our certificate"
        r"|owner does not match the hostname",
        "a host's TLS certificate is of another CA, for another name, or has"
        " expired",
        "run virt-pki-validate on both hosts; the name must be the one that"
        " Nova connects to; after a renewal: virt-admin server-update-tls"
        " libvirtd",
        "hosts-trust-each-other",
        source="libvirt",
    ),
    cause(
        "certificate-missing",
        r"Unable to read TLS confirmation"
        r"|Cannot read CA certificate"
        r"|Cannot read certificate '"
        r"|Unable to set x509 (?:key and )?certificate",
        "the source has no usable TLS client certificate",
        "on the source: virt-pki-validate; install"
        " /etc/pki/libvirt/clientcert.pem and its key",
        "hosts-trust-each-other",
        source="libvirt",
    ),
    cause(
        "certificate-too-late",
        r"Unable to access credentials",
        "QEMU does not find its TLS files: they are missing, or the guest was"
        " started before they were there",
        "ls -l /etc/pki/qemu on both hosts; where the files are there, restart"
        " the guest (stop, start)",
        "guest-knows-tls",
        source="QEMU",
    ),
    cause(
        "libvirt-login-refused",
        r"authentication failed",
        "libvirt on the destination refuses the source's login",
        "compare the SASL or TLS settings of libvirtd.conf on both hosts",
        "hosts-trust-each-other",
        source="libvirt",
        general=True,
    ),
    cause(
        "ceph-secret-missing",
        r"no secret matches uuid"
        r"|could not get value of the secret"
        r"|Secret not found: ",
        "libvirt on the destination does not have the secret for Ceph",
        "on the destination: virsh secret-list; define the secret of"
        " rbd_secret_uuid and set its value",
        "destination-has-ceph-secret",
        source="libvirt",
    ),
    cause(
        "machine-type-unknown",
        r"unsupported machine type|does not support machine type",
        "the destination's QEMU does not know the guest's machine type",
        "move to a host with as new a QEMU; set hw_machine_type before the"
        " next start",
        "destination-knows-machine-type",
        source="QEMU",
    ),
    cause(
        "storage-not-shared-for-libvirt",
        r"Unsafe migration: Migration without shared storage",
        "libvirt does not recognize the instances' filesystem as shared",
        "mount it as NFS, CephFS or GlusterFS on both hosts, or move it with"
        " 'openstack migrate block', which copies the disks",
        "hosts-share-storage",
        batch_remedy="mount it as NFS, CephFS or GlusterFS on both hosts, or"
        " replan with --block, which copies the disks",
        source="libvirt",
    ),
    cause(
        "shared-memory-refused",
        r"failed to allocate shared memory",
        "AppArmor or SELinux forbids QEMU to allocate the migration's memory",
        "on both hosts: look for DENIED in the kernel log, and fix the"
        " profile of libvirt",
        source="launchpad bug 1626972",
    ),
)
