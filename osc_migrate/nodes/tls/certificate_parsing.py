"""Parses certificates from a node, which are not trusted."""

import base64
import binascii
import functools
import re
from collections.abc import Iterable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from osc_migrate.nodes.tls.facts import Certificate

# No certificate tool writes longer lines.
_BASE64 = re.compile(r"[A-Za-z0-9+/=]{1,1000}")
_PURPOSES = {
    ExtendedKeyUsageOID.SERVER_AUTH: "server",
    ExtendedKeyUsageOID.CLIENT_AUTH: "client",
}
_USAGES = ("digital_signature", "key_encipherment", "key_cert_sign")


def blocks(lines: Iterable[str], label: str) -> list[bytes]:
    """Return the DER in blocks such as '-----BEGIN CERTIFICATE-----'."""
    decoded: list[bytes] = []
    body: list[str] | None = None
    for line in lines:
        text = line.strip()
        if text.startswith("-----BEGIN") and text.endswith(f"{label}-----"):
            body = []
        elif text.startswith("-----END") and body is not None:
            try:
                decoded.append(base64.b64decode("".join(body), validate=True))
            except binascii.Error:
                decoded.append(b"")
            body = None
        elif body is not None and _BASE64.fullmatch(text):
            body.append(text)
    return decoded


def certificates(lines: Iterable[str]) -> tuple[Certificate, ...]:
    """Return the certificates up to the first invalid one."""
    readable = []
    for der in blocks(lines, "CERTIFICATE"):
        parsed = certificate(der)
        if parsed is None:
            break
        readable.append(parsed)
    return tuple(readable)


# Many nodes have the same CA.
@functools.lru_cache(maxsize=4096)
def certificate(der: bytes) -> Certificate | None:
    """Parse a certificate; None if it is invalid."""
    try:
        return _certificate(x509.load_der_x509_certificate(der))
    except Exception:
        # The library raises various exceptions for invalid data.
        return None


def _certificate(loaded: x509.Certificate) -> Certificate:
    usage = _extension(loaded, x509.KeyUsage)
    purposes = _extension(loaded, x509.ExtendedKeyUsage)
    basic = _extension(loaded, x509.BasicConstraints)
    alternative = _extension(loaded, x509.SubjectAlternativeName)
    common = loaded.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    key = loaded.public_key()
    return Certificate(
        der=loaded.public_bytes(serialization.Encoding.DER),
        subject=loaded.subject.rfc4514_string(),
        common_name=str(common[-1].value) if common else "",
        names=tuple(
            alternative.value.get_values_for_type(x509.DNSName)
            if alternative
            else ()
        ),
        addresses=tuple(
            str(address)
            for address in (
                alternative.value.get_values_for_type(x509.IPAddress)
                if alternative
                else ()
            )
        ),
        begins=loaded.not_valid_before_utc,
        ends=loaded.not_valid_after_utc,
        public=key.public_bytes(
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo,
        ),
        kind=_kind(key),
        authority=bool(basic and basic.value.ca),
        usage=frozenset(n for n in _USAGES if getattr(usage.value, n))
        if usage
        else None,
        usage_critical=bool(usage and usage.critical),
        purposes=_purposes(purposes.value) if purposes else None,
        purposes_critical=bool(purposes and purposes.critical),
    )


def _extension(loaded: x509.Certificate, kind: Any) -> Any:
    try:
        return loaded.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def _purposes(usage: x509.ExtendedKeyUsage) -> frozenset[str] | None:
    if ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usage:
        return None
    return frozenset(_PURPOSES[o] for o in usage if o in _PURPOSES)


def _kind(key: object) -> str:
    """Return 'RSA' for an RSAPublicKey, 'EC' for an elliptic curve."""
    name = type(key).__name__.removesuffix("PublicKey")
    return {"EllipticCurve": "EC", "ECPublicKey": "EC"}.get(name, name)
