"""Rules for certificates of libvirt and QEMU.

These are the rules of GnuTLS for connections, and of libvirt when a daemon
starts (virnettlscontext.c, virNetTLSContextSanityCheckCredentials; QEMU's
tlscredsx509.c has the same).
"""

import datetime
import fnmatch
import functools
import ipaddress
from collections.abc import Iterable

from cryptography import x509

from osc_migrate.nodes.tls.facts import Certificate, CertificateFile

# Certificates are usually renewed a month before their end.
SOON = datetime.timedelta(days=30)
# Number of certificates in a CA file that a daemon checks at its start.
FIRST = 16


@functools.lru_cache(maxsize=65536)
def _is_signed_by(der: bytes, issuer: bytes) -> bool:
    """Return whether the signature was made with the issuer's key."""
    try:
        certificate, authority = map(
            x509.load_der_x509_certificate, (der, issuer)
        )
        certificate.verify_directly_issued_by(authority)
    except Exception:
        # Wrong name, wrong key, or unknown type of key.
        return False
    return True


def issuer(
    certificate: Certificate, ca: CertificateFile
) -> Certificate | None:
    """Return the certificate in the CA file that signed it, or None.

    Further certificates in its own file do not count: the daemons only use the
    first.
    """
    for authority in ca.certificates:
        if authority.der == certificate.der or _is_signed_by(
            certificate.der, authority.der
        ):
            return authority
    return None


def names(certificate: Certificate, host: str) -> bool:
    """Return whether a client that connects to `host` accepts it.

    See gnutls_x509_crt_check_hostname in GnuTLS.
    """
    name = host.lower().rstrip(".")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        known = [n.lower() for n in certificate.names] or [
            certificate.common_name.lower()
        ]
        return any(_matches(name, pattern) for pattern in known)
    if any(ipaddress.ip_address(a) == address for a in certificate.addresses):
        return True
    # An address among the DNS names is accepted too.
    return name in (certificate.names or (certificate.common_name,))


def _matches(name: str, pattern: str) -> bool:
    """Match a name; '*' only matches the first label."""
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:]
    return name == pattern


class Unfit(Exception):
    """:ivar fatal: whether a daemon refuses to start with it."""

    def __init__(self, reason: str, fatal: bool) -> None:
        super().__init__(reason)
        self.fatal = fatal


def fit(certificate: Certificate, purpose: str, strict: bool) -> None:
    """Check that a certificate can be used for a purpose.

    :param purpose: 'server' or 'client'.
    :param strict: whether the version requires key encipherment, which an
        elliptic curve key cannot provide.
    :raises Unfit: it cannot be used.
    """
    if certificate.authority:
        raise Unfit("it is that of a CA", True)
    if (
        certificate.purposes is not None
        and purpose not in certificate.purposes
    ):
        may = ", ".join(sorted(certificate.purposes)) or "none of TLS"
        reason = f"its purpose is {may}, not {purpose}"
        raise Unfit(reason, certificate.purposes_critical)
    usage = certificate.usage
    if usage is None or not certificate.usage_critical:
        return
    for needed in ("digital_signature", "key_encipherment"):
        if needed not in usage:
            reason = f"usage does not permit {needed.replace('_', ' ')}"
            curve = needed == "key_encipherment" and certificate.kind != "RSA"
            raise Unfit(
                f"{reason} ({certificate.kind} key)", strict or not curve
            )


def allows(patterns: Iterable[str], certificate: Certificate) -> bool:
    """Return whether an entry of tls_allowed_dn_list matches its subject.

    The order of the parts (RFC 4514 or reversed) depends on the version of
    GnuTLS.
    """
    parts = certificate.subject.split(",")
    subjects = {
        sep.join(p) for sep in (",", ", ") for p in (parts, parts[::-1])
    }
    return any(
        fnmatch.fnmatchcase(subject, pattern)
        for pattern in patterns
        for subject in subjects
    )
