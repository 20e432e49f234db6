"""Faults of osc_migrate/nodes/reach"""

from functional_tests.node_faults.fault import NodeFault
from functional_tests.node_faults.network import inbound
from functional_tests.node_faults.scripts import both, on
from testbed.nodes.cluster import INSTANCES

_HOSTS = "/etc/hosts"
_SSH = "/var/lib/nova/.ssh"
_ADDRESS = inbound("10.77.0.13")


def _filter(rule, hook="input"):
    """A firewall of one rule, as an administrator wrote it by hand."""
    return (
        "systemctl disable -q --now nftables; nft flush ruleset;"
        " nft add table inet filter;"
        f" nft 'add chain inet filter {hook} {{ type filter hook {hook}"
        " priority 0; policy accept; }';"
        f" nft 'add rule inet filter {hook} {rule}'"
    )


# Of a node with a firewall as it should be, but for libvirt.
_STRICT = """\
cat >/etc/nftables.conf <<'END'
flush ruleset
table inet filter {
    chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        iif lo accept
        meta l4proto { icmp, icmpv6 } accept
        tcp dport 22 accept
        udp dport 123 accept
        ip saddr 10.77.0.11 accept
    }
}
END
systemctl enable -q nftables; systemctl restart nftables
"""
_IPTABLES = """\
nft flush ruleset
iptables -A INPUT -p tcp --dport 16509 -j REJECT
"""


def _renamed(line):
    """HostC reports its name, which HostB reads so in /etc/hosts."""

    def inject(lab):
        done = lab.run("HostC", inbound("HostC"))
        done = lab.run("HostB", f"sed -i '{line}' {_HOSTS}")
        assert done.returncode == 0, done.stderr

    return inject


def _address_again(lab):
    lab.run("HostC", _ADDRESS)


def _by_ssh(lab):
    """libvirt is reached through ssh, and root has lost its key."""
    for node in ("HostB", "HostC"):
        lab.run(
            node,
            "sed -i 's/^live_migration_scheme = .*/live_migration_scheme ="
            " ssh/' /etc/nova/nova.conf",
        )
    lab.run("HostB", "mv /root/.ssh/id_ed25519 /root/.ssh/lost")


def _by_tcp(lab):
    for node in ("HostB", "HostC"):
        lab.run(
            node,
            "sed -i 's/^live_migration_scheme = .*/live_migration_scheme ="
            " tcp/' /etc/nova/nova.conf",
        )


def _name(name, what, line):
    return NodeFault(
        check="destination-name-resolves",
        topic="dns",
        what=what,
        inject=_renamed(line),
        undo=_address_again,
        name=name,
    )


def _port(check, name, what, rule, **more):
    return NodeFault(
        check=check,
        topic="firewall",
        what=what,
        inject=_filter(rule),
        name=name,
        **more,
    )


_LIBVIRT = "destination-libvirt-port-is-open"
_DATA = "destination-data-ports-are-open"

# The disks of both are local: shared ones are not copied.
_LOCAL = f"""
cp /etc/fstab /run/fstab
sed -i '\\|{INSTANCES}|d' /etc/fstab
umount {INSTANCES}
chown nova:nova {INSTANCES}
"""
_SHARED = f"cat /run/fstab >/etc/fstab; mount {INSTANCES}"
_SUBSYSTEM = "sed -i s/^Subsystem/#Subsystem/ /etc/ssh/sshd_config"
_SUBSYSTEM_AGAIN = "sed -i s/^#Subsystem/Subsystem/ /etc/ssh/sshd_config"
_RELOAD = "systemctl reload ssh"
_PROGRAM = "/usr/lib/openssh/sftp-server"


def _sftp(name, what, inject, fix):
    return NodeFault(
        check="nova-can-copy-by-sftp",
        topic="ssh",
        what=what,
        inject=on(HostB=_LOCAL, HostC=f"{_LOCAL}\n{inject}"),
        by_hand=fix,
        undo=both(_SHARED),
        name=name,
    )


FAULTS: tuple[NodeFault, ...] = (
    _sftp(
        "sftp-not-offered",
        "sshd of the destination has no subsystem sftp",
        f"{_SUBSYSTEM}; {_RELOAD}",
        f"{_SUBSYSTEM_AGAIN}; {_RELOAD}",
    ),
    _sftp(
        "sftp-program-missing",
        "the program of the destination's sftp is not installed",
        f"mv {_PROGRAM} {_PROGRAM}.away",
        f"mv {_PROGRAM}.away {_PROGRAM}",
    ),
    _name(
        "name-unresolvable",
        "the source does not know the destination's name",
        "/^10.77.0.13 /d",
    ),
    _name(
        "name-of-nobody",
        "the destination's name has an address that nobody has",
        "s/^10.77.0.13 /10.77.0.99 /",
    ),
    _name(
        "name-of-the-source",
        "the destination's name has the source's own address",
        "s/^10.77.0.13 /10.77.0.12 /",
    ),
    _name(
        "name-loopback",
        "the destination's name is loopback on the source",
        "/^10.77.0.13 /d; s/^127.0.0.1 .*/& HostC/",
    ),
    _name(
        "name-of-two",
        "the destination's name has a second address of another machine",
        "s/^10.77.0.13 .*/10.77.0.99 HostC\\n&/",
    ),
    NodeFault(
        check="destination-is-reachable",
        topic="network",
        what="a route of the source leads nowhere",
        inject="ip route add blackhole 10.77.0.13",
        node="HostB",
        by_hand="ip route del blackhole 10.77.0.13",
    ),
    _port(
        _LIBVIRT,
        "libvirt-port-rejected",
        "the firewall rejects libvirt's port",
        "tcp dport 16509 reject",
    ),
    _port(
        _LIBVIRT,
        "libvirt-port-dropped",
        "the firewall drops packets to libvirt's port",
        "tcp dport 16509 drop",
    ),
    NodeFault(
        check=_LIBVIRT,
        topic="firewall",
        what="the firewall lets in what it knows, which is not libvirt",
        inject=_STRICT,
        # The remedy is in the file as well.
        undo="systemctl restart nftables",
        name="firewall-without-libvirt",
    ),
    NodeFault(
        check=_LIBVIRT,
        topic="firewall",
        what="iptables rejects libvirt's port",
        inject=_IPTABLES,
        name="libvirt-port-iptables",
    ),
    NodeFault(
        check=_LIBVIRT,
        topic="firewall",
        what="the source's own firewall does not let libvirt out",
        inject=_filter("tcp dport 16509 drop", "output"),
        node="HostB",
        name="libvirt-port-source",
    ),
    _port(
        _DATA,
        "data-ports-rejected",
        "the firewall rejects the ports where guests arrive",
        "tcp dport 49152-49261 reject",
    ),
    _port(
        _DATA,
        "data-ports-dropped",
        "the firewall drops packets to the ports where guests arrive",
        "tcp dport 49152-49261 drop",
    ),
    _port(
        _DATA,
        "data-ports-half-open",
        "the firewall knows libvirt's default range, qemu.conf a larger one",
        "tcp dport 49216-49261 reject with tcp reset",
        status="WARN",
    ),
    _port(
        _DATA,
        "data-ports-with-a-hole",
        "the firewall keeps some ports in the middle of the range to itself",
        "tcp dport 49170-49240 reject with tcp reset",
        status="WARN",
    ),
    _port(
        "nova-can-ssh",
        "ssh-rejected",
        "the firewall rejects ssh from the source",
        "ip saddr 10.77.0.12 tcp dport 22 reject",
    ),
    _port(
        "nova-can-ssh",
        "ssh-dropped",
        "the firewall drops ssh from the source",
        "ip saddr 10.77.0.12 tcp dport 22 drop",
    ),
    _port(
        "migration-path-carries-full-packets",
        "path-mtu",
        "something on the way loses large packets without a word",
        "ip saddr 10.77.0.12 ip length > 1400 drop",
        by_hand="nft flush ruleset",
    ),
    NodeFault(
        check="destination-libvirt-answers",
        topic="ssh",
        what="libvirt is reached by ssh, and root has no key on the source",
        inject=_by_ssh,
        node="HostB",
        by_hand="mv /root/.ssh/lost /root/.ssh/id_ed25519",
        undo=_by_tcp,
    ),
    NodeFault(
        check="nova-can-ssh",
        topic="ssh",
        what="nova has no private key on the source",
        inject=f"mv {_SSH}/id_ed25519 {_SSH}/lost",
        node="HostB",
        by_hand=f"mv {_SSH}/lost {_SSH}/id_ed25519",
        name="nova-key-missing",
    ),
    NodeFault(
        check="nova-can-ssh",
        topic="permission",
        what="nova's private key on the source may be read by others",
        inject=f"chmod 644 {_SSH}/id_ed25519",
        node="HostB",
        name="nova-key-mode",
    ),
    NodeFault(
        check="nova-can-ssh",
        topic="permission",
        what="nova's private key on the source belongs to root",
        inject=f"chown root: {_SSH}/id_ed25519",
        node="HostB",
        name="nova-key-owner",
    ),
    NodeFault(
        check="nova-can-ssh",
        topic="ssh",
        what="nova on the source does not know the destination's host key",
        inject=f"mv {_SSH}/known_hosts {_SSH}/lost",
        node="HostB",
        undo=f"mv {_SSH}/lost {_SSH}/known_hosts",
        name="host-key-unknown",
    ),
    NodeFault(
        check="nova-can-ssh",
        topic="ssh",
        what="nova on the source knows an old host key of the destination",
        inject="rm -f /tmp/old /tmp/old.pub;"
        " ssh-keygen -q -t ed25519 -N '' -f /tmp/old;"
        f" sed -i '/10.77.0.13/d' {_SSH}/known_hosts;"
        f" echo \"10.77.0.13 $(cut -d' ' -f-2 /tmp/old.pub)\""
        f" >>{_SSH}/known_hosts",
        node="HostB",
        name="host-key-changed",
    ),
    NodeFault(
        check="nova-can-ssh",
        topic="ssh",
        what="the destination has no key of nova",
        inject=f"mv {_SSH}/authorized_keys {_SSH}/lost",
        undo=f"mv {_SSH}/lost {_SSH}/authorized_keys",
        name="nova-key-not-authorized",
    ),
    NodeFault(
        check="nova-can-ssh",
        topic="permission",
        what="others may write where nova's keys lie on the destination",
        inject=f"chmod 777 {_SSH}",
        name="nova-keys-open-to-others",
    ),
    NodeFault(
        check="nova-can-ssh",
        topic="ssh",
        what="user nova has no login shell on the destination",
        inject="usermod -s /usr/sbin/nologin nova",
        name="nova-nologin",
    ),
)
