"""Questions about nova.conf, and parsing of the answers."""

import re

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Question
from osc_migrate.nodes.command_output import CommandOutput, parse_int, trusted
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.file_state import STATE_OF, require
from osc_migrate.nodes.process_identity import FIND_NOVA

# Only these options leave the node; none is a secret. '*' ends a prefix.
_OPTIONS = """
host my_ip state_path instances_path max_concurrent_live_migrations
force_config_drive config_drive_format reserved_host_memory_mb
reserved_host_disk_mb reserved_huge_pages vif_plugging_timeout
vif_plugging_is_fatal long_rpc_timeout rpc_response_timeout
graceful_shutdown_timeout resize_confirm_window force_raw_images
use_cow_images service_down_time report_interval log_file log_dir
use_journal
virt_type connection_uri cpu_mode cpu_models cpu_model
cpu_model_extra_flags hw_machine_type images_type images_rbd_pool
images_rbd_ceph_conf images_volume_group rbd_user rbd_secret_uuid
live_migration_* migration_inbound_addr remote_filesystem_transport
num_pcie_ports swtpm_enabled volume_use_multipath iscsi_use_multipath
volume_enforce_multipath nfs_mount_point_base file_backed_memory
enabled agent_enabled server_listen server_proxyclient_address
proxyclient_address
cpu_shared_set cpu_dedicated_set
enable_numa_live_migration enable_qemu_monitor_announce_self skip_*
send_service_user_token auth_type device_spec compute
"""


# Sections in which these options are read.
_SECTIONS = """
DEFAULT libvirt vnc spice serial_console compute workarounds service_user
pci upgrade_levels
"""


# Directories used by deployment tools, for when nova-compute does not run.
_PLACES = (
    "/etc/nova",
    "/etc/kolla/nova-compute",
    "/var/snap/openstack-hypervisor/common/etc/nova",
    "/var/lib/openstack/config/nova",
    "/var/lib/config-data/puppet-generated/nova_libvirt/etc/nova",
)


# Units of packages, DevStack, RHOSO, TripleO, kolla-ansible and the snap.
_UNITS = (
    "nova-compute",
    "openstack-nova-compute",
    "devstack@n-cpu",
    "edpm_nova_compute",
    "tripleo_nova_compute",
    "kolla-nova_compute-container",
    "snap.openstack-hypervisor.nova-compute",
)


# Each printed line starts with a letter: D why a process is not trusted, P a
# process, R its root, U its unit, T the template of a container, M a file and
# its time, F the following file, S a section, O an option, C a continuation,
# B a bad line, X too much, N a file that may not be read, E the end.
_PICK = r"""
BEGIN {
    n = split(names, list, " "); for (i = 1; i <= n; i++) ok[list[i]] = 1
    n = split(sections, list, " ")
    for (i = 1; i <= n; i++) { in_ok[list[i]] = 1 }
}
function say(text) {
    if (++said > 4000) { print "X"; exit }
    print substr(text, 1, 1000)
}
function bad() { if (++bads < 20) print "B " FNR " " FILENAME }
function wanted(name,    at) {
    if (name in ok) return 1
    for (at = length(name); at > 4; at--)
        if (substr(name, at, 1) == "_" && (substr(name, 1, at) "*") in ok)
            return 1
    return 0
}
FNR == 1 {
    print "F " FILENAME
    section = ""; open = 0; show = 0
    sub(/^\357\273\277/, "")
}
{ sub(/[ \t\r]+$/, "") }
/^$/ { open = 0; next }
/^[ \t]/ {
    if (!open) { bad(); next }
    if (!show) next
    sub(/^[ \t]+/, "")
    say($0 ~ /^[A-Za-z0-9_.,+-]*$/ ? "C " $0 : "C ?")
    next
}
{ open = 0; show = 0 }
/^\[/ {
    if ($0 !~ /\]$/ || length($0) < 3) { bad(); next }
    section = substr($0, 2, length($0) - 2)
    if (section != "DEFAULT") section = tolower(section)
    if (section in in_ok) say("S " section)
    next
}
/^[#;]/ { next }
{
    equals = index($0, "="); colon = index($0, ":"); at = equals
    if (!equals || (colon && colon < equals)) at = colon
    name = substr($0, 1, at ? at - 1 : 0)
    gsub(/^[ \t]+|[ \t]+$/, "", name)
    if (name == "" || section == "") { bad(); next }
    open = 1
    if (!(section in in_ok) || !wanted(name)) next
    show = 1
    value = substr($0, at + 1)
    gsub(/:\/\/[^\/@]*:[^\/@]*@/, "://?@", value)
    say("O " name "=" value)
}
END { print "E" }
"""


_SCRIPT = (
    "("
    + (FIND_NOVA + STATE_OF).replace("%", "%%")
    + r"""
files=; root=; asked=; denied=
add() {
    for file in "$@"; do
        state_of "$file"
        case $state in
        read) [ ! -f "$file" ] || files="$files$file
" ;;
        denied) denied=$file ;;
        esac
    done
}
# Files of a directory that may not be listed are not seen above.
list() {
    [ ! -d "$1" ] || [ -r "$1" ] || denied=$1
}
defaults() {
    add "$1/nova.conf" "$1/nova-compute.conf"
}
defaults_d() {
    list "$1/nova.conf.d"
    list "$1/nova-compute.conf.d"
    add "$1/nova.conf.d"/*.conf "$1/nova-compute.conf.d"/*.conf
}
find_nova
pid=$nova_pid unit=$nova_unit
[ -z "$nova_doubt" ] || printf 'D %%s\n' "$nova_doubt"
if [ -n "$pid" ]; then
    # Seconds that it runs, from clock ticks since the machine started.
    awk -v now="$(date +%%s)" '
        FILENAME ~ /uptime/ { up = $1; next }
        { sub(/^.*\) /, ""); began = $20 / 100 }
        END { if (began <= up) printf "P %%d\n", now - up + began }
        ' /proc/uptime "/proc/$pid/stat" 2>/dev/null
    [ "/proc/$pid/root/" -ef / ] || root=/proc/$pid/root
    asked=$(words "$pid" | awk '
        want {print want $0; want = ""; next}
        /^--config-(file|dir)=/ {
            at = index($0, "=")
            print substr($0, 10, 1) substr($0, at + 1)
        }
        /^--config-(file|dir)$/ {want = substr($0, 10, 1)}')
    case $asked in
        f*|*'
'f*) ;;
        *) defaults "$root/etc/nova" ;;
    esac
    case $asked in
        d*|*'
'd*) ;;
        *) defaults_d "$root/etc/nova" ;;
    esac
    IFS='
'
    for path in $asked; do
        case $path in
            f/*) add "$root${path#f}" ;;
            d/*)
                path=${path%%/}
                list "$root${path#d}"
                add "$root${path#d}"/*.conf
                ;;
        esac
    done
fi
unset IFS
for place in PLACES; do
    template=
    if [ -z "$files" ]; then
        add "$place/nova-cpu.conf"
        [ -n "$files" ] || { defaults "$place"; defaults_d "$place"; }
        [ -n "$files" ] || add "$place"/[0-9]*.conf
    elif [ -n "$root" ] && [ "$place" != /etc/nova ]; then
        for file in "$place/nova.conf" "$place"/[0-9]*.conf; do
            [ -f "$file" ] && template=$file
        done
        [ -z "$template" ] || break
    fi
done
[ -n "$root" ] || template=
for one in UNITS; do
    for dir in etc run usr/lib lib; do
        [ -z "$unit" ] && [ -e "/$dir/systemd/system/$one.service" ] &&
            unit=$one.service
    done
done
[ -z "$unit" ] || printf 'U %%s\n' "$unit"
[ -z "$denied" ] || printf 'N %%s\n' "$denied"
[ -n "$files" ] || exit 0
[ -z "$root" ] || printf 'R %%s\n' "$root"
[ -z "$template" ] || stat -c 'T %%Y %%n' "$template"
IFS='
'
set -- $files
stat -c 'M %%Y %%n' "$@"
awk -v names=%s -v sections=%s %s "$@"
)"""
)


QUESTIONS = {
    "nova": Question(
        _SCRIPT.replace("PLACES", " ".join(_PLACES)).replace(
            "UNITS", " ".join(_UNITS)
        ),
        (" ".join(_OPTIONS.split()), " ".join(_SECTIONS.split()), _PICK),
    )
}


_QUOTED = re.compile(r"(?s)(['\"]).*\1|['\"]")


# Former names of options, which oslo.config still accepts.
_FORMER = {
    ("libvirt", "cpu_model"): "cpu_models",
    ("libvirt", "iscsi_use_multipath"): "volume_use_multipath",
}


class _Reader:
    """Parses the output of the script above."""

    def __init__(self) -> None:
        self.root = ""
        self.template = ""
        self.unit = ""
        self.doubt = ""
        self.denied = ""
        self.ended = False
        self.started: float | None = None
        self.files: list[str] = []
        self.times: list[int] = []
        self.options: dict[tuple[str, str], list[str]] = {}
        self.origins: dict[tuple[str, str], str] = {}
        self.broken: list[str] = []
        self._file = ""
        self._section = ""
        self._last: list[str] = []

    def line(self, kind: str, text: str) -> None:
        if kind == "P":
            self.started = float(parse_int(text, "nova-compute's start"))
        elif kind == "D":
            self.doubt = text[:300]
        elif kind == "N":
            self.denied = text[:300]
        elif kind == "E":
            self.ended = True
        elif kind == "U":
            self.unit = text
        elif kind == "R":
            self.root = text
        elif kind in ("M", "T"):
            seconds, _, path = text.partition(" ")
            self.times.append(parse_int(seconds, path))
            if kind == "T":
                self.template = path
            else:
                self.files.append(path.removeprefix(self.root))
        elif kind == "F":
            self._file, self._section = text.removeprefix(self.root), ""
        elif kind == "S":
            self._section = text
        elif kind == "O":
            self._option(text)
        elif kind == "C":
            self._last.append(text)
        elif kind == "B":
            number, _, path = text.partition(" ")
            self.broken.append(f"{path.removeprefix(self.root)}:{number}")
        elif kind == "X":
            raise Unread("nova.conf has thousands of lines that matter here")

    def _option(self, text: str) -> None:
        name, _, value = text.partition("=")
        name = name.replace("-", "_")
        key = self._section, _FORMER.get((self._section, name), name)
        value = value.strip()
        if _QUOTED.fullmatch(value):
            value = value[1:-1]
        self._last = [value]
        self.options[key] = self._last
        self.origins[key] = self._file


def read(output: CommandOutput) -> Config:
    answer = output.answer("nova")
    reader = _Reader()
    for line in answer.lines:
        reader.line(line[:1], line[2:])
    if reader.denied:
        require("denied", reader.denied)
    if not reader.files:
        raise Unread(
            "nova.conf was not found, or may not be read, in"
            f" {', '.join(_PLACES)}; it takes root (--sudo)"
            + (f"; {reader.doubt}" if reader.doubt else "")
        )
    if not reader.ended:
        raise Unread(
            f"{reader.files[0]} was not read to its end: awk(1) failed there"
        )
    return Config(
        files=tuple(reader.files),
        options={
            key: "\n".join(lines) for key, lines in reader.options.items()
        },
        origins=reader.origins,
        template=reader.template,
        contained=trusted(reader.doubt, bool(reader.root)),
        unit=reader.unit,
        started=trusted(reader.doubt, reader.started),
        changed=max(reader.times, default=None),
        broken=tuple(reader.broken),
    )
