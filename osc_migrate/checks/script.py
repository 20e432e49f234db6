"""Decide which values a script may contain that root runs on a node.

A node or file server may be compromised. A value from one is not written into
the script of another, unless it has a type below or most nodes report the
same. A refused fix is described to the operator in words instead.
"""

import ipaddress
import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Self

_UNIT = re.compile(r"(?!-)[A-Za-z0-9@._:-]{1,250}\.(service|socket)")
_NAME = re.compile(r"(?!-)[A-Za-z0-9_.-]{1,64}")
_HOST = re.compile(r"(?!-)[A-Za-z0-9._-]{1,253}")
_KEY = re.compile(
    r"(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)"
    r"|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)"
    r" AAAA[A-Za-z0-9+/]{4,4000}={0,3}( [A-Za-z0-9@._-]{1,100})?"
)
# System directories, including everything below them.
_SYSTEM = frozenset(
    {
        *(
            "bin",
            "boot",
            "dev",
            "etc",
            "lib",
            "lib32",
            "lib64",
            "libx32",
            "proc",
        ),
        *("root", "run", "sbin", "sys", "tmp", "usr"),
    }
)
# Roots of data, with a separate directory for each application.
_DATA = ("var", "srv", "mnt", "opt", "home", "media")
_VAR = frozenset({"nova", "kolla", "docker", "containers", "instances"})
# Options of an export.
_EXPORT = frozenset(
    {
        *("rw", "ro", "sync", "async", "no_root_squash", "root_squash"),
        *("all_squash", "no_all_squash", "no_subtree_check"),
        *("subtree_check", "secure", "insecure", "wdelay", "no_wdelay"),
        *("hide", "nohide", "crossmnt", "mountpoint", "acl", "no_acl"),
        *("pnfs", "no_pnfs", "security_label", "auth_nlm"),
        *("no_auth_nlm", "secure_locks", "insecure_locks"),
    }
)
_EXPORT_VALUED = re.compile(
    r"(fsid=(\d{1,10}|root|[0-9a-f-]{32,36})|sec=[a-z0-9:]{1,40}"
    r"|anonuid=\d{1,10}|anongid=\d{1,10})"
)


class UnsafeText(ValueError):
    """The text is not safe in a script; the message says why."""


class Vouched:
    """Proof that values from other nodes are acceptable in a line.

    Only the functions below create it, after they have checked the values.

    :ivar words: the values; each must occur in a line of the fix.
    """

    __slots__ = ("words",)

    def __init__(self, seal: object, words: tuple[str, ...]) -> None:
        if seal is not _SEAL:
            raise TypeError(
                "made by by_majority(), by_default() and by_type() only"
            )
        self.words = words

    def __add__(self, other: "Vouched") -> "Vouched":
        return Vouched(_SEAL, (*self.words, *other.words))

    def stands_in(self, lines: Iterable[str]) -> bool:
        """Whether every value occurs, so the proof belongs to these lines."""
        # shlex writes a quotation mark within a word as several characters.
        text = "\n".join(lines).replace("'\"'\"'", "'")
        return all(word in text for word in self.words)


_SEAL = object()


def by_majority(values: Mapping[str, object], value: object) -> Vouched:
    """Accept a value that more than half of the nodes, and at least two,
    report: a single compromised node cannot cause that.

    :param values: node -> its value.
    :raises UnsafeText: fewer nodes report it.
    """
    count = list(values.values()).count(value)
    if count < 2 or count * 2 <= len(values):
        minority = [
            name for name, reported in values.items() if reported == value
        ]
        raise UnsafeText(
            f"it rests on what only {', '.join(minority[:3])} says"
        )
    return Vouched(_SEAL, (str(value),))


def by_default(value: str, default: str) -> Vouched:
    """Accept the default value of Nova or libvirt.

    :raises UnsafeText: the value differs from the default.
    """
    if value != default:
        raise UnsafeText("it is not the default")
    return Vouched(_SEAL, (value,))


def by_type(*values: object) -> Vouched:
    """Accept values of types that a single node cannot misuse.

    :raises TypeError: a value has another type.
    """
    for word in values:
        if not isinstance(word, HARMLESS):
            raise TypeError(f"{type(word).__name__} may be misused")
    return Vouched(_SEAL, tuple(map(str, values)))


def is_printable(text: str) -> bool:
    """Whether the text has no control character or line break."""
    return text.isprintable()


class UnitArgument(str):
    """A systemd service or socket."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        # systemd also accepts 'iscsid'; other suffixes, like 'x.mount', fail.
        full = text if "." in text else f"{text}.service"
        if not _UNIT.fullmatch(full):
            raise UnsafeText("the name of a unit is not one that systemd has")
        return super().__new__(cls, text)


class Name(str):
    """Name of a user or group other than root."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not _NAME.fullmatch(text) or text in ("root", "0"):
            raise UnsafeText("it is not the name of a service account")
        return super().__new__(cls, text)


class AbsolutePath(str):
    """A normalised path without characters that are special in fstab or
    exports."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        plain = re.fullmatch(r"/[A-Za-z0-9_.@+:,=/-]{0,1000}", text)
        if not plain or posixpath.normpath(text) != text:
            raise UnsafeText("a path is not absolute, or not a plain one")
        return super().__new__(cls, text)


class DataPath(AbsolutePath):
    """A data directory, such as instances_path or its export; not a system
    directory."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        self = super().__new__(cls, text)
        first, *subdirectories = text.strip("/").split("/")
        if not first or first in _SYSTEM or text.startswith("//"):
            raise UnsafeText("a path is a directory of the system")
        if first in _DATA and not subdirectories:
            raise UnsafeText("a path is a directory of the system")
        if first == "var" and not _of_var(subdirectories):
            raise UnsafeText("a path is a directory of the system")
        if any(part.startswith(".") for part in (first, *subdirectories)):
            raise UnsafeText("a path is a hidden directory")
        return self


def _of_var(subdirectories: list[str]) -> bool:
    if subdirectories[0] == "lib":
        return (
            len(subdirectories) > 2 and subdirectories[1] in _VAR
        ) or subdirectories[1:2] == ["instances"]
    return (
        subdirectories[0] in ("snap", "nova", "nfs", "exports")
        and len(subdirectories) > 1
    )


class HostAddress(str):
    """The IP address of one machine."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            raise UnsafeText("it is not an address") from None
        if (
            address.is_unspecified
            or address.is_multicast
            or address.is_loopback
            or "%" in text
        ):
            raise UnsafeText("it is not an address of one machine")
        return super().__new__(cls, text)


class NetworkArgument(str):
    """An address, or a network with a limited number of addresses."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise UnsafeText("it is not a network") from None
        if network.prefixlen < (8 if network.version == 4 else 16):
            raise UnsafeText("a network is too large")
        return super().__new__(cls, text)


class HostName(str):
    """The name of one machine, not a pattern."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not _HOST.fullmatch(text):
            try:
                HostAddress(text)
            except UnsafeText:
                raise UnsafeText("it is not the name of a host") from None
        return super().__new__(cls, text)


class PublicKey(str):
    """An SSH public key without options such as command=."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if not _KEY.fullmatch(text):
            raise UnsafeText("it is not a plain public key")
        return super().__new__(cls, text)


class Number(int):
    """An integer within bounds."""

    low, high = 0, 2**31

    def __new__(cls, value: int) -> Self:
        if not cls.low <= value <= cls.high:
            raise UnsafeText(f"a number is not from {cls.low} to {cls.high}")
        return super().__new__(cls, value)


class Uid(Number):
    """ID of a service account or its group, above the static system IDs."""

    low, high = 100, 65533


class PortArgument(Number):
    low, high = 1, 65535


class Mtu(Number):
    low, high = 1280, 65535


class ExportOptions(tuple[str, ...]):
    """Options of exports(5)."""

    __slots__ = ()

    def __new__(cls, options: Iterable[str]) -> Self:
        options = tuple(options)
        for option in options:
            if option not in _EXPORT and not _EXPORT_VALUED.fullmatch(option):
                raise UnsafeText("an option of the export is not a known one")
        return super().__new__(cls, options)


# Directories are not included: a shared one needs a majority of the nodes.
HARMLESS = (
    HostAddress,
    HostName,
    NetworkArgument,
    PublicKey,
    Uid,
    PortArgument,
    Mtu,
)
