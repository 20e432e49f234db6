"""What connects volumes: iSCSI, multipath, NVMe, Ceph."""

import dataclasses
from collections.abc import Mapping

from osc_migrate.facts import Facts
from osc_migrate.nodes.answers import Question
from osc_migrate.nodes.command_output import CommandOutput, fact, parse_int
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.file_state import STATE_OF, require


@dataclasses.dataclass(frozen=True)
class Readable:
    """Owner and mode of a file."""

    owner: str
    group: str
    # As stat's %a: '640'.
    mode: str

    def by(self, user: str, group: str) -> bool:
        """Return whether a user in that group may read it."""
        digits = self.mode.zfill(3)[-3:]
        for name, account, digit in (
            (self.owner, user, digits[0]),
            (self.group, group, digits[1]),
        ):
            if name == account:
                return digit in "4567"
        return digits[2] in "4567"


@dataclasses.dataclass(frozen=True, repr=False)
class Volumes(Facts):
    """What connects volumes: iSCSI, multipath, NVMe, Ceph."""

    # 'iqn...' in /etc/iscsi/initiatorname.iscsi; empty without one.
    initiator: str
    # Number of open iSCSI sessions.
    iscsi_sessions: int
    # Running programs among 'iscsid' and 'multipathd'.
    running: frozenset[str]
    # Installed systemd units of iscsid and multipathd.
    units: frozenset[str]
    # Whether multipath.conf exists, which multipathd needs on Red Hat.
    multipath_conf: bool
    # /etc/nvme/hostnqn; empty without one.
    hostnqn: str
    # Number of controllers reached over a network.
    nvme_fabrics: int
    # UUIDs of libvirt's secrets, and of those with a value; None if libvirt
    # stores the values elsewhere.
    secrets: frozenset[str]
    with_value: frozenset[str] | None
    # Path -> ceph.conf and keyring, if they exist.
    ceph_files: Mapping[str, Readable]


_CONNECTORS = (
    STATE_OF
    + r"""(
for file in /etc/iscsi/initiatorname.iscsi /etc/nvme/hostnqn; do
    state_of "$file"
    [ "$state" != denied ] || echo "denied=$file"
done
sed -n 's/^InitiatorName=/initiator=/p' /etc/iscsi/initiatorname.iscsi \
    2>/dev/null
for session in /sys/class/iscsi_session/session*; do
    [ ! -e "$session" ] || echo session=
done
grep -hxE 'iscsid|multipathd' /proc/[0-9]*/comm 2>/dev/null |
    sort -u | sed 's/^/running=/'
for unit in iscsid multipathd multipath-tools; do
    for dir in etc lib usr/lib; do
        [ ! -s "/$dir/systemd/system/$unit.service" ] || echo "unit=$unit"
    done
done
[ ! -e /etc/multipath.conf ] || echo multipath=yes
[ ! -r /etc/nvme/hostnqn ] || sed -n '1s/^/hostnqn=/p' /etc/nvme/hostnqn
grep -hxE 'tcp|rdma|fc' /sys/class/nvme/*/transport 2>/dev/null |
    sed 's/^/fabric=/'
echo end=connectors
)"""
)


# libvirt stores values separately from the definitions of secrets.
_SECRETS = r"""(
timeout -k 1 8 virsh -c qemu:///system secret-list || exit 1
[ ! -d /etc/libvirt/secrets ] || echo "values here"
for file in /etc/libvirt/secrets/*.base64; do
    [ ! -s "$file" ] || echo "value $file"
done
)"""


_CEPH_FILES = (
    STATE_OF.replace("%", "%%")
    + r"""
for file in %s %s; do
    stat -L -c '%%U %%G %%a %%n' "$file" 2>/dev/null && continue
    state_of "$file"
    [ "$state" = absent ] || printf 'denied %%s\n' "$file"
done
"""
)


def _uses_ceph(config: Config) -> bool:
    return config.get("libvirt", "images_type") == "rbd" or bool(
        config.get("libvirt", "rbd_secret_uuid")
    )


def questions(
    config: Config, role: str, *, read_only: bool
) -> dict[str, Question]:
    if role != "compute":
        return {}
    volume_questions = {"connectors": Question(_CONNECTORS)}
    if _uses_ceph(config):
        volume_questions["secrets"] = Question(_SECRETS, limit=15.0)
        volume_questions["ceph"] = Question(
            _CEPH_FILES,
            config.ceph_files,
        )
    return volume_questions


def read(output: CommandOutput) -> Volumes:
    return Volumes(
        initiator=fact(
            lambda: _first(
                output, "initiator", "/etc/iscsi/initiatorname.iscsi"
            )
        ),
        iscsi_sessions=fact(lambda: len(_rows(output, "session"))),
        running=fact(lambda: frozenset(_rows(output, "running"))),
        units=fact(lambda: frozenset(_rows(output, "unit"))),
        multipath_conf=fact(lambda: bool(_rows(output, "multipath"))),
        hostnqn=fact(lambda: _first(output, "hostnqn", "/etc/nvme/hostnqn")),
        nvme_fabrics=fact(lambda: len(_rows(output, "fabric"))),
        secrets=fact(_secrets, output),
        with_value=fact(_values, output),
        ceph_files=fact(_ceph_files, output),
    )


_KEYS = frozenset(
    {
        *("denied", "initiator", "session", "running", "unit", "multipath"),
        *("hostnqn", "fabric"),
    }
)


def _rows(output: CommandOutput, name: str) -> list[str]:
    rows = output.rows("connectors", _KEYS)
    return [value for key, value in rows if key == name]


def _first(output: CommandOutput, name: str, path: str) -> str:
    if path in _rows(output, "denied"):
        require("denied", path)
    rows = _rows(output, name)
    return rows[0] if rows else ""


def _secrets(output: CommandOutput) -> frozenset[str]:
    """Return the UUIDs at the start of the rows below virsh's ruler."""
    columns = (line.split(maxsplit=1) for line in output.lines("secrets"))
    return frozenset(
        word[0].lower() for word in columns if word and _is_uuid(word[0])
    )


def _is_uuid(word: str) -> bool:
    return len(word) == 36 and word.count("-") == 4


def _values(output: CommandOutput) -> frozenset[str] | None:
    lines = output.lines("secrets")
    if "values here" not in lines:
        return None
    names = (
        line.rpartition("/")[2].removesuffix(".base64").lower()
        for line in lines
        if line.startswith("value ")
    )
    return frozenset(name for name in names if _is_uuid(name))


def _ceph_files(output: CommandOutput) -> dict[str, Readable]:
    files = {}
    for line in output.lines("ceph"):
        if line.startswith("denied "):
            require("denied", line.removeprefix("denied "))
        owner, group, mode, path = (*line.split(" ", 3), "", "", "")[:4]
        parse_int(mode, f"the mode of {path}", 8)
        files[path] = Readable(owner, group, mode)
    return files
