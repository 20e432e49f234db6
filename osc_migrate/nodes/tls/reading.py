"""Questions about the certificates of libvirt and QEMU, if Nova uses them.

Client files of libvirt have fixed paths (libvirt, kbase/tlscerts.html), those
of a server are set in libvirtd.conf, and QEMU's directory is set in qemu.conf.
"""

import datetime

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Question
from osc_migrate.nodes.command_output import CommandOutput, fact, parse_int
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.file_state import STATE_OF, require
from osc_migrate.nodes.process_identity import FIND_LIBVIRT
from osc_migrate.nodes.role import Role
from osc_migrate.nodes.tls.certificate_parsing import blocks, certificates
from osc_migrate.nodes.tls.facts import (
    CertificateFile,
    KeyFile,
    QemuUser,
    Store,
    Tls,
)

# Only certificates and the public half of private keys leave the node.
_SHOW = (
    FIND_LIBVIRT
    + STATE_OF
    + r"""
get() { # FILE KEY: what a file sets last
    sed -n "s/^[[:space:]]*$2[[:space:]]*=[[:space:]]*[\"']\{0,1\}\
\([^\"'#]*\).*/\1/p" "$1" 2>/dev/null | tail -n 1
}
say() { # NAME PATH: with its permissions
    printf '\n#@%s %s\n' "$1" "$2"
    state_of "$root$2"
    printf 'state %s\n' "$state"
    stat -L -c 'stat %a %u %g' "$root$2" 2>/dev/null
}
# What such a file sets is not known.
closed() { # FILE
    state_of "$1"
    [ "$state" != denied ] ||
        printf '#@doubt %s\n' "$1 may not be read: it takes root (--sudo)"
}
cert() {
    say "$1" "$2"
    head -c 400000 "$root$2" 2>/dev/null | awk '
        /^-----BEGIN/ {on = /BEGIN (X509 |TRUSTED )?CERTIFICATE-----/}
        on {print}
        /^-----END/ {on = 0}' || echo 'state failed'
}
key() {
    say "$1" "$2"
    [ -e "$root$2" ] || return 0
    { openssl pkey -in "$root$2" -passin pass: -pubout ||
        certtool --load-privkey "$root$2" --null-password --pubkey-info
    } 2>/dev/null | sed -n '/BEGIN PUBLIC KEY/,/END PUBLIC KEY/p'
    command -v openssl >/dev/null || command -v certtool >/dev/null ||
        echo tool none
}
date '+#@now %s'
[ -z "$core_doubt" ] || printf '#@doubt %s\n' "$core_doubt"
[ -z "$front_doubt" ] || printf '#@front_doubt %s\n' "$front_doubt"
"""
)
_LIBVIRT = (
    _SHOW
    + r"""
root=$front_root file=libvirtd.conf
[ "$core_name" != virtqemud ] ||
    file=virtproxyd.conf
closed "$root/etc/libvirt/$file"
place() { found=$(get "$root/etc/libvirt/$file" "$1"); echo "${found:-$2}"; }
cert ca "$(place ca_file /etc/pki/CA/cacert.pem)"
cert server "$(place cert_file /etc/pki/libvirt/servercert.pem)"
key server_key "$(place key_file /etc/pki/libvirt/private/serverkey.pem)"
root=$core_root
cert client_ca /etc/pki/CA/cacert.pem
cert client /etc/pki/libvirt/clientcert.pem
key client_key /etc/pki/libvirt/private/clientkey.pem
exit 0
"""
)
_QEMU = (
    _SHOW
    + r"""
root=$core_root conf=$core_root/etc/libvirt/qemu.conf
closed "$conf"
dir=$(get "$conf" migrate_tls_x509_cert_dir)
[ -n "$dir" ] || [ ! -d "$root/etc/pki/libvirt-migrate" ] ||
    dir=/etc/pki/libvirt-migrate
[ -n "$dir" ] || dir=$(get "$conf" default_tls_x509_cert_dir)
dir=${dir:-/etc/pki/qemu}
say directory "$dir"
cert ca "$dir/ca-cert.pem"
cert server "$dir/server-cert.pem"
key server_key "$dir/server-key.pem"
cert client "$dir/client-cert.pem"
key client_key "$dir/client-key.pem"
user=$(get "$conf" user)
group=$(get "$conf" group)
for name in $user libvirt-qemu qemu; do
    line=$(grep -E "^${name#+}:" "$root/etc/passwd") && break
done
printf '\n#@account %s\n%s\n' "$name" "$line"
grep -E "^${group:-//}:|[:,]$name(,|\$)" "$root/etc/group"
exit 0
"""
)


def questions(
    config: Config, role: Role, *, read_only: bool
) -> dict[str, Question]:
    """Return the questions, if TLS is used: each key takes a process."""
    tls_questions: dict[str, Question] = {}
    if role is Role.STORAGE:
        return tls_questions
    uri = config.get("libvirt", "live_migration_uri")
    scheme = config.get("libvirt", "live_migration_scheme")
    # qemu://HOST without a transport uses TLS too.
    if "+tls:" in uri or uri.startswith("qemu:") or scheme == "tls":
        tls_questions["libvirt"] = Question(_LIBVIRT)
    if config.flag("libvirt", "live_migration_with_native_tls"):
        tls_questions["qemu"] = Question(_QEMU)
    return tls_questions


def read(output: CommandOutput) -> Tls:
    def libvirt() -> Parts:
        parts = _trusted(_parts(output, "libvirt"), "doubt", "front_doubt")
        return _require_complete(parts, "libvirt", _LIBVIRT_PARTS)

    def qemu() -> Parts:
        parts = _trusted(_parts(output, "qemu"), "doubt")
        return _require_complete(parts, "qemu", _QEMU_PARTS)

    first = "libvirt" if output.was_asked("libvirt") else "qemu"
    return Tls(
        now=fact(lambda: _now(_parts(output, first))),
        libvirt=fact(lambda: _store(libvirt())),
        qemu=fact(lambda: _store(qemu())),
        directory=fact(lambda: _key(qemu(), "directory")),
        account=fact(lambda: _account(qemu())),
    )


Parts = dict[str, tuple[str, list[str]]]


def _parts(output: CommandOutput, name: str) -> Parts:
    """Return the lines after each '#@NAME PATH'."""
    parts: Parts = {}
    lines: list[str] = []
    for line in output.lines(name):
        if line.startswith("#@"):
            name, _, path = line[2:].partition(" ")
            lines = []
            parts[name] = (path, lines)
        else:
            lines.append(line)
    return parts


# Parts printed by each script, in this order.
_LIBVIRT_PARTS = (
    *("now", "ca", "server", "server_key"),
    *("client_ca", "client", "client_key"),
)
_QEMU_PARTS = (
    *("now", "directory", "ca", "server", "server_key"),
    *("client", "client_key", "account"),
)


def _require_complete(
    parts: Parts, name: str, expected: tuple[str, ...]
) -> Parts:
    """:raises Unread: it is truncated, or answers another question."""
    shown = [part for part in parts if not part.endswith("doubt")]
    if shown != list(expected):
        raise Unread(f"tls.{name}: the answer is incomplete")
    return parts


def _trusted(parts: Parts, *doubts: str) -> Parts:
    """:raises Unread: the daemon's process is not trusted."""
    for name in doubts:
        if name in parts:
            raise Unread(parts[name][0][:300])
    return parts


def _part(parts: Parts, name: str) -> tuple[str, list[str]]:
    if name not in parts:
        raise Unread(f"the node did not show {name}")
    return parts[name]


def _now(parts: Parts) -> datetime.datetime:
    seconds = parse_int(_part(parts, "now")[0], "its clock")
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    except (ValueError, OSError, OverflowError):
        raise Unread(f"the node's clock shows {seconds}") from None


def _store(parts: Parts) -> Store:
    # QEMU has one CA for both.
    believes = "client_ca" if "client_ca" in parts else "ca"
    return Store(
        ca=_certificates(parts, "ca"),
        server=_certificates(parts, "server"),
        server_key=_key(parts, "server_key"),
        client_ca=_certificates(parts, believes),
        client=_certificates(parts, "client"),
        client_key=_key(parts, "client_key"),
    )


def _stat(lines: list[str]) -> list[str]:
    for line in lines:
        if line.startswith("stat "):
            return line.split()[1:]
    return []


def _state(lines: list[str], path: str) -> None:
    """:raises Unread: the file exists, or may exist, but was not read."""
    states = [line[6:] for line in lines if line.startswith("state ")]
    require(states[-1] if states else "", path)


def _certificates(parts: Parts, name: str) -> CertificateFile:
    path, lines = _part(parts, name)
    _state(lines, path)
    return CertificateFile(path, bool(_stat(lines)), certificates(lines))


def _key(parts: Parts, name: str) -> KeyFile:
    path, lines = _part(parts, name)
    _state(lines, path)
    fields = _stat(lines)
    if len(fields) != 3:
        return KeyFile(path, False)
    if "tool none" in lines:
        raise Unread(
            f"the key {path} cannot be compared with its certificate: the"
            " node has neither openssl nor certtool"
        )
    public = blocks(lines, "PUBLIC KEY")
    return KeyFile(
        path,
        True,
        parse_int(fields[0], f"the mode of {path}", 8),
        parse_int(fields[1], f"the owner of {path}"),
        parse_int(fields[2], f"the group of {path}"),
        public[0] if public else b"",
    )


def _account(parts: Parts) -> QemuUser:
    """Parse lines of /etc/passwd and /etc/group."""
    name, lines = _part(parts, "account")
    fields = lines[0].split(":") if lines else []
    if len(fields) < 4:
        raise Unread(f"the account of QEMU, '{name[:40]}', was not found")
    uid, gid = (parse_int(field, "an id") for field in fields[2:4])
    groups = [line.split(":") for line in lines[1:]]
    gids = [parse_int(row[2], "a gid") for row in groups if len(row) > 2]
    return QemuUser(fields[0], uid, (gid, *gids))
