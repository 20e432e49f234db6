"""Faults of osc_migrate/nodes/tls

Nova reaches libvirt by TCP in a healthy lab: each fault first lets it use
TLS on both compute nodes, and the end of it takes that back.
"""

from functional_tests.node_faults.certificates import (
    CLIENT,
    CLIENT_KEY,
    QEMU,
    SERVER,
    SERVER_KEY,
    client,
    elliptic,
    old_authority,
    other_authority,
    other_key,
    qemu,
    server,
)
from functional_tests.node_faults.fault import BROKEN, NodeFault
from functional_tests.node_faults.scripts import both, options
from testbed.nodes.cluster import ADDRESSES, COMPUTES

_ON = """
set -e
cp -a /etc/nova/nova.conf /root/nova.conf
rm -rf /root/pki; cp -a /etc/pki /root/pki
sed -i 's/^live_migration_scheme = .*/live_migration_scheme = tls/
/^live_migration_scheme/a live_migration_with_native_tls = true
' /etc/nova/nova.conf
"""
_OFF = """
set -e
cat /root/nova.conf >/etc/nova/nova.conf
rm -rf /etc/pki; cp -a /root/pki /etc/pki
"""
# What an operator does who follows the words.
_REISSUED = "rm -rf /etc/pki; cp -a /root/pki /etc/pki"
_ALLOWED = "/etc/libvirt/libvirtd.conf"
_REREAD = "virt-admin -c libvirtd:///system server-update-tls libvirtd"


def _run(lab, node, script):
    done = lab.run(node, script)
    assert done.returncode == 0, done.stderr


def _tls(lab):
    for node in COMPUTES:
        _run(lab, node, _ON)


def _plain(lab):
    for node in COMPUTES:
        _run(lab, node, _OFF)


def _plain_and_reread(lab):
    _plain(lab)
    _run(lab, BROKEN, _REREAD)


def _reread(inject):
    """The same fault, which libvirtd has read."""

    def brought_about(lab):
        inject(lab)
        _run(lab, BROKEN, _REREAD)

    return brought_about


def _served_without_a_look(inject):
    """As if the certificate had expired while it is served; the files are
    fine again."""

    def brought_about(lab):
        inject(lab)
        _run(
            lab,
            BROKEN,
            f"""set -e
cp -p {_ALLOWED} /root/libvirtd.conf
echo 'tls_no_sanity_certificate = 1' >>{_ALLOWED}
systemctl restart libvirtd
timeout 60 openssl s_client -connect {ADDRESSES[BROKEN]}:16514 </dev/null |
    grep -q 'BEGIN CERTIFICATE'
cat /root/libvirtd.conf >{_ALLOWED}
{_REISSUED}""",
        )

    return brought_about


def _fault(check, what, inject, **more):
    """A fault on one node of a lab where Nova uses TLS.

    :param inject: a shell script, or a function of the lab.
    """

    def brought_about(lab):
        _tls(lab)
        if callable(inject):
            inject(lab)
        else:
            _run(lab, BROKEN, inject)

    more.setdefault("by_hand", _REISSUED)
    more.setdefault("undo", _plain)
    return NodeFault(check, "tls", what, brought_about, **more)


def _only(option):
    """A function of the lab: nova.conf of both with this option alone."""

    def inject(lab):
        for node in COMPUTES:
            _run(
                lab,
                node,
                _ON + "cat /root/nova.conf >/etc/nova/"
                "nova.conf\nsed -i '/^live_migration_scheme/a "
                + option
                + "' /etc/nova/nova.conf",
            )

    return inject


def _connections(number):
    return both(
        options(
            "libvirt",
            live_migration_parallel_connections=number,
            live_migration_permit_post_copy="false",
        )
    )


FAULTS: tuple[NodeFault, ...] = (
    NodeFault(
        "native-tls-needs-scheme-tls",
        "tls",
        "QEMU is to encrypt, and libvirt is reached by TCP: silently nothing"
        " is encrypted",
        _only("live_migration_with_native_tls = true"),
        status="WARN",
        undo=_plain,
    ),
    NodeFault(
        "tunnelled-and-native-tls-exclude",
        "tls",
        "both tunnelled and native TLS: nova-compute does not start",
        _only(
            "live_migration_tunnelled = true\\n"
            "live_migration_with_native_tls = true"
        ),
        undo=_plain,
    ),
    NodeFault(
        "qemu-forces-no-tls",
        "tls",
        "libvirt insists on native TLS, which Nova does not use",
        "echo 'migrate_tls_force = 1' >>/etc/libvirt/qemu.conf",
        by_hand="sed -i /^migrate_tls_force/d /etc/libvirt/qemu.conf",
    ),
    _fault(
        "known-bugs-of-disk-copies-are-fixed",
        "several connections with native TLS, for which libvirt is too old",
        _connections(4),
        status="WARN",
        by_hand=_connections(1),
    ),
    _fault(
        "tls-ca-is-there",
        "no CA certificate of libvirt's",
        "rm /etc/pki/CA/cacert.pem",
    ),
    _fault(
        "tls-ca-is-there",
        "the CA certificate is cut short",
        "truncate -s 300 /etc/pki/CA/cacert.pem",
        name="tls-ca-is-broken",
    ),
    _fault(
        "tls-ca-is-in-date",
        "a CA that is not used any more has expired",
        old_authority,
    ),
    _fault(
        "tls-server-certificate-is-there",
        "no server certificate",
        f"rm {SERVER}",
    ),
    _fault(
        "tls-server-certificate-is-there",
        "the server certificate is empty, as a full disk leaves it",
        f": >{SERVER}",
        name="tls-server-certificate-is-empty",
    ),
    _fault(
        "tls-server-certificate-is-in-date",
        "the server certificate has expired",
        server(days=-1),
    ),
    _fault(
        "tls-server-certificate-is-in-date",
        "the server certificate is of tomorrow",
        server(start=1),
        name="tls-server-certificate-is-too-new",
    ),
    _fault(
        "tls-server-certificate-is-in-date",
        "the server certificate ends in ten days",
        server(days=10),
        status="WARN",
        name="tls-server-certificate-ends-soon",
    ),
    _fault(
        "tls-server-certificate-is-fit",
        "the server certificate is one for clients only",
        server(server=False),
        status="WARN",
    ),
    _fault(
        "tls-server-certificate-is-fit",
        "the server certificate has a key of an elliptic curve, which this"
        " libvirt refuses",
        elliptic,
        name="tls-server-certificate-is-elliptic",
    ),
    _fault(
        "tls-server-certificate-names-the-node",
        "the server certificate is for another node",
        server("HostB", ADDRESSES["HostB"]),
    ),
    _fault(
        "tls-server-certificate-names-the-node",
        "the server certificate is for the name, and Nova connects to the"
        " address",
        server(BROKEN),
        name="tls-server-certificate-is-for-the-name",
    ),
    _fault(
        "tls-server-certificate-is-signed",
        "the server certificate is of another CA",
        server(other=True),
    ),
    _fault(
        "tls-server-key-fits",
        "the server's key is another one's",
        other_key(SERVER_KEY),
    ),
    _fault(
        "tls-server-key-fits",
        "the server's key is missing",
        f"rm {SERVER_KEY}",
        name="tls-server-key-is-missing",
    ),
    _fault(
        "libvirt-serves-its-certificate",
        "the server certificate was renewed, and libvirt serves the old one",
        server(days=800),
        status="WARN",
        by_hand="",
        undo=_plain_and_reread,
    ),
    _fault(
        "libvirt-serves-its-certificate",
        "libvirt serves a certificate that has expired; the file is renewed",
        _served_without_a_look(server(days=-1)),
        by_hand="",
        undo=_plain_and_reread,
        # The source refuses it.
        beside=("destination-libvirt-answers",),
        name="libvirt-serves-an-expired-certificate",
    ),
    _fault(
        "tls-keys-are-private",
        "everybody may read the server's key",
        f"chmod 644 {SERVER_KEY}",
        status="WARN",
        by_hand="",
    ),
    _fault(
        "tls-client-certificate-is-there",
        "no client certificate",
        f"rm {CLIENT}",
    ),
    _fault(
        "tls-client-certificate-is-in-date",
        "the client certificate has expired",
        client(days=-1),
    ),
    _fault(
        "tls-client-certificate-is-fit",
        "the client certificate is one for servers only",
        client(client=False),
        status="WARN",
    ),
    _fault(
        "tls-client-certificate-is-signed",
        "the client certificate is of another CA",
        client(other=True),
    ),
    _fault(
        "tls-client-key-fits",
        "the client's key is missing",
        f"rm {CLIENT_KEY}",
    ),
    _fault(
        "hosts-trust-each-other",
        "libvirt's certificates are of another CA, which they fit",
        _reread(
            other_authority(
                (SERVER, SERVER_KEY),
                (CLIENT, CLIENT_KEY),
                ca="/etc/pki/CA/cacert.pem",
            )
        ),
        undo=_plain_and_reread,
    ),
    _fault(
        "hosts-trust-each-other",
        "QEMU's certificates are of another CA, which they fit",
        other_authority(
            (f"{QEMU}/server-cert.pem", f"{QEMU}/server-key.pem"),
            (f"{QEMU}/client-cert.pem", f"{QEMU}/client-key.pem"),
            ca=f"{QEMU}/ca-cert.pem",
        ),
        name="qemus-trust-each-other",
    ),
    _fault(
        "destination-lets-the-source-in",
        "the source is not among those that libvirt lets in",
        f"echo 'tls_allowed_dn_list = [ \"CN=HostA,O=node lab\" ]'"
        f" >>{_ALLOWED}",
        by_hand=f"sed -i /^tls_allowed/d {_ALLOWED}",
    ),
    _fault(
        "qemu-tls-ca-is-there",
        "QEMU has no CA certificate",
        f"rm {QEMU}/ca-cert.pem",
    ),
    _fault(
        "qemu-tls-server-certificate-is-there",
        "QEMU has no server certificate",
        f"rm {QEMU}/server-cert.pem",
    ),
    _fault(
        "qemu-tls-server-certificate-is-in-date",
        "QEMU's server certificate has expired",
        qemu(days=-1),
    ),
    _fault(
        "qemu-tls-server-certificate-names-the-node",
        "QEMU's server certificate is for another node",
        qemu("HostB"),
    ),
    _fault(
        "qemu-tls-server-certificate-is-signed",
        "QEMU's server certificate is of another CA",
        qemu(other=True),
    ),
    _fault(
        "qemu-tls-server-key-fits",
        "QEMU's key is another one's",
        other_key(f"{QEMU}/server-key.pem"),
    ),
    _fault(
        "qemu-tls-client-certificate-is-there",
        "QEMU has no client certificate",
        f"rm {QEMU}/client-cert.pem",
    ),
    _fault(
        "qemu-tls-keys-are-private",
        "everybody may read QEMU's key",
        f"chmod 644 {QEMU}/server-key.pem",
        status="WARN",
        by_hand="",
    ),
    _fault(
        "qemu-tls-files-are-readable",
        "QEMU's keys are root's alone",
        f"chown root:root {QEMU}/*-key.pem; chmod 600 {QEMU}/*-key.pem",
        by_hand="",
    ),
    _fault(
        "qemu-tls-files-are-readable",
        "QEMU may not enter the directory of its certificates",
        f"chmod 700 {QEMU}",
        by_hand="",
        name="qemu-tls-directory-is-closed",
    ),
)
