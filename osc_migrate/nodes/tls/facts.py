"""Facts about the certificates of libvirt and QEMU of a node.

Private keys stay on the node: only public data is read.
"""

import dataclasses
import datetime

from osc_migrate.facts import Facts


@dataclasses.dataclass(frozen=True)
class Certificate:
    # The certificate in DER.
    der: bytes
    # Its subject, in the notation of RFC 4514, and the common name in it.
    subject: str
    common_name: str
    # Subject alternative names: DNS names and addresses.
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    # UTC.
    begins: datetime.datetime
    ends: datetime.datetime
    # SubjectPublicKeyInfo in DER, and the type: RSA, EC, Ed25519.
    public: bytes
    kind: str
    # Whether it may sign others.
    authority: bool
    # Key usage, such as key_encipherment; None means any.
    usage: frozenset[str] | None
    # Whether 'usage' is critical.
    usage_critical: bool
    # Extended key usage: 'server' and 'client'; None means any.
    purposes: frozenset[str] | None
    purposes_critical: bool = False


@dataclasses.dataclass(frozen=True)
class CertificateFile:
    path: str
    exists: bool
    # The first is the leaf, others are intermediates; or CA certificates.
    certificates: tuple[Certificate, ...] = ()

    @property
    def leaf(self) -> Certificate:
        """The first certificate; the file must have one."""
        return self.certificates[0]


@dataclasses.dataclass(frozen=True)
class KeyFile:
    path: str
    exists: bool
    # Permissions, and numeric owner and group.
    mode: int = 0
    uid: int = 0
    gid: int = 0
    # SubjectPublicKeyInfo in DER; empty unless it is a key without a
    # password.
    public: bytes = b""


@dataclasses.dataclass(frozen=True)
class Store:
    """The files of libvirt, or those of QEMU."""

    # Signs clients accepted by the server.
    ca: CertificateFile
    server: CertificateFile
    server_key: KeyFile
    # Signs servers accepted by the client.
    client_ca: CertificateFile
    client: CertificateFile
    client_key: KeyFile


@dataclasses.dataclass(frozen=True)
class QemuUser:
    """The user that QEMU runs as."""

    name: str
    uid: int
    # Group IDs; the first is the primary group.
    gids: tuple[int, ...]

    def reads(self, mode: int, uid: int, gid: int, bit: int = 4) -> bool:
        """Return whether the user has that permission.

        :param bit: 4 to read, 1 to enter a directory.
        """
        if self.uid == 0:
            return True
        if self.uid == uid:
            return bool(mode >> 6 & bit)
        if gid in self.gids:
            return bool(mode >> 3 & bit)
        return bool(mode & bit)


@dataclasses.dataclass(frozen=True, repr=False)
class Tls(Facts):
    """Certificates and keys; those that Nova does not use are unread."""

    # The node's clock in UTC, which its libvirt uses.
    now: datetime.datetime
    libvirt: Store
    qemu: Store
    # The directory of QEMU's files: path, mode, owner and group.
    directory: KeyFile
    account: QemuUser
