"""Faults of osc_migrate/checks/nodes/tls.py and pki.py.

Nova reaches libvirt by TCP in a healthy lab: each fault first lets it use
TLS on both compute nodes, and the end of it takes that back.
"""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from functional_tests.node_faults.fault import BROKEN, NodeFault
from functional_tests.nodes.cluster import ADDRESSES, COMPUTES
from functional_tests.nodes.pki import Authority

_LIBVIRT = "/etc/pki/libvirt"
_QEMU = "/etc/pki/qemu"
_SERVER = f"{_LIBVIRT}/servercert.pem"
_CLIENT = f"{_LIBVIRT}/clientcert.pem"
_SERVER_KEY = f"{_LIBVIRT}/private/serverkey.pem"
_CLIENT_KEY = f"{_LIBVIRT}/private/clientkey.pem"
_ADDRESS = ADDRESSES[BROKEN]

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


def _run(lab, node, script):
    done = lab.run(node, script)
    assert done.returncode == 0, done.stderr


def _tls(lab):
    for node in COMPUTES:
        _run(lab, node, _ON)


def _plain(lab):
    for node in COMPUTES:
        _run(lab, node, _OFF)


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
    return NodeFault(check, "tls", what, brought_about, undo=_plain, **more)


def _put(lab, pem, key, place, key_place):
    if pem:
        lab.put(BROKEN, place, pem)
    if key and key_place:
        owner = "root:libvirt-qemu" if key_place.startswith(_QEMU) else ""
        lab.put(BROKEN, key_place, key, 0o640 if owner else 0o600, owner)


def _issued(place, key_place, *names, other=False, **how):
    """A function of the lab: puts another certificate there.

    :param other: of another authority.
    """

    def inject(lab):
        issuer = Authority.create("another CA") if other else lab.ca
        pem, key = issuer.issue(BROKEN, names or (_ADDRESS,), **how)
        _put(lab, pem, key, place, key_place)

    return inject


def _server(*names, **how):
    return _issued(_SERVER, _SERVER_KEY, *names, **how)


def _client(*names, **how):
    return _issued(_CLIENT, _CLIENT_KEY, *names, **how)


def _qemu(*names, **how):
    place, key = f"{_QEMU}/server-cert.pem", f"{_QEMU}/server-key.pem"
    return _issued(place, key, *names, **how)


def _other_authority(*pairs, ca):
    """All of libvirt's, or of QEMU's, is of an authority of its own."""

    def inject(lab):
        other = Authority.create("another CA")
        lab.put(BROKEN, ca, other.pem)
        for place, key_place in pairs:
            pem, key = other.issue(BROKEN, (_ADDRESS,))
            _put(lab, pem, key, place, key_place)

    return inject


def _elliptic(lab):
    """As 'openssl req' makes them: the key of an elliptic curve signs, and
    enciphers nothing."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem, _ = lab.ca.issue(BROKEN, (_ADDRESS,))
    old = x509.load_pem_x509_certificate(pem.encode())
    builder = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(old.issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(old.not_valid_before_utc)
        .not_valid_after(old.not_valid_after_utc)
    )
    for one in old.extensions:
        value = one.value
        if isinstance(value, x509.KeyUsage):
            value = x509.KeyUsage(
                True, False, False, False, False, False, False, False, False
            )
        builder = builder.add_extension(value, one.critical)
    issuer = serialization.load_pem_private_key(lab.ca.key.encode(), None)
    new = builder.sign(issuer, hashes.SHA256())
    _put(
        lab,
        new.public_bytes(serialization.Encoding.PEM).decode(),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
        _SERVER,
        _SERVER_KEY,
    )


def _old_authority(lab):
    """Two in one file, as after a change of authority; the old one is
    out of date by now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "old CA")])
    now = datetime.datetime.now(datetime.UTC)
    old = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=900))
        .not_valid_after(now - datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(True, None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = old.public_bytes(serialization.Encoding.PEM).decode()
    lab.put(BROKEN, "/etc/pki/CA/cacert.pem", lab.ca.pem + pem)


def _other_key(key_place):
    def inject(lab):
        _put(lab, "", lab.ca.issue(BROKEN, (_ADDRESS,))[1], "", key_place)

    return inject


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


_ALLOWED = "/etc/libvirt/libvirtd.conf"

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
        _old_authority,
    ),
    _fault(
        "tls-server-certificate-is-there",
        "no server certificate",
        f"rm {_SERVER}",
    ),
    _fault(
        "tls-server-certificate-is-there",
        "the server certificate is empty, as a full disk leaves it",
        f": >{_SERVER}",
        name="tls-server-certificate-is-empty",
    ),
    _fault(
        "tls-server-certificate-is-in-date",
        "the server certificate has expired",
        _server(days=-1),
    ),
    _fault(
        "tls-server-certificate-is-in-date",
        "the server certificate is of tomorrow",
        _server(start=1),
        name="tls-server-certificate-is-too-new",
    ),
    _fault(
        "tls-server-certificate-is-in-date",
        "the server certificate ends in ten days",
        _server(days=10),
        status="WARN",
        name="tls-server-certificate-ends-soon",
    ),
    _fault(
        "tls-server-certificate-is-fit",
        "the server certificate is one for clients only",
        _server(server=False),
        status="WARN",
    ),
    _fault(
        "tls-server-certificate-is-fit",
        "the server certificate has a key of an elliptic curve, which this"
        " libvirt refuses",
        _elliptic,
        name="tls-server-certificate-is-elliptic",
    ),
    _fault(
        "tls-server-certificate-names-the-node",
        "the server certificate is for another node",
        _server("HostB", ADDRESSES["HostB"]),
    ),
    _fault(
        "tls-server-certificate-names-the-node",
        "the server certificate is for the name, and Nova connects to the"
        " address",
        _server(BROKEN),
        name="tls-server-certificate-is-for-the-name",
    ),
    _fault(
        "tls-server-certificate-is-signed",
        "the server certificate is of another CA",
        _server(other=True),
    ),
    _fault(
        "tls-server-key-fits",
        "the server's key is another one's",
        _other_key(_SERVER_KEY),
    ),
    _fault(
        "tls-server-key-fits",
        "the server's key is missing",
        f"rm {_SERVER_KEY}",
        name="tls-server-key-is-missing",
    ),
    _fault(
        "tls-keys-are-private",
        "everybody may read the server's key",
        f"chmod 644 {_SERVER_KEY}",
        status="WARN",
        by_hand="",
    ),
    _fault(
        "tls-client-certificate-is-there",
        "no client certificate",
        f"rm {_CLIENT}",
    ),
    _fault(
        "tls-client-certificate-is-in-date",
        "the client certificate has expired",
        _client(days=-1),
    ),
    _fault(
        "tls-client-certificate-is-fit",
        "the client certificate is one for servers only",
        _client(client=False),
        status="WARN",
    ),
    _fault(
        "tls-client-certificate-is-signed",
        "the client certificate is of another CA",
        _client(other=True),
    ),
    _fault(
        "tls-client-key-fits",
        "the client's key is missing",
        f"rm {_CLIENT_KEY}",
    ),
    _fault(
        "hosts-trust-each-other",
        "libvirt's certificates are of another CA, which they fit",
        _other_authority(
            (_SERVER, _SERVER_KEY),
            (_CLIENT, _CLIENT_KEY),
            ca="/etc/pki/CA/cacert.pem",
        ),
    ),
    _fault(
        "hosts-trust-each-other",
        "QEMU's certificates are of another CA, which they fit",
        _other_authority(
            (f"{_QEMU}/server-cert.pem", f"{_QEMU}/server-key.pem"),
            (f"{_QEMU}/client-cert.pem", f"{_QEMU}/client-key.pem"),
            ca=f"{_QEMU}/ca-cert.pem",
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
        f"rm {_QEMU}/ca-cert.pem",
    ),
    _fault(
        "qemu-tls-server-certificate-is-there",
        "QEMU has no server certificate",
        f"rm {_QEMU}/server-cert.pem",
    ),
    _fault(
        "qemu-tls-server-certificate-is-in-date",
        "QEMU's server certificate has expired",
        _qemu(days=-1),
    ),
    _fault(
        "qemu-tls-server-certificate-names-the-node",
        "QEMU's server certificate is for another node",
        _qemu("HostB"),
    ),
    _fault(
        "qemu-tls-server-certificate-is-signed",
        "QEMU's server certificate is of another CA",
        _qemu(other=True),
    ),
    _fault(
        "qemu-tls-server-key-fits",
        "QEMU's key is another one's",
        _other_key(f"{_QEMU}/server-key.pem"),
    ),
    _fault(
        "qemu-tls-client-certificate-is-there",
        "QEMU has no client certificate",
        f"rm {_QEMU}/client-cert.pem",
    ),
    _fault(
        "qemu-tls-keys-are-private",
        "everybody may read QEMU's key",
        f"chmod 644 {_QEMU}/server-key.pem",
        status="WARN",
        by_hand="",
    ),
    _fault(
        "qemu-tls-files-are-readable",
        "QEMU's keys are root's alone",
        f"chown root:root {_QEMU}/*-key.pem; chmod 600 {_QEMU}/*-key.pem",
        by_hand="",
    ),
    _fault(
        "qemu-tls-files-are-readable",
        "QEMU may not enter the directory of its certificates",
        f"chmod 700 {_QEMU}",
        by_hand="",
        name="qemu-tls-directory-is-closed",
    ),
)
