"""The rules that certificates of libvirt and QEMU must keep.

Those of GnuTLS when two meet, and libvirt's own when a daemon starts
(virnettlscontext.c, virNetTLSContextSanityCheckCredentials; QEMU's
tlscredsx509.c has the same).
"""

import datetime
import fnmatch
import functools
import ipaddress
from collections.abc import Iterable

from cryptography import x509

from osc_migrate.nodes.tls.facts import Certificate, CertificateFile

# Those that renew certificates do it a month before.
SOON = datetime.timedelta(days=30)
# Certificates of a CA file that a daemon looks at when it starts.
FIRST = 16


@functools.lru_cache(maxsize=65536)
def _is_signed_by(der: bytes, issuer: bytes) -> bool:
    """The signature is that of the issuer's key."""
    try:
        certificate, authority = map(
            x509.load_der_x509_certificate, (der, issuer)
        )
        certificate.verify_directly_issued_by(authority)
    except Exception:
        # Of the wrong name, the wrong key, or one of an unknown kind.
        return False
    return True


def issuer(
    certificate: Certificate, ca: CertificateFile
) -> Certificate | None:
    """The one in the CA file that signed it. What else the certificate's
    own file holds does not count: the daemons look at the first only."""
    for authority in ca.certificates:
        if authority.der == certificate.der or _is_signed_by(
            certificate.der, authority.der
        ):
            return authority
    return None


def names(certificate: Certificate, host: str) -> bool:
    """A client that connects to `host` trusts it (GnuTLS,
    gnutls_x509_crt_check_hostname)."""
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
    # An address among the names is taken, too.
    return name in (certificate.names or (certificate.common_name,))


def _matches(name: str, pattern: str) -> bool:
    """A * stands for the first label alone."""
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:]
    return name == pattern


class Unfit(Exception):
    """:ivar fatal: a daemon does not start with it; or it only warns."""

    def __init__(self, reason: str, fatal: bool) -> None:
        super().__init__(reason)
        self.fatal = fatal


def fit(certificate: Certificate, purpose: str, strict: bool) -> None:
    """
    :param purpose: 'server' or 'client'.
    :param strict: it is known for a version that takes no key of an elliptic
        curve unless it enciphers, which such a key cannot.
    :raises Unfit: it may not be used so.
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
    """One of tls_allowed_dn_list fits its subject. GnuTLS writes the parts
    in the order of RFC 4514 or the other way round, by its version."""
    parts = certificate.subject.split(",")
    subjects = {
        sep.join(p) for sep in (",", ", ") for p in (parts, parts[::-1])
    }
    return any(
        fnmatch.fnmatchcase(subject, pattern)
        for pattern in patterns
        for subject in subjects
    )
