"""Faults that are there before a move is asked for."""

from collections.abc import Iterable

from functional_tests.joint_faults.fault import (
    Action,
    RealFault,
    on_destination,
    on_source,
    run,
)
from testbed.joint import Joint, storage
from testbed.nodes.cluster import COMPUTES, INSTANCES

_CONF = "/etc/nova/nova.conf"
_KEY = "/var/lib/nova/.ssh/id_ed25519"
_HOSTS = "/var/lib/nova/.ssh/known_hosts"
_PKI = "/etc/pki/libvirt"
# Where one is missing, an operator would have to start it in this order.
_LISTEN = (
    "systemctl stop libvirtd; systemctl start libvirtd-tcp.socket;"
    " systemctl start libvirtd"
)
_NOBODY = "10.77.0.99"


def _libvirt(script: str) -> Action:
    """Do something to libvirtd on the destination, whose nova-compute
    connects anew: its old connection may take minutes to be missed."""

    def change(joint: Joint, source: str, destination: str) -> None:
        run(joint, destination, script)
        joint.restart(destination)

    return change


def _option(name: str, value: str) -> str:
    return f"sed -i 's/^{name} = .*/{name} = {value}/' {_CONF}"


def _scheme(joint: Joint, source: str, name: str) -> None:
    for node in COMPUTES:
        run(joint, node, _option("live_migration_scheme", name))
    joint.restart(source)


def _reissue(joint: Joint, node: str, end: str, *names: str, **how) -> None:
    """Another certificate for libvirt on a node; the old one is kept."""
    pem, key = joint.lab.ca.issue(node, names, **how)
    run(joint, node, f"rm -rf {_PKI}.good; cp -a {_PKI} {_PKI}.good")
    joint.lab.put(node, f"{_PKI}/{end}cert.pem", pem)
    joint.lab.put(node, f"{_PKI}/private/{end}key.pem", key, 0o600)


_GOOD = f"rm -rf {_PKI}; mv {_PKI}.good {_PKI}"


def _wrong_certificate(joint: Joint, source: str, destination: str) -> None:
    _reissue(joint, destination, "server", "other", _NOBODY)
    _libvirt("systemctl restart libvirtd")(joint, source, destination)
    _scheme(joint, source, "tls")


def _right_certificate(joint: Joint, source: str, destination: str) -> None:
    _libvirt(f"{_GOOD}; systemctl restart libvirtd")(
        joint, source, destination
    )
    _scheme(joint, source, "tcp")


def _expired(joint: Joint, source: str, destination: str) -> None:
    _reissue(
        joint, source, "client", source, joint.lab.address(source), days=-1
    )
    _scheme(joint, source, "tls")


def _renewed(joint: Joint, source: str, destination: str) -> None:
    run(joint, source, _GOOD)
    _scheme(joint, source, "tcp")


def _by_name(hosts: str) -> Action:
    """Nova names the destination; the source's file of names is edited."""

    def inject(joint: Joint, source: str, destination: str) -> None:
        for node in COMPUTES:
            run(joint, node, _option("live_migration_inbound_addr", node))
        run(
            joint,
            source,
            "cp /etc/hosts /run/hosts; sed -i"
            f" '{hosts.format(destination)}' /etc/hosts",
        )
        joint.restart(destination)

    return inject


def _by_address(joint: Joint, source: str, destination: str) -> None:
    for node in COMPUTES:
        address = joint.lab.address(node)
        run(joint, node, _option("live_migration_inbound_addr", address))
    run(joint, source, "cat /run/hosts >/etc/hosts")
    joint.restart(destination)


def _uid(old: int, new: int) -> Action:
    """As a separate installation would have numbered user nova."""
    return _libvirt(
        "systemctl stop nova-compute\n"
        f"sed -i 's/^nova:\\([^:]*\\):{old}:/nova:\\1:{new}:/' /etc/passwd\n"
        f"find /var/lib/nova /var/log/nova -xdev -uid {old}"
        f" ! -path {INSTANCES} -exec chown -h {new} {{}} +"
    )


FAULTS: Iterable[RealFault] = (
    RealFault(
        "libvirt-does-not-listen",
        "libvirt on the destination does not listen for other hosts",
        _libvirt(
            "systemctl stop libvirtd-tcp.socket libvirtd;"
            " systemctl start libvirtd"
        ),
        _libvirt(_LISTEN),
        "libvirt-listens",
        "libvirt-refused",
    ),
    RealFault(
        "data-ports-closed",
        "a firewall on the destination rejects the data ports",
        on_destination(
            "nft add table inet lab\n"
            "nft 'add chain inet lab in"
            " { type filter hook input priority 0; }'\n"
            "nft add rule inet lab in tcp dport 49152-49261"
            " reject with tcp reset"
        ),
        on_destination("nft delete table inet lab"),
        "destination-data-ports-are-open",
        "data-port-closed",
    ),
    RealFault(
        "name-of-nobody",
        "the destination's name leads the source to an address of nobody",
        _by_name(f"s/^.* {{0}} .*/{_NOBODY} {{0}}/"),
        _by_address,
        "destination-name-resolves",
        "libvirt-unreachable",
    ),
    RealFault(
        "name-unknown",
        "the source cannot resolve the destination's name",
        _by_name("/{0}/d"),
        _by_address,
        "destination-name-resolves",
        "destination-name-unknown",
    ),
    RealFault(
        "instances-not-writable",
        "the instances directory is not nova's",
        on_destination(f"chown 0:0 {INSTANCES}"),
        on_destination(f"chown nova:nova {INSTANCES}"),
        "shared-directory-is-novas",
        "storage-forbidden",
    ),
    RealFault(
        "instances-read-only",
        "the instances directory is mounted read-only on the destination",
        on_destination(f"mount -o remount,ro {INSTANCES}"),
        on_destination(f"mount -o remount,rw {INSTANCES}"),
        "instances-mount-is-read-write",
        "storage-read-only",
    ),
    RealFault(
        "instances-not-mounted",
        "the instances directory is not mounted on the destination",
        on_destination(f"umount -l {INSTANCES}"),
        on_destination(f"mount {INSTANCES}"),
        "instances-path-is-mounted",
        "shared-storage-missing",
    ),
    RealFault(
        "uid-differs",
        "user nova has another number on the destination",
        _uid(64060, 64061),
        _uid(64061, 64060),
        "nova-uid-agrees",
        "storage-forbidden",
    ),
    RealFault(
        "certificate-expired",
        "the source's client certificate has expired",
        _expired,
        _renewed,
        "tls-client-certificate-is-in-date",
        "certificate-refused",
    ),
    RealFault(
        "certificate-of-another",
        "the destination's certificate is for another name",
        _wrong_certificate,
        _right_certificate,
        "tls-server-certificate-names-the-node",
        "certificate-refused",
    ),
    RealFault(
        "ssh-key-missing",
        "user nova has no private key on the source",
        on_source(f"mv {_KEY} {_KEY}.away"),
        on_source(f"mv {_KEY}.away {_KEY}"),
        "nova-can-ssh",
        "ssh-key-refused",
        kind="cold",
    ),
    RealFault(
        "ssh-host-key-unknown",
        "user nova on the source does not know the destination's host key",
        on_source(f"mv {_HOSTS} {_HOSTS}.away"),
        on_source(f"mv {_HOSTS}.away {_HOSTS}"),
        "nova-can-ssh",
        "ssh-host-key-unknown",
        kind="cold",
    ),
    RealFault(
        "disk-full",
        "no file can be made in the destination's instances directory",
        on_destination(
            f"mount -t tmpfs -o size=4g,nr_inodes=1,uid=64060,gid=64060,"
            f"mode=755 tmpfs {INSTANCES}"
        ),
        on_destination(f"umount {INSTANCES}"),
        "instances-path-has-space",
        "disk-full",
        kind="block",
        storage=storage.LOCAL,
    ),
)
