"""libvirt's daemons, whether by units or in a container; what they listen
on, what they answer, and the parts of their files that matter for a move."""

import ipaddress
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Question
from osc_migrate.nodes.command_output import (
    CommandOutput,
    each,
    fact,
    trusted,
    whole,
)
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.libvirt import daemons
from osc_migrate.nodes.libvirt.facts import Libvirt, Listener, Unit
from osc_migrate.nodes.process_identity import FIND_LIBVIRT
from osc_migrate.nodes.role import Role

_UNITS = (
    *("libvirtd.service", "libvirtd.socket"),
    *("libvirtd-tcp.socket", "libvirtd-tls.socket"),
    *("virtqemud.service", "virtqemud.socket"),
    *("virtproxyd.service", "virtproxyd.socket"),
    *("virtproxyd-tcp.socket", "virtproxyd-tls.socket"),
)
# None of them is a secret, unlike vnc_password.
_REMOTE = daemons.pick(
    *("listen_tcp", "listen_tls", "listen_addr", "tcp_port", "tls_port"),
    *("auth_tcp", "auth_tls", "tls_no_verify_certificate"),
    *("tls_allowed_dn_list", "host_uuid", "host_uuid_source"),
)
_QEMU = daemons.pick(
    *("user", "group", "migration_port_min", "migration_port_max"),
    *("migration_address", "migration_host", "default_tls_x509_cert_dir"),
    *("default_tls_x509_verify", "migrate_tls_x509_cert_dir"),
    *("migrate_tls_x509_verify", "migrate_tls_force", "security_driver"),
    *("dynamic_ownership", "remember_owner", "stdio_handler"),
)

# virsh wakes a daemon that systemd ends when nobody talks to it. It runs
# where the daemon is when the node itself has none.
_VIRSH = (
    FIND_LIBVIRT.replace("%", "%%")
    + r"""
run=
if ! command -v virsh >/dev/null; then
    if [ -z "$core" ]; then
        printf '%%s\n' "virsh was not found${core_doubt:+; $core_doubt}" >&2
        exit 0
    elif ! same_capabilities "$core" libvirt; then
        echo "virsh is in a container that is not privileged, and not run" >&2
        exit 0
    fi
    run="chroot $core_root"
fi
timeout -k 1 6 $run virsh -q -c %s 'version --daemon; capabilities' | awk '
    /^Running |<uuid>|<model>/
    /<arch>/ {host = $0; gsub(/.*<arch>|<.*/, "", host); print}
    /<arch name=/ {on = ($0 ~ "name=." host ".>"); if (on) print}
    on && /<machine/'
exit 0
"""
)
_FILES = (
    (
        FIND_LIBVIRT
        + r"""
say() { printf '\n#@%s %s\n' "$1" "$2"; }
[ -z "$core_doubt" ] || say doubt "$core_doubt"
[ -z "$front_doubt" ] || say front_doubt "$front_doubt"
for pid in $core $front; do
    say "process.$(cat "/proc/$pid/comm")" "$pid"
    tr '\0' '\n' <"/proc/$pid/cmdline"
    [ "$pid" = "$core" ] || continue
    say cgroup "$pid"
    cat "/proc/$pid/cgroup"
done
for file in libvirtd virtproxyd; do
    say "$file" "/etc/libvirt/$file.conf"
    awk REMOTE "$front_root/etc/libvirt/$file.conf" 2>/dev/null
done
say virtqemud /etc/libvirt/virtqemud.conf
awk REMOTE "$core_root/etc/libvirt/virtqemud.conf" 2>/dev/null
say qemu /etc/libvirt/qemu.conf
awk QEMU "$core_root/etc/libvirt/qemu.conf" 2>/dev/null
for file in /etc/sysconfig/libvirtd /etc/default/libvirtd; do
    [ -e "$file" ] || continue
    say flags "$file"
    grep '^[[:space:]]*LIBVIRTD_ARGS=' "$file"
done
for file in /etc/libvirt/auth.conf /root/.config/libvirt/auth.conf; do
    [ ! -s "$core_root$file" ] || say credentials "$file"
done
say machine "$(cat /etc/machine-id 2>/dev/null)"
say guests ''
grep -hoE "machine='[^']{1,64}'" "$core_root"/etc/libvirt/qemu/*.xml \
    "$core_root"/run/libvirt/qemu/*.xml 2>/dev/null | sort -u
if [ -z "$core" ]; then
    say journal ''
    timeout -k 1 3 journalctl -q --no-pager -n 2 -p err -o cat \
        _COMM=libvirtd + _COMM=virtqemud 2>/dev/null
fi
exit 0
"""
    )
    .replace("REMOTE", _REMOTE)
    .replace("QEMU", _QEMU)
)
# busybox has no ss.
_LISTENERS = r"""
ss -Hltnp 2>/dev/null || awk '$4 == "0A" {print "hex", $2}' \
    /proc/net/tcp /proc/net/tcp6
"""
_LOCAL = re.compile(
    r"(?:qemu|lxc|vz|parallels|xen|test)(?:\+unix)?:///[^?#]{0,100}"
)
_STARTERS = ("socket", "service")


def questions(
    config: Config, role: Role, *, read_only: bool
) -> dict[str, Question]:
    if role is Role.STORAGE:
        return {}
    uri = config.get("libvirt", "connection_uri") or "qemu:///system"
    asked = {}
    # virsh runs as root, and a URI may name a program for it to run: what is
    # not asked is unread.
    if _LOCAL.fullmatch(uri):
        asked["virsh"] = Question(_VIRSH, (uri,))
    return asked | {
        "units": Question(
            "systemctl show -p Id,LoadState,ActiveState,UnitFileState,Listen"
            f" {' '.join(_UNITS)}"
        ),
        "files": Question(_FILES),
        "listeners": Question(_LISTENERS),
    }


def read(said: CommandOutput) -> Libvirt:
    """:raises Unread: the files were not read, which most else hangs on."""
    parts = _parts(said.lines("files"))
    units = fact(_units, said)
    seen = frozenset(
        name
        for name in ("libvirtd", "virtqemud", "virtproxyd")
        if f"process.{name}" in parts
    )
    core, front = parts["doubt"].title, parts["front_doubt"].title
    daemon = fact(lambda: _daemon(seen, units, core))
    modular = daemon == "virtqemud"
    # Behind libvirtd, nothing is asked of a virtproxyd.
    front = core or (front if modular else "")
    remote = parts["virtproxyd" if modular else "libvirtd"]
    own = parts["virtqemud" if modular else "libvirtd"]
    flags = parts["flags"]
    return Libvirt(
        daemon=daemon,
        contained=trusted(core, _contained(parts["cgroup"].lines)),
        units=units,
        processes=trusted(front, seen),
        flag=trusted(core, _listens(parts["process.libvirtd"].lines[1:])),
        flag_next=_listens(_words(flags.lines)),
        flag_file=flags.title or "/etc/default/libvirtd",
        remote_file=remote.title,
        remote=trusted(front, daemons.statements(remote.lines)),
        daemon_file=own.title,
        daemon_conf=trusted(core, daemons.statements(own.lines)),
        qemu_file=parts["qemu"].title,
        qemu=trusted(core, daemons.statements(parts["qemu"].lines)),
        credentials=trusted(core, bool(parts["credentials"].title)),
        machine_id=parts["machine"].title,
        last_words=" / ".join(parts["journal"].lines)[-300:],
        machines_used=trusted(core, _quoted("machine", parts["guests"].lines)),
        listeners=fact(_listeners, said),
        **_answers(said),
    )


class _Part:
    def __init__(self) -> None:
        self.title = ""
        self.lines: list[str] = []


def _parts(lines: list[str]) -> Mapping[str, _Part]:
    """What stands below lines like '#@qemu /etc/libvirt/qemu.conf'."""
    found: defaultdict[str, _Part] = defaultdict(_Part)
    part = _Part()
    for line in lines:
        if line.startswith("#@"):
            name, _, title = line[2:].partition(" ")
            part = found[name]
            part.title = title.strip()
        elif line:
            part.lines.append(line)
    return found


def _units(said: CommandOutput) -> dict[str, Unit]:
    """Empty without systemd."""
    found: dict[str, Unit] = {}
    for block in said.out("units", 1, 127).split("\n\n"):
        rows = [row.partition("=") for row in block.splitlines()]
        values = {key: value for key, _, value in rows}
        if values.get("LoadState", "not-found") == "not-found":
            continue
        found[values.get("Id", "")] = Unit(
            values["LoadState"],
            values.get("ActiveState", ""),
            values.get("UnitFileState", ""),
            tuple(
                value.removesuffix(" (Stream)")
                for key, _, value in rows
                if key == "Listen"
            ),
        )
    return found


def _daemon(
    processes: frozenset[str], units: Mapping[str, Unit] | Unread, doubt: str
) -> str:
    """Which one runs the guests, or would after the next start: distributions
    install both, and enable one.

    :param doubt: why a process of that name was not trusted.
    :raises Unread: it may be that process, which no unit explains.
    """
    both = ("libvirtd", "virtqemud")
    for name in both:
        if name in processes:
            return name
    if isinstance(units, Unread):
        raise Unread(doubt[:300] or units.reason)
    kinds = [(n, units.get(f"{n}.{s}")) for n in both for s in _STARTERS]
    there = [(name, unit) for name, unit in kinds if unit is not None]
    for wanted in (
        lambda unit: unit.active in ("active", "failed", "activating"),
        lambda unit: unit.starts,
        lambda unit: unit.load == "loaded",
        lambda unit: True,
    ):
        for name, unit in there:
            if wanted(unit):
                return name
    if doubt:
        raise Unread(doubt[:300])
    return ""


def _contained(cgroups: list[str]) -> bool:
    return bool(cgroups) and not any(
        line.endswith(("/libvirtd.service", "/virtqemud.service"))
        for line in cgroups
    )


def _listens(words: list[str]) -> bool:
    """--listen is among the arguments; short ones may stand together."""
    return any(
        word == "--listen" or re.fullmatch("-[dvl]*l[dvl]*", word)
        for word in words
    )


def _words(lines: list[str]) -> list[str]:
    value = lines[-1].partition("=")[2] if lines else ""
    return value.replace('"', " ").replace("'", " ").split()


def _quoted(name: str, lines: list[str]) -> frozenset[str]:
    """What stands in name='...', once a line."""
    pattern = re.compile(rf"\b{name}='([^']{{1,64}})'")
    matches = (pattern.search(line[:300]) for line in lines)
    return frozenset(match[1] for match in matches if match)


def _listeners(said: CommandOutput) -> tuple[Listener, ...]:
    """Rows of ss, or 'hex ADDRESS:PORT' of /proc/net/tcp and tcp6."""
    return each(said.lines("listeners"), _listener)


def _listener(row: str) -> Listener | None:
    words = row.split()
    if len(words) == 2 and words[0] == "hex":
        return _hexadecimal(words[1])
    if len(words) < 5:
        return None
    address, _, port = words[3].rpartition(":")
    process = re.search(r'users:\(\("([^"]{1,64})"', row)
    return Listener(
        address.strip("[]"),
        whole(port, "a port"),
        process[1] if process else "",
    )


def _hexadecimal(text: str) -> Listener:
    """Words of 32 bits, each in the byte order of the node: little-endian
    on all that OpenStack runs on but s390x."""
    address, _, port = text.partition(":")
    try:
        raw = bytes.fromhex(address)
        turned = b"".join(
            raw[at : at + 4][::-1] for at in range(0, len(raw), 4)
        )
        found = str(ipaddress.ip_address(turned))
    except ValueError:
        raise Unread(f"'{text[:60]}' is no address of /proc/net") from None
    # One socket of IPv6 serves both families, unless told otherwise.
    return Listener("*" if found == "::" else found, whole(port, "a port", 16))


def _answers(said: CommandOutput) -> dict[str, Any]:
    """What virsh says, the same for all of it when it gets no answer."""
    answer = fact(said.answer, "virsh")
    if isinstance(answer, Unread):
        # A daemon that hangs is no fact that was not asked for.
        trouble, lines = answer.reason, []
    else:
        lines = answer.lines
        errors = answer.err.strip().splitlines() or ["it does not answer"]
        trouble = "" if any("<uuid>" in x for x in lines) else errors[-1]
    unknown = Unread(f"libvirt gave no answer: {trouble}")

    def told(read: Callable[[list[str]], Any]) -> Any:
        return unknown if trouble else fact(read, lines)

    return {
        "trouble": trouble[:300],
        "host_uuid": told(lambda x: _between(x, "uuid")),
        "qemu_version": told(lambda x: _version(x, "Running hypervisor")),
        "version": told(lambda x: _version(x, "Running against daemon")),
        "machines": told(lambda x: frozenset(_machines(x)[0])),
        "aliases": told(lambda x: _machines(x)[1]),
        "security": told(_security),
    }


def _between(lines: list[str], tag: str) -> str:
    for line in lines:
        _, found, rest = line.partition(f"<{tag}>")
        if found:
            return rest.partition("<")[0].strip()
    raise Unread(f"libvirt shows no {tag} of its host")


def _version(lines: list[str], what: str) -> tuple[int, ...]:
    for line in lines:
        name, _, said = line.partition(":")
        match = re.search(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})", said[:100])
        if name.strip() == what and match:
            return tuple(map(int, match.groups()))
    raise Unread(f"virsh version shows no '{what}'")


def _machines(lines: list[str]) -> tuple[set[str], dict[str, str]]:
    """Names of machine types, and what the aliases among them mean, of the
    host's architecture."""
    names: set[str] = set()
    aliases: dict[str, str] = {}
    host = here = ""
    for line in lines:
        if "<arch>" in line and not host:
            host = _between([line], "arch")
        elif match := re.search(r"<arch name='([^']{1,40})'", line[:300]):
            here = match[1]
        elif here == host and (found := _MACHINE.search(line[:300])):
            names.add(found[2])
            if found[1]:
                aliases[found[2]] = found[1]
    return names, aliases


_MACHINE = re.compile(
    r"<machine(?: canonical='([^']{1,64})')?[^>]{0,100}>([^<]{1,64})<"
)


def _security(lines: list[str]) -> frozenset[str]:
    """The models that stand before the first guest; the CPU has a <model>
    too, inside of <cpu>, before them."""
    found = set()
    for line in lines:
        if "<arch name" in line:
            break
        match = re.search(r"<model>([^<]{1,40})</model>", line[:300])
        if match and match[1] in ("none", "dac", "apparmor", "selinux"):
            found.add(match[1])
    return frozenset(found - {"none"})
