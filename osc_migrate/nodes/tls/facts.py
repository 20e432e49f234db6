"""The certificates by which libvirt and QEMU of a node know one another.

Private keys stay where they are: only what belongs to the public is here.
"""

import dataclasses
import datetime

from osc_migrate.facts import Facts


@dataclasses.dataclass(frozen=True)
class Certificate:
    # As it is signed: DER.
    der: bytes
    # Its subject, as RFC 4514 writes it, and the common name in it.
    subject: str
    common_name: str
    # Whom else it is for: names and addresses.
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    # UTC.
    begins: datetime.datetime
    ends: datetime.datetime
    # SubjectPublicKeyInfo in DER, and what kind it is: RSA, EC, Ed25519.
    public: bytes
    kind: str
    # It may sign others.
    authority: bool
    # What the key may be used for, such as key_encipherment; None: anything.
    usage: frozenset[str] | None
    # Who does not understand 'usage' must refuse.
    usage_critical: bool
    # Of server and client; None: anything.
    purposes: frozenset[str] | None
    purposes_critical: bool = False


@dataclasses.dataclass(frozen=True)
class CertificateFile:
    path: str
    exists: bool
    # The first is its own, others lead to the CA; or those of CAs.
    certificates: tuple[Certificate, ...] = ()

    @property
    def leaf(self) -> Certificate:
        """The first; only for a file that has one."""
        return self.certificates[0]


@dataclasses.dataclass(frozen=True)
class KeyFile:
    path: str
    exists: bool
    # Permissions, and numeric owner and group.
    mode: int = 0
    uid: int = 0
    gid: int = 0
    # SubjectPublicKeyInfo in DER; empty unless it is a key without password.
    public: bytes = b""


@dataclasses.dataclass(frozen=True)
class Store:
    """The files of libvirt, or those of QEMU."""

    # Signs whom the server lets in.
    ca: CertificateFile
    server: CertificateFile
    server_key: KeyFile
    # Signs whom the client believes.
    client_ca: CertificateFile
    client: CertificateFile
    client_key: KeyFile


@dataclasses.dataclass(frozen=True)
class QemuUser:
    """Whom QEMU runs as."""

    name: str
    uid: int
    # Numbers; the first is its own.
    gids: tuple[int, ...]

    def reads(self, mode: int, uid: int, gid: int, bit: int = 4) -> bool:
        """:param bit: 4 to read, 1 to enter a directory."""
        if self.uid == 0:
            return True
        if self.uid == uid:
            return bool(mode >> 6 & bit)
        if gid in self.gids:
            return bool(mode >> 3 & bit)
        return bool(mode & bit)


@dataclasses.dataclass(frozen=True, repr=False)
class Tls(Facts):
    """What is not asked, as Nova does not use it, is unread."""

    # The node's clock, UTC: its libvirt goes by it.
    now: datetime.datetime
    libvirt: Store
    qemu: Store
    # The directory of QEMU's: path, mode, owner and group.
    directory: KeyFile
    account: QemuUser
