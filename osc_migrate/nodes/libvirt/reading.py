"""Questions about libvirt's daemons, in units or containers: listeners,
answers, and the settings that matter for a move."""

import ipaddress
import re
from collections import defaultdict
from collections.abc import Mapping

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Question
from osc_migrate.nodes.command_output import (
    CommandOutput,
    fact,
    parse_int,
    trusted,
)
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.file_state import STATE_OF, require
from osc_migrate.nodes.libvirt import daemons, virsh_output
from osc_migrate.nodes.libvirt.facts import Libvirt, Listener, SystemdUnit
from osc_migrate.nodes.process_identity import FIND_LIBVIRT
from osc_migrate.nodes.role import Role

_UNITS = (
    *("libvirtd.service", "libvirtd.socket"),
    *("libvirtd-tcp.socket", "libvirtd-tls.socket"),
    *("virtqemud.service", "virtqemud.socket"),
    *("virtproxyd.service", "virtproxyd.socket"),
    *("virtproxyd-tcp.socket", "virtproxyd-tls.socket"),
)
# None of these is a secret, unlike vnc_password.
_REMOTE = daemons.awk_statements(
    *("listen_tcp", "listen_tls", "listen_addr", "tcp_port", "tls_port"),
    *("auth_tcp", "auth_tls", "tls_no_verify_certificate"),
    *("tls_allowed_dn_list", "host_uuid", "host_uuid_source"),
)
_QEMU = daemons.awk_statements(
    *("user", "group", "migration_port_min", "migration_port_max"),
    *("migration_address", "migration_host", "default_tls_x509_cert_dir"),
    *("default_tls_x509_verify", "migrate_tls_x509_cert_dir"),
    *("migrate_tls_x509_verify", "migrate_tls_force", "security_driver"),
    *("dynamic_ownership", "remember_owner", "stdio_handler"),
)

# virsh starts a daemon that systemd stops when idle. It runs in the daemon's
# container if the node itself has no virsh.
_VIRSH = (
    FIND_LIBVIRT.replace("%", "%%")
    + r"""
run=
if ! command -v virsh >/dev/null; then
    if [ -z "$core" ]; then
        printf '%%s\n' "virsh was not found${core_doubt:+; $core_doubt}" >&2
        exit 0
    elif ! same_capabilities "$core" libvirt; then
        echo "virsh is in an unprivileged container, so it is not run" >&2
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
        + STATE_OF
        + r"""
say() { printf '\n#@%s %s\n' "$1" "$2"; }
show() { # NAME PATH ROOT PROGRAM
    say "$1" "$2"
    state_of "$3$2"
    [ "$state" != read ] || awk "$4" "$3$2" 2>/dev/null || state=failed
    printf '\n#=%s\n' "$state"
}
[ -z "$core_doubt" ] || say doubt "$core_doubt"
[ -z "$front_doubt" ] || say front_doubt "$front_doubt"
for pid in $core $front; do
    say "process.$(cat "/proc/$pid/comm")" "$pid"
    tr '\0' '\n' <"/proc/$pid/cmdline"
    [ "$pid" = "$core" ] || continue
    say cgroup "$pid"
    cat "/proc/$pid/cgroup"
done
remote=REMOTE
for file in libvirtd virtproxyd; do
    show "$file" "/etc/libvirt/$file.conf" "$front_root" "$remote"
done
show virtqemud /etc/libvirt/virtqemud.conf "$core_root" "$remote"
show qemu /etc/libvirt/qemu.conf "$core_root" QEMU
for file in /etc/sysconfig/libvirtd /etc/default/libvirtd; do
    state_of "$file"
    [ "$state" != absent ] || continue
    say flags "$file"
    grep '^[[:space:]]*LIBVIRTD_ARGS=' "$file"
    printf '\n#=%s\n' "$state"
done
for file in /etc/libvirt/auth.conf /root/.config/libvirt/auth.conf; do
    state_of "$core_root$file"
    if [ -s "$core_root$file" ]; then say credentials "$file"
    elif [ "$state" = denied ]; then say no_credentials "$file"
    fi
done
say machine "$(cat /etc/machine-id 2>/dev/null)"
state_of /etc/machine-id
printf '\n#=%s\n' "$state"
say guests "the descriptions of guests"
guests=read
for place in "$core_root/etc/libvirt/qemu" "$core_root/run/libvirt/qemu"; do
    state_of "$place"
    [ "$state" != denied ] || guests=denied
    for file in "$place"/*.xml; do
        state_of "$file"
        case $state in
        denied) guests=denied ;;
        read) grep -hoE "machine='[^']{1,64}'" "$file" ;;
        esac
    done
done
printf '\n#=%s\n' "$guests"
if [ -z "$core" ]; then
    say journal ''
    timeout -k 1 3 journalctl -q --no-pager -n 2 -p err -o cat \
        _COMM=libvirtd + _COMM=virtqemud 2>/dev/null
fi
say end ''
exit 0
"""
    )
    .replace("REMOTE", _REMOTE)
    .replace("QEMU", _QEMU)
)
# busybox has no ss.
_LISTENERS = r"""
{
    ss -Hltnp 2>/dev/null || cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
        awk '$4 == "0A" {print "hex", $2} END {if (!NR) exit 1}'
} && echo end=listeners
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
    virsh_questions = {}
    # virsh runs as root, and a URI may name a program to run: other URIs are
    # not queried, and unread.
    if _LOCAL.fullmatch(uri):
        virsh_questions["virsh"] = Question(_VIRSH, (uri,))
    return virsh_questions | {
        # As in sd_booted(3): a node without systemd, or without systemctl?
        "units": Question(
            "[ -d /run/systemd/system ] || { echo '#none'; exit 0; }\n"
            "systemctl show -p Id,LoadState,ActiveState,UnitFileState,Listen"
            f" {' '.join(_UNITS)}"
        ),
        "files": Question(_FILES),
        "listeners": Question(_LISTENERS),
    }


def read(output: CommandOutput) -> Libvirt:
    """Parse the answers.

    :raises Unread: the files were not read, which most facts need.
    """
    parts = _parts(output.lines("files"))
    if "end" not in parts:
        raise Unread("libvirt.files: the answer is incomplete")
    units = fact(_units, output)
    process_names = frozenset(
        name
        for name in ("libvirtd", "virtqemud", "virtproxyd")
        if f"process.{name}" in parts
    )
    core, front = parts["doubt"].title, parts["front_doubt"].title
    daemon = fact(lambda: _daemon(process_names, units, core))
    modular = daemon == "virtqemud"
    # With libvirtd, virtproxyd is not used.
    front = core or (front if modular else "")
    remote = parts["virtproxyd" if modular else "libvirtd"]
    daemon_part = parts["virtqemud" if modular else "libvirtd"]
    flags = parts["flags"]
    return Libvirt(
        daemon=daemon,
        contained=trusted(core, _is_in_container(parts["cgroup"].lines)),
        units=units,
        processes=trusted(front, process_names),
        flag=trusted(core, _listens(parts["process.libvirtd"].lines[1:])),
        flag_next=fact(lambda: _listens(_arguments(flags.of_file()))),
        flag_file=flags.title or "/etc/default/libvirtd",
        remote_file=remote.title,
        remote=trusted(front, fact(remote.settings)),
        daemon_file=daemon_part.title,
        daemon_conf=trusted(core, fact(daemon_part.settings)),
        qemu_file=parts["qemu"].title,
        qemu=trusted(core, fact(parts["qemu"].settings)),
        credentials=trusted(core, fact(lambda: _credentials(parts))),
        machine_id=fact(lambda: _machine_id(parts["machine"])),
        last_words=" / ".join(parts["journal"].lines)[-300:],
        machines_used=trusted(
            core,
            fact(lambda: _quoted("machine", parts["guests"].of_file())),
        ),
        listeners=fact(_listeners, output),
        **virsh_output.read(output),
    )


class _Part:
    def __init__(self) -> None:
        self.title = ""
        self.lines: list[str] = []
        # See file_state.
        self.state = ""

    def of_file(self) -> list[str]:
        """Return its lines; none if the file is absent."""
        if not self.title and not self.state:
            return []
        return self.lines if require(self.state, self.title) else []

    def settings(self) -> dict[str, str]:
        """Return its settings; none if the file is absent."""
        require(self.state, self.title or "a file of libvirt")
        return daemons.statements(self.lines)


def _parts(lines: list[str]) -> Mapping[str, _Part]:
    """Return lines by heading, such as '#@qemu /etc/libvirt/qemu.conf'."""
    sections: defaultdict[str, _Part] = defaultdict(_Part)
    part = _Part()
    for line in lines:
        if line.startswith("#@"):
            name, _, title = line[2:].partition(" ")
            part = sections[name]
            part.title = title.strip()
        elif line.startswith("#="):
            part.state = line[2:].strip()
        elif line:
            part.lines.append(line)
    return sections


def _credentials(parts: Mapping[str, _Part]) -> bool:
    if parts["credentials"].title:
        return True
    if hidden := parts["no_credentials"].title:
        require("denied", hidden)
    return False


def _machine_id(part: _Part) -> str:
    """Return the ID; empty without that file."""
    if require(part.state, "/etc/machine-id") and not part.title:
        raise Unread("/etc/machine-id is empty")
    return part.title


def _units(output: CommandOutput) -> dict[str, SystemdUnit]:
    """Return the units; empty without systemd."""
    states: dict[str, SystemdUnit] = {}
    out = output.out("units")
    if out == "#none":
        return states
    if "Id=" not in out:
        raise Unread("systemctl shows no units of libvirt")
    for block in out.split("\n\n"):
        rows = [row.partition("=") for row in block.splitlines()]
        values = {key: value for key, _, value in rows}
        if values.get("LoadState", "not-found") == "not-found":
            continue
        states[values.get("Id", "")] = SystemdUnit(
            values["LoadState"],
            values.get("ActiveState", ""),
            values.get("UnitFileState", ""),
            tuple(
                value.removesuffix(" (Stream)")
                for key, _, value in rows
                if key == "Listen"
            ),
        )
    return states


def _daemon(
    processes: frozenset[str],
    units: Mapping[str, SystemdUnit] | Unread,
    doubt: str,
) -> str:
    """Return the daemon that runs guests, or would after the next start.

    Distributions install both and enable one.

    :param doubt: why a process with such a name is not trusted.
    :raises Unread: it may be that process, and no unit explains it.
    """
    names = ("libvirtd", "virtqemud")
    for name in names:
        if name in processes:
            return name
    if isinstance(units, Unread):
        raise Unread(doubt[:300] or units.reason)
    kinds = [(n, units.get(f"{n}.{s}")) for n in names for s in _STARTERS]
    installed = [(name, unit) for name, unit in kinds if unit is not None]
    for preferred in (
        lambda unit: unit.active in ("active", "failed", "activating"),
        lambda unit: unit.starts,
        lambda unit: unit.load == "loaded",
        lambda unit: True,
    ):
        for name, unit in installed:
            if preferred(unit):
                return name
    if doubt:
        raise Unread(doubt[:300])
    return ""


def _is_in_container(cgroups: list[str]) -> bool:
    return bool(cgroups) and not any(
        line.endswith(("/libvirtd.service", "/virtqemud.service"))
        for line in cgroups
    )


def _listens(arguments: list[str]) -> bool:
    """Return whether --listen is set; short options may be combined."""
    return any(
        argument == "--listen" or re.fullmatch("-[dvl]*l[dvl]*", argument)
        for argument in arguments
    )


def _arguments(lines: list[str]) -> list[str]:
    value = lines[-1].partition("=")[2] if lines else ""
    return value.replace('"', " ").replace("'", " ").split()


def _quoted(name: str, lines: list[str]) -> frozenset[str]:
    """Return the values of name='...', at most one for each line."""
    pattern = re.compile(rf"\b{name}='([^']{{1,64}})'")
    matches = (pattern.search(line[:300]) for line in lines)
    return frozenset(match[1] for match in matches if match)


def _listeners(output: CommandOutput) -> tuple[Listener, ...]:
    """Parse rows of ss, or 'hex ADDRESS:PORT' from /proc/net/tcp and tcp6."""
    rows = output.lines("listeners")
    if rows[-1:] != ["end=listeners"]:
        raise Unread("libvirt.listeners: the answer is incomplete")
    return tuple(map(_listener, rows[:-1]))


def _listener(row: str) -> Listener:
    columns = row.split()
    if len(columns) == 2 and columns[0] == "hex":
        return _hexadecimal(columns[1])
    if len(columns) < 5:
        raise Unread(f"'{row[:60]}' is not a row of ss")
    address, _, port = columns[3].rpartition(":")
    process = re.search(r'users:\(\("([^"]{1,64})"', row)
    return Listener(
        address.strip("[]"),
        parse_int(port, "a port"),
        process[1] if process else "",
    )


def _hexadecimal(text: str) -> Listener:
    """Parse an address of 32-bit words in the byte order of the node.

    That is little-endian on all platforms of OpenStack except s390x.
    """
    address, _, port = text.partition(":")
    try:
        raw = bytes.fromhex(address)
        turned = b"".join(
            raw[at : at + 4][::-1] for at in range(0, len(raw), 4)
        )
        ip = str(ipaddress.ip_address(turned))
    except ValueError:
        raise Unread(f"'{text[:60]}' is not an address of /proc/net") from None
    # An IPv6 socket serves both families, unless IPV6_V6ONLY is set.
    return Listener("*" if ip == "::" else ip, parse_int(port, "a port", 16))
