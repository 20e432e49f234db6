"""Questions about the instances directory, and their parsing.

Everything that accesses it is done in one question with a time limit: on a
mount whose server is gone, each command would block forever.
"""

import re
from collections.abc import Mapping

from osc_migrate.facts import Unread
from osc_migrate.nodes.accounts.nova_user import AS_USER, QEMU_USER
from osc_migrate.nodes.answers import Question
from osc_migrate.nodes.command_output import (
    CommandOutput,
    fact,
    parse_int,
    parse_rows,
)
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.process_identity import FIND_NOVA
from osc_migrate.nodes.storage import export_facts, mount_options
from osc_migrate.nodes.storage.facts import Mount, Place, Space, Storage

# Accesses that may hang are made in two steps, each with a limit: a missing
# server shows in the first one. Arguments are the directories from '/' down to
# the path; those of a container are seen through nova-compute's root.
_LOOK = r"""
[ "$(id -u)" = 0 ] || echo 'rootless|'
for path in "$@"; do set -- "$@" "$root$path"; shift; done
# NFS asks its server again for a directory that is opened; stat alone may
# show for a minute who owned it before.
find "$root$path" -maxdepth 1 2>/dev/null | head -n 1 >/dev/null
stat -L -c 'place|%a|%u|%g|%i|%F|%U|%G|%n' "$@" 2>&1
stat -f -c 'space|%S|%b|%a|%c|%d' "$root$path" 2>&1
"""
_TRY = (
    AS_USER
    + QEMU_USER
    + r"""
path=$1
export AT="$root$path"
[ -d "$AT" ] || exit 0
[ ! -e /sys/fs/selinux/enforce ] || stat -c 'label|%C' "$AT"
find "$AT/" -maxdepth 1 -name '????????-????-????-????-????????????' |
    head -n 1 | sed 's/.*/occupied|/'
@WRITE@
if [ "$(id -u)" != 0 ]; then :
elif [ -z "$root" ] && qemu=$(id -u "$(qemu_user)" 2>/dev/null); then
    as_user "$qemu" 'test -x "$AT"' </dev/null
    case $? in
    0) echo 'passable|yes' ;;
    125) ;;
    *) echo 'passable|no' ;;
    esac
fi
"""
)
# Like Nova's test before a live migration, but with a few bytes: a full
# filesystem accepts empty files. date(1) prints the error, the shell does not.
_WRITE = r"""
write='
    trap "rm -f \"\$file\"" EXIT
    trap "exit 1" HUP INT TERM
    file=$(mktemp "$AT/.migrate-XXXXXX") && date >"$file" &&
        echo "written|"
'
if [ -z "$uid" ]; then :
elif [ "$(id -u)" != 0 ]; then :
elif [ -z "$root" ]; then as_user "$uid" "$write" </dev/null 2>&1
elif [ -n "$run_in" ]
then AT=$path nsenter -t "$run_in" -m -S "$uid" -G "$gid" sh -c "$write" \
    </dev/null 2>&1
fi | sed '/^written|/!s/^/unwritten|/'
"""
_SCRIPT = (
    FIND_NOVA
    + r"""
path=@PATH@
find_nova
if [ -n "$nova_doubt" ]; then
    printf '#doubt\n%s\n' "$nova_doubt"
    exit 0
fi
pid=$nova_pid; root=; uid=; gid=; run_in=
if [ -n "$pid" ]; then
    ! same_capabilities "$pid" nova || run_in=$pid
    [ "/proc/$pid/root/" -ef / ] || root=/proc/$pid/root
    uid=$(awk '$1 == "Uid:" {print $3}' "/proc/$pid/status")
    gid=$(awk '$1 == "Gid:" {print $3}' "/proc/$pid/status")
fi
[ "${uid:-0}" != 0 ] || uid=$(id -u nova 2>/dev/null)
export pid root uid gid run_in
printf '#path\n%s\n#root\n%s\n#look\n' "$path" "$root"
timeout -k 1 10 sh -s @PATHS@ <<'END'
@LOOK@
END
ended=$?
if [ $ended -lt 124 ]; then
    timeout -k 1 10 sh -s "$path" <<'END'
@TRY@
END
    ended=$?
fi
printf '#ended\n%s\n' $ended
# A link on the way may lead to another filesystem.
real=$(timeout -k 1 2 readlink -f "$root$path") || real=$path
table() {
    P=$1 awk '@OPTIONS@
    index(ENVIRON["P"] "/", ($5 == "/" ? "" : $5) "/") == 1 {
        for (i = 7; i < NF && $i != "-"; i++) { }
        print $1, $2, $3, "/", $5, kept($6), "-", $(i + 1), \
            source($(i + 2)), kept($(i + 3))
    }' "/proc/${pid:-self}/mountinfo"
}
echo '#mounts'
table "$real"
echo '#fstab'
P=$real awk '@OPTIONS@
$1 !~ /^#/ && $2 ~ /^\/./ && NF > 3 && index(ENVIRON["P"] "/", \
    $2 ($2 ~ /\/$/ ? "" : "/")) == 1 {
    print source($1), $2, $3, kept($4)
}' /etc/fstab || [ ! -e /etc/fstab ] || echo '#no fstab'
echo '#unit'
target=$(table "$real" | tail -n 1 | cut -d ' ' -f 5)
if [ "$target" != / ] && unit=$(systemd-escape -p "$target"); then
    systemctl show -p UnitFileState,SourcePath \
        "$unit.mount" "$unit.automount"
fi 2>/dev/null
if [ -e /sys/fs/selinux/enforce ]; then
    echo '#selinux'
    getenforce
    echo '#wanted'
    matchpathcon -n "$real"
    echo '#booleans'
    getsebool virt_use_nfs virt_use_fusefs virt_use_samba
fi 2>/dev/null
echo '#end'
"""
)


def questions(
    config: Config, role: str, *, read_only: bool
) -> dict[str, Question]:
    if role != "compute":
        return dict(export_facts.QUESTIONS)
    path = config.instances_path
    down = parent_paths(path)
    attempt = _TRY.replace("@WRITE@", "" if read_only else _WRITE)
    script = _SCRIPT.replace("@LOOK@", _LOOK).replace("@TRY@", attempt)
    script = script.replace("@OPTIONS@", mount_options.AWK)
    script = script.replace("%", "%%")
    script = script.replace("@PATHS@", " ".join(["%s"] * len(down)))
    return {
        "directory": Question(
            script.replace("@PATH@", "%s"), (path, *down), limit=30
        )
    }


def parent_paths(path: str) -> tuple[str, ...]:
    """Return '/' and all directories down to the path itself."""
    names = [word for word in path.split("/") if word]
    return (
        "/",
        *("/" + "/".join(names[: n + 1]) for n in range(len(names))),
    )


def read(output: CommandOutput) -> Storage:
    if output.was_asked("serves"):
        none = Unread("it is asked of compute nodes only")
        fields = Storage.__dataclass_fields__
        empty = {name: none for name in fields if name != "serves"}
        return Storage(**empty, serves=fact(export_facts.read, output))  # type: ignore[arg-type]
    return _Reading(output).storage()


class _Reading:
    """Parses the answer to the question."""

    def __init__(self, output: CommandOutput) -> None:
        self.parts = output.parts("directory")
        if doubt := self.first("doubt"):
            raise Unread(doubt[:300])
        if "end" not in self.parts or not self.first("ended").isdigit():
            raise Unread("storage.directory: the answer is incomplete")
        self.root = self.first("root")
        # (what, value): see the script.
        self.look = [
            line.partition("|")[::2] for line in self.parts.get("look", ())
        ]
        # Status of timeout(1): terminated, or killed.
        self.hung = self.first("ended") in ("124", "137", "143")

    def first(self, part: str) -> str:
        return next(iter(self.parts.get(part, ())), "")

    def looked(self, kind: str) -> str | None:
        """Return the value of the last line with that name."""
        values = [value for name, value in self.look if name == kind]
        if not values and self.hung:
            raise Unread("the instances directory does not answer")
        return values[-1] if values else None

    def storage(self) -> Storage:
        return Storage(
            path=fact(self.path),
            answers=fact(self.answers),
            trouble=fact(self.trouble),
            places=self.places(),
            mount=fact(self.mount),
            stacked=fact(self.stacked),
            entry=fact(self.entry),
            unit=self.unit(),
            contained=bool(self.root),
            space=fact(self.space),
            written=fact(self.written),
            passable=fact(self.passable),
            occupied=fact(lambda: self.looked("occupied") is not None),
            selinux=self.first("selinux"),
            label=fact(lambda: _type(self.looked("label") or "")),
            label_wanted=_type(self.first("wanted")),
            booleans=self.booleans(),
        )

    def answers(self) -> bool:
        # '/' always exists.
        if not self.hung and not self.places():
            raise Unread("stat(1) shows no directories there")
        return not self.hung

    def require_root(self, action: str) -> None:
        """:raises Unread: the login is not root."""
        if any(name == "rootless" for name, _ in self.look):
            raise Unread(
                f"it can be {action} by root only: log in as root, or --sudo"
            )

    def path(self) -> str:
        if path := self.first("path"):
            return path
        raise Unread("the node did not report what was asked")

    def trouble(self) -> str:
        """Return stat's error, except 'No such file or directory'."""
        for line in self.parts.get("look", ()):
            if line.startswith("stat:") and not line.endswith(_ABSENT):
                if line.endswith("Permission denied"):
                    self.require_root("looked at")
                return line.rpartition(": ")[2][:200]
        return ""

    def places(self) -> tuple[Place, ...]:
        rows = [value for name, value in self.look if name == "place"]
        return parse_rows(rows, self.place)

    def place(self, row: str) -> Place | None:
        fields = row.split("|", 7)
        if len(fields) != 8:
            return None
        mode, uid, gid, inode, kind, owner, group, path = fields
        try:
            return Place(
                path.removeprefix(self.root) or "/",
                parse_int(mode, "a mode", 8),
                parse_int(uid, "an owner"),
                parse_int(gid, "a group"),
                owner,
                group,
                parse_int(inode, "an inode"),
                kind,
            )
        except Unread:
            return None

    def mounts(self) -> list[Mount]:
        """Return mounts at the path or above it, in mount order."""
        mounts = []
        for line in self.parts.get("mounts", ()):
            before, dash, after = line.partition(" - ")
            fields, last = before.split(), after.split()
            if dash and len(fields) > 5 and len(last) > 2:
                # Options of the superblock follow those of the mount.
                options = (*fields[5].split(","), *last[2].split(","))
                mounts.append(
                    Mount(
                        _unescape(last[1]),
                        _unescape(fields[4]),
                        last[0],
                        options,
                    )
                )
        return mounts

    def mount(self) -> Mount:
        """Return the last one, which hides those before it."""
        mounts = [m for m in self.mounts() if m.fstype != "autofs"]
        if not mounts:
            raise Unread("the node's mount table does not show what it is on")
        return max(reversed(mounts), key=lambda mount: len(mount.target))

    def stacked(self) -> int:
        mount = self.mount()
        return sum(
            m.target == mount.target
            # Where libvirt looks a FUSE mount up, the first one counts,
            # and one of an automounter is it.
            and (m.fstype != "autofs" or mount.fstype.startswith("fuse."))
            for m in self.mounts()
        )

    def entry(self) -> Mount | None:
        if "no fstab" in self.parts:
            raise Unread("/etc/fstab was not read: awk(1) failed there")
        entries = [
            Mount(
                _unescape(fields[0]),
                _unescape(fields[1]).rstrip("/"),
                fields[2],
                tuple(fields[3].split(",")),
            )
            for line in self.parts.get("fstab", ())
            if len(fields := line.split()) > 3
        ]
        return max(entries, key=lambda mount: len(mount.target), default=None)

    def unit(self) -> bool:
        """Return whether a unit other than a line of fstab mounts it.

        Lines of fstab are units too: a removed line until systemd reloads, and
        one with 'noauto' permanently.
        """
        for block in "\n".join(self.parts.get("unit", ())).split("\n\n"):
            states = set(block.splitlines())
            if "SourcePath=/etc/fstab" not in states and states & {
                "UnitFileState=enabled",
                "UnitFileState=generated",
            }:
                return True
        return any(m.fstype == "autofs" for m in self.mounts())

    def space(self) -> Space:
        row = self.looked("space")
        fields = row.split("|") if row else []
        if len(fields) != 5:
            raise Unread("the node did not report its free space")
        block, blocks, free, inodes, left = (
            parse_int(word, "a filesystem's size") for word in fields
        )
        return Space(block * blocks, block * free, inodes, left)

    def written(self) -> str | None:
        if self.looked("written") is not None:
            return ""
        self.require_root("written to as nova's user")
        error = self.looked("unwritten")
        if error and error.startswith("as_user: "):
            raise Unread(error.removeprefix("as_user: ")[:200])
        return error.rpartition(": ")[2][:200] if error is not None else None

    def passable(self) -> bool | None:
        answer = self.looked("passable")
        if answer is None:
            self.require_root("entered as QEMU's user")
        return None if answer is None else answer == "yes"

    def booleans(self) -> Mapping[str, bool]:
        rows = [
            line.partition(" --> ") for line in self.parts.get("booleans", ())
        ]
        return {
            name: value.strip() == "on" for name, arrow, value in rows if arrow
        }


_ABSENT = "No such file or directory"
_OCTAL = re.compile(r"\\([0-7]{3})")


def _unescape(text: str) -> str:
    """Without the escapes of the mount table and fstab: '\\040' is a
    blank."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8) % 256), text)


def _type(label: str) -> str:
    """Return the type in 'system_u:object_r:nova_var_lib_t:s0'."""
    fields = label.split(":")
    return fields[2] if len(fields) > 2 else ""
