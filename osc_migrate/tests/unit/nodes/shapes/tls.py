"""Certificates that are made for the tests, once for all of them."""

import dataclasses
import datetime
import functools
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from osc_migrate.nodes.tls import certificate_parsing
from osc_migrate.nodes.tls.facts import (
    CertificateFile,
    KeyFile,
    QemuUser,
    Store,
    Tls,
)

NOW = datetime.datetime(2026, 8, 1, tzinfo=datetime.UTC)
ADDRESSES = {
    "HostA": "10.77.0.11",
    "HostB": "10.77.0.12",
    "HostC": "10.77.0.13",
}
SERVER = ExtendedKeyUsageOID.SERVER_AUTH
CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH


@functools.cache
def key(name):
    # Of an elliptic curve: an RSA key takes a second.
    return ec.generate_private_key(ec.SECP256R1())


@functools.cache
def pem(
    name="HostC",
    san=None,
    *,
    ca="CA",
    days=(-1, 900),
    purposes=(SERVER, CLIENT),
    critical=False,
    usage=(True, True),
    authority=False,
):
    """A certificate.

    :param san: None: name and address of the node.
    :param days: from NOW to its begin and end.
    :param usage: digital signature, key encipherment.
    """
    subject, issuer = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)])
        for one in (name, ca)
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key(name).public_key())
        .serial_number(7)
        .not_valid_before(NOW + datetime.timedelta(days=days[0]))
        .not_valid_after(NOW + datetime.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(authority, None), True)
    )
    if not authority:
        if san is None:
            san = (name, ADDRESSES[name])
        names = [
            x509.IPAddress(ipaddress.ip_address(one))
            if one[0].isdigit() or ":" in one
            else x509.DNSName(one)
            for one in san
        ]
        if names:
            other = x509.SubjectAlternativeName(names)
            builder = builder.add_extension(other, False)
        flags = (usage[0], False, usage[1], *(False,) * 6)
        builder = builder.add_extension(x509.KeyUsage(*flags), True)
        if purposes:
            extended = x509.ExtendedKeyUsage(purposes)
            builder = builder.add_extension(extended, critical)
    signed = builder.sign(key(ca), hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def authority(name="CA", **how):
    return pem(name, ca=name, authority=True, **how)


def file(path, *texts):
    lines = "".join(texts).splitlines()
    return CertificateFile(path, True, certificate_parsing.certificates(lines))


def missing(path):
    return CertificateFile(path, False)


def public(name):
    return (
        key(name)
        .public_key()
        .public_bytes(
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo,
        )
    )


def store(name, kind="libvirt", **changes):
    """:param changes: fields of Store."""
    if kind == "libvirt":
        top, mode = "/etc/pki/libvirt", 0o600
        ca = file("/etc/pki/CA/cacert.pem", authority())
        keys = [f"{top}/private/{end}key.pem" for end in ("server", "client")]
        places = [f"{top}/{end}cert.pem" for end in ("server", "client")]
    else:
        top, mode = "/etc/pki/qemu", 0o640
        ca = file(f"{top}/ca-cert.pem", authority())
        keys = [f"{top}/{end}-key.pem" for end in ("server", "client")]
        places = [f"{top}/{end}-cert.pem" for end in ("server", "client")]
    gid = 0 if kind == "libvirt" else 64055
    server = changes.pop("server", file(places[0], pem(name)))
    client = changes.pop(
        "client", file(places[1], pem(name, purposes=(CLIENT,)))
    )
    own = [KeyFile(one, True, mode, 0, gid, public(name)) for one in keys]
    facts = Store(ca, server, own[0], ca, client, own[1])
    if "ca" in changes:
        changes.setdefault("client_ca", changes["ca"])
    return dataclasses.replace(facts, **changes)


def healthy(name, **changes):
    facts = {
        "now": NOW,
        "libvirt": store(name),
        "qemu": store(name, "qemu"),
        "directory": KeyFile("/etc/pki/qemu", True, 0o755),
        "account": QemuUser("libvirt-qemu", 64055, (64055,)),
    }
    return Tls(**(facts | changes))
