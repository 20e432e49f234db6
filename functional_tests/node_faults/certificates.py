"""Puts certificates and keys on a node that are not as they should be.

Each is a function of the lab, or makes one.
"""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from functional_tests.node_faults.fault import BROKEN
from testbed.nodes.cluster import ADDRESSES
from testbed.nodes.pki import Authority

_LIBVIRT = "/etc/pki/libvirt"
QEMU = "/etc/pki/qemu"
SERVER = f"{_LIBVIRT}/servercert.pem"
CLIENT = f"{_LIBVIRT}/clientcert.pem"
SERVER_KEY = f"{_LIBVIRT}/private/serverkey.pem"
CLIENT_KEY = f"{_LIBVIRT}/private/clientkey.pem"
_ADDRESS = ADDRESSES[BROKEN]


def _put(lab, pem, key, place, key_place):
    if pem:
        lab.put(BROKEN, place, pem)
    if key and key_place:
        owner = "root:libvirt-qemu" if key_place.startswith(QEMU) else ""
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


def server(*names, **how):
    return _issued(SERVER, SERVER_KEY, *names, **how)


def client(*names, **how):
    return _issued(CLIENT, CLIENT_KEY, *names, **how)


def qemu(*names, **how):
    place, key = f"{QEMU}/server-cert.pem", f"{QEMU}/server-key.pem"
    return _issued(place, key, *names, **how)


def other_authority(*pairs, ca):
    """All of libvirt's, or of QEMU's, is of a separate authority."""

    def inject(lab):
        other = Authority.create("another CA")
        lab.put(BROKEN, ca, other.pem)
        for place, key_place in pairs:
            pem, key = other.issue(BROKEN, (_ADDRESS,))
            _put(lab, pem, key, place, key_place)

    return inject


def elliptic(lab):
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
        SERVER,
        SERVER_KEY,
    )


def old_authority(lab):
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


def other_key(key_place):
    def inject(lab):
        _put(lab, "", lab.ca.issue(BROKEN, (_ADDRESS,))[1], "", key_place)

    return inject
