"""A certificate authority for tests: libvirt's and QEMU's TLS.

RSA, because GnuTLS refuses ECDSA certificates for libvirt ("usage does not
permit key encipherment").
"""

import datetime
import ipaddress
from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_BITS = 2048
_DAY = datetime.timedelta(days=1)
_YEARS = 3650  #: days that a certificate holds unless told


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=_BITS)


def _key_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _name(text: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "node lab"),
            x509.NameAttribute(NameOID.COMMON_NAME, text),
        ]
    )


def _alternative(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


class Authority:
    """Issues certificates; :attr:`pem` is its own."""

    def __init__(
        self, key: rsa.RSAPrivateKey, certificate: x509.Certificate
    ) -> None:
        self._key = key
        self._certificate = certificate
        self.pem = _pem(certificate)
        self.key = _key_pem(key)

    @classmethod
    def create(cls, name: str = "node lab CA") -> "Authority":
        """A new authority, which nobody trusts yet."""
        key = _new_key()
        usage = _usage(key_cert_sign=True, crl_sign=True)
        certificate = (
            _builder(_name(name), _name(name), key, -1, _YEARS)
            .add_extension(x509.BasicConstraints(True, None), critical=True)
            .add_extension(usage, critical=True)
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate)

    @classmethod
    def load(cls, pem: str, key: str) -> "Authority":
        """An authority made before, from its certificate and its key."""
        private = serialization.load_pem_private_key(key.encode(), None)
        assert isinstance(private, rsa.RSAPrivateKey)
        return cls(private, x509.load_pem_x509_certificate(pem.encode()))

    def issue(
        self,
        name: str,
        san: Iterable[str] = (),
        days: float = _YEARS,
        *,
        start: float = -1,
        server: bool = True,
        client: bool = True,
    ) -> tuple[str, str]:
        """A certificate and its key, as PEM.

        :param san: names and addresses it is good for
        :param days: from now to its end; negative for one that has expired
        :param start: days from now to its begin, before its end
        :param server: it may serve
        :param client: it may log in
        """
        key = _new_key()
        start = min(start, days - 1)
        purposes = [
            purpose
            for wanted, purpose in (
                (server, ExtendedKeyUsageOID.SERVER_AUTH),
                (client, ExtendedKeyUsageOID.CLIENT_AUTH),
            )
            if wanted
        ]
        builder = _builder(
            _name(name), self._certificate.subject, key, start, days
        ).add_extension(x509.BasicConstraints(False, None), critical=True)
        builder = builder.add_extension(
            _usage(digital_signature=True, key_encipherment=True),
            critical=True,
        )
        if purposes:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage(purposes), critical=False
            )
        if names := [_alternative(text) for text in san]:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(names), critical=False
            )
        return _pem(builder.sign(self._key, hashes.SHA256())), _key_pem(key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPrivateKey,
    start: float,
    days: float,
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + start * _DAY)
        .not_valid_after(now + days * _DAY)
    )


def _usage(**wanted: bool) -> x509.KeyUsage:
    nothing = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(**{**nothing, **wanted})
