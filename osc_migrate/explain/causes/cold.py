"""Cold migration: ssh from the source to the destination, as user nova.

Nova cuts what ssh says at 255 characters (nova/compute/utils.py), so that
little more than its first words remain.
"""

from osc_migrate.explain.causes.cause import Cause, cause

CAUSES: tuple[Cause, ...] = (
    cause(
        "ssh-host-key-unknown",
        r"Host key verification|REMOTE HOST IDENTIFICATION HAS CHANGED"
        # The same, cut off.
        r"|Stderr: ['\"]Host key",
        "user nova on the source does not know the destination's ssh host"
        " key, or knows another one",
        "as nova on the source: ssh-keyscan the destination's address into"
        " ~/.ssh/known_hosts",
        "nova-can-ssh",
        source="nova/virt/libvirt/volume/remotefs.py, ssh",
    ),
    cause(
        "ssh-key-refused",
        r"Permission denied \(publickey"
        # The same, cut off.
        r"|Stderr: ['\"][^'\"\s/]{1,255}: Perm",
        "the destination does not accept the ssh key of user nova",
        "put the source's ~nova/.ssh public key into the destination's"
        " authorized_keys (0600, of nova)",
        "nova-can-ssh",
        source="nova/virt/libvirt/volume/remotefs.py, ssh",
    ),
    cause(
        "ssh-account-closed",
        r"This account is currently not available",
        "user nova has no login shell on the destination",
        "on the destination: usermod -s /bin/bash nova",
        "nova-can-ssh",
        source="nova/virt/libvirt/volume/remotefs.py, ssh",
    ),
    cause(
        "ssh-unreachable",
        r"ssh: connect to host|Stderr: ['\"]ssh: ",
        "the source cannot reach sshd on the destination's address",
        "check sshd, route and firewall to the destination's my_ip (or"
        " migration_inbound_addr), port 22",
        "nova-can-ssh",
        source="nova/virt/libvirt/volume/remotefs.py, ssh",
    ),
    cause(
        "ssh-failed",
        r"not able to execute ssh command"
        r"|Command: ssh (?:-o \S{1,40} )?\S{1,255} (?:mkdir|touch|rm) ",
        "user nova on the source cannot run commands on the destination",
        "as nova on the source: ssh -o BatchMode=yes <destination's my_ip>"
        " true",
        "nova-can-ssh",
        source="nova/virt/libvirt/driver.py",
        general=True,
    ),
    cause(
        "lvm-cold",
        r"not supported for LVM backed instances",
        "Nova cannot cold-migrate disks on LVM",
        "move it with 'openstack migrate block', or shelve and unshelve",
        "disks-are-not-on-lvm",
        batch_remedy="let it run and replan with --block, or shelve and"
        " unshelve",
        source="nova/virt/libvirt/driver.py",
    ),
    cause(
        "resize-down",
        r"Unable to resize disk down",
        "the new flavor's disk is smaller than the server's",
        "choose a flavor with as large a disk",
        source="nova/virt/libvirt/driver.py",
    ),
    cause(
        "guest-would-not-stop",
        r"Failed to power off instance"
        r"|Failed to terminate process \d{1,10} with SIG",
        "the guest could not be shut down on the source",
        "see nova-compute's log on the source; stop the server, then migrate"
        " it",
        source="nova/compute/manager.py",
    ),
    cause(
        "server-on-that-host",
        r"Cannot migrate to the host where the server exists"
        r"|Unable to migrate instance \(.{1,64}\) to current host",
        "the server is on that host already",
        "name another host",
        "destination-is-elsewhere",
        source="nova/compute/api.py, nova/conductor/tasks/live_migrate.py",
    ),
)
