"""A node's users and groups: files on shared storage know them by number."""

import dataclasses
from collections.abc import Mapping

from osc_migrate.facts import Facts, Unread
from osc_migrate.nodes.accounts.nova_user import AS_USER, NOVA_USER, QEMU_USER
from osc_migrate.nodes.answers import Question
from osc_migrate.nodes.command_output import (
    CommandOutput,
    fact,
    parse_int,
    parse_rows,
)
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.file_state import STATE_OF, require
from osc_migrate.nodes.process_identity import FIND_NOVA
from osc_migrate.nodes.systemd_units import running, units


@dataclasses.dataclass(frozen=True, repr=False)
class Account(Facts):
    """A user account, as returned by the node's name service (NSS)."""

    name: str
    uid: int
    # Primary group.
    gid: int
    # Name of the primary group, or its number.
    group: str
    home: str
    shell: str
    # Names of all its groups, including the primary one.
    groups: frozenset[str]


@dataclasses.dataclass(frozen=True, repr=False)
class Accounts(Facts):
    # The user that nova-compute runs as, or 'nova' if it does not run. None if
    # there is no such user.
    nova: Account | None
    # The user that QEMU runs as: from qemu.conf, or else libvirt-qemu (Debian)
    # or qemu (Red Hat). None if there is no such user.
    qemu: Account | None
    # The user name that was looked up, even if it does not exist.
    qemu_name: str
    # Whether qemu.conf sets it; otherwise it is libvirt's default.
    qemu_is_set: bool
    # uid -> name, from /etc/passwd only: a directory may have thousands.
    users: Mapping[int, str]
    # gid -> name, from /etc/group.
    groups: Mapping[int, str]
    # libvirt's error when nova connects to its socket: '' if it answered, None
    # if it was not tried because virsh is missing.
    libvirt_says: str | None
    # The group of libvirt's socket; '' if there is no socket.
    libvirt_group: str
    # Units of nova-compute and libvirt that are loaded and running, whatever
    # their names in the distribution.
    nova_unit: str
    libvirt_unit: str


# One question for all parts, each preceded by a marker line.
_NAMES = (
    FIND_NOVA
    + QEMU_USER
    + STATE_OF
    + r"""
find_nova
qemu=$(qemu_user)
echo '#running'
[ -z "$nova_pid" ] || grep -E '^(Uid|Gid):' "/proc/$nova_pid/status"
[ -z "$nova_doubt" ] || printf '#doubt\n%s\n' "$nova_doubt"
echo '#qemu'
printf '%s\n' "$qemu"
grep -E '^[[:space:]]*(user|group)[[:space:]]*=' /etc/libvirt/qemu.conf \
    2>/dev/null
echo '#conf'
state_of /etc/libvirt/qemu.conf
printf '%s\n' "$state"
echo '#passwd'
cut -d : -f 1,3,4,6,7 /etc/passwd
command -v getent >/dev/null || echo '#no getent'
getent passwd nova ${qemu:+"$qemu"} 2>/dev/null | cut -d : -f 1,3,4,6,7
echo '#group'
cut -d : -f 1,3,4 /etc/group
echo '#socket'
stat -c %G /run/libvirt/libvirt-sock /run/libvirt/virtqemud-sock 2>/dev/null
echo '#units'
systemctl show -p Id,LoadState,ActiveState nova-compute.service \
    openstack-nova-compute.service libvirtd.service virtqemud.service \
    2>/dev/null
echo '#end'
"""
)


# As nova, with its current groups: a running nova-compute may still have
# earlier ones.
_LIBVIRT = (
    AS_USER
    + NOVA_USER
    + r"""
find_nova
if [ -z "$(command -v virsh)" ]; then echo '#none'
elif [ -n "$nova_doubt" ]; then printf '#doubt %s\n' "$nova_doubt"
elif [ "$(id -u)" != 0 ]; then echo '#doubt only root (--sudo) can try it'
elif uid=$(id -u "$(nova_user)" 2>/dev/null); then
    as_user "$uid" 'timeout -k 1 8 virsh -q -c qemu:///system uri' 2>&1
else echo '#none'
fi
"""
)


def questions(
    config: Config, role: str, *, read_only: bool
) -> dict[str, Question]:
    node_questions = {"names": Question(_NAMES)}
    if role == "compute":
        node_questions["libvirt"] = Question(_LIBVIRT, limit=15)
    return node_questions


def read(output: CommandOutput) -> Accounts:
    sections = output.parts("names")
    if "end" not in sections:
        raise Unread("accounts.names: the answer is incomplete")
    if not _users(sections) or not _groups(sections):
        raise Unread("the node's users and groups could not be read")
    gids = {name: gid for gid, (name, _) in _groups(sections).items()}
    states = units(sections.get("units", []))

    def nova(_: CommandOutput) -> Account | None:
        if doubt := sections.get("doubt"):
            raise Unread(doubt[0][:300])
        uid = _running(sections, "Uid")
        users = _users(sections)
        name = "nova"
        if uid:  # root does not count: it does not own the files
            name = next((n for n, row in users.items() if row[0] == uid), "")
            if not name:  # one that is known in its container only
                gid = _running(sections, "Gid") or uid
                return Account("nova", uid, gid, str(gid), "", "", frozenset())
        return _account(sections, name)

    def conf() -> None:
        state = next(iter(sections.get("conf", ())), "")
        require(state, "/etc/libvirt/qemu.conf")

    def qemu_is_set() -> bool:
        conf()
        return bool(_setting(sections, "user"))

    def qemu(_: CommandOutput) -> Account | None:
        conf()
        user = _account(sections, _qemu_name(sections))
        group = _setting(sections, "group")
        if user is None:
            return None
        # libvirt is built with a group of the user's name as its default.
        name = group or user.name
        if name in gids:
            return user.but(gid=gids[name], group=name)
        if group.isdigit():
            return user.but(gid=parse_int(group, "qemu's group"), group=group)
        if group:
            raise Unread(f"there is no group {group}, which qemu.conf names")
        return user

    return Accounts(
        nova=fact(nova, output),
        qemu=fact(qemu, output),
        qemu_name=_qemu_name(sections) or "libvirt-qemu",
        qemu_is_set=fact(qemu_is_set),
        users={row[0]: name for name, row in _users(sections).items()},
        groups={gid: name for gid, (name, _) in _groups(sections).items()},
        libvirt_says=fact(_libvirt_says, output),
        libvirt_group=next(iter(sections.get("socket", ())), ""),
        nova_unit=running(states, "nova-compute", "openstack-nova-compute"),
        libvirt_unit=running(states, "libvirtd", "virtqemud"),
    )


def _running(sections: Mapping[str, list[str]], label: str) -> int | None:
    """Return the effective ID: the second field of a line of status."""
    for line in sections.get("running", ()):
        columns = line.split()
        if len(columns) > 2 and columns[0] == f"{label}:":
            return parse_int(columns[2], f"nova-compute's {label}")
    return None


def _qemu_name(sections: Mapping[str, list[str]]) -> str:
    first = next(iter(sections.get("qemu", ())), "")
    if not first.isdigit():
        return "" if "=" in first else first
    uid = parse_int(first, "qemu's user")
    return next((n for n, r in _users(sections).items() if r[0] == uid), first)


def _setting(sections: Mapping[str, list[str]], key: str) -> str:
    """Return a setting of qemu.conf."""
    value = ""
    for line in sections.get("qemu", ()):
        name, equals, setting = line.partition("=")
        if equals and name.strip() == key:
            value = setting.partition("#")[0].strip().strip('"+')
    return value


def _users(
    sections: Mapping[str, list[str]],
) -> dict[str, tuple[int, int, str, str]]:
    """Return name -> uid, gid, home, shell."""

    def read_row(row: str) -> tuple[str, tuple[int, int, str, str]] | None:
        columns = row.split(":")
        if len(columns) != 5:
            return None
        try:
            uid, gid = (
                parse_int(columns[1], "a uid"),
                parse_int(columns[2], "a gid"),
            )
        except Unread:
            return None  # '+::' of NIS
        return columns[0], (uid, gid, columns[3], columns[4])

    return dict(parse_rows(sections.get("passwd", []), read_row))


def _groups(
    sections: Mapping[str, list[str]],
) -> dict[int, tuple[str, tuple[str, ...]]]:
    """Return gid -> name, members."""

    def read_row(row: str) -> tuple[int, tuple[str, tuple[str, ...]]] | None:
        columns = row.split(":")
        if len(columns) != 3:
            return None
        try:
            gid = parse_int(columns[1], "a gid")
        except Unread:
            return None
        return gid, (columns[0], tuple(columns[2].split(",")))

    return dict(parse_rows(sections.get("group", []), read_row))


def _account(sections: Mapping[str, list[str]], name: str) -> Account | None:
    row = _users(sections).get(name)
    if row is None and "no getent" in sections:
        raise Unread(
            f"/etc/passwd has no {name[:40] or 'user of QEMU'}, and the node"
            " has no getent(1) to ask its other name services"
        )
    if row is None:
        return None
    groups = _groups(sections)
    group = groups.get(row[1], (str(row[1]), ()))[0]
    secondary_groups = {g for g, members in groups.values() if name in members}
    return Account(
        name,
        row[0],
        row[1],
        group,
        row[2],
        row[3],
        frozenset({group, *secondary_groups}),
    )


def _libvirt_says(output: CommandOutput) -> str | None:
    answer = output.answer("libvirt")
    if "#none" in answer.out:
        return None
    if answer.out.startswith("#doubt "):
        raise Unread(answer.out.partition(" ")[2].strip()[:300])
    if answer.status == 0 and "qemu:///system" in answer.lines:
        return ""
    if answer.status == 0:
        raise Unread("virsh shows no connection URI to nova's user")
    lines = [line for line in answer.lines if line.strip()]
    return lines[-1][:200] if lines else f"exit status {answer.status}"
