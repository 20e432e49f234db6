"""Questions and their reading: osc_migrate/model/node/volumes.py

Keys and secrets are looked at from outside only: that they are there, and
whose they are.
"""

from osc_migrate.facts.node.said import Said, fact, whole
from osc_migrate.model.answers import Question
from osc_migrate.model.facts import Unread
from osc_migrate.model.node.config import Config
from osc_migrate.model.node.volumes import Readable, Volumes

_CONNECTORS = r"""(
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
echo end=
)"""
# libvirt keeps values apart from the secrets' descriptions.
_SECRETS = r"""(
timeout -k 1 8 virsh -c qemu:///system secret-list || exit 1
[ ! -d /etc/libvirt/secrets ] || echo "values here"
for file in /etc/libvirt/secrets/*.base64; do
    [ ! -s "$file" ] || echo "value $file"
done
)"""


def _uses_ceph(config: Config) -> bool:
    return config.get("libvirt", "images_type") == "rbd" or bool(
        config.get("libvirt", "rbd_secret_uuid")
    )


def questions(
    config: Config, role: str, *, read_only: bool
) -> dict[str, Question]:
    if role != "compute":
        return {}
    asked = {"connectors": Question(_CONNECTORS)}
    if _uses_ceph(config):
        asked["secrets"] = Question(_SECRETS, limit=15.0)
        asked["ceph"] = Question(
            "stat -L -c '%%U %%G %%a %%n' %s %s 2>/dev/null; :",
            config.ceph_files,
        )
    return asked


def read(said: Said) -> Volumes:
    return Volumes(
        initiator=fact(lambda: _first(said, "initiator")),
        iscsi_sessions=fact(lambda: len(_every(said, "session"))),
        running=fact(lambda: frozenset(_every(said, "running"))),
        units=fact(lambda: frozenset(_every(said, "unit"))),
        multipath_conf=fact(lambda: bool(_every(said, "multipath"))),
        hostnqn=fact(lambda: _first(said, "hostnqn")),
        nvme_fabrics=fact(lambda: len(_every(said, "fabric"))),
        secrets=fact(_secrets, said),
        with_value=fact(_values, said),
        ceph_files=fact(_ceph_files, said),
    )


def _every(said: Said, name: str) -> list[str]:
    """:raises Unread: the answer does not end as it should."""
    lines = said.lines("connectors")
    if not lines or lines[-1] != "end=":
        raise Unread("volumes.connectors: the answer is not whole")
    start = f"{name}="
    return [
        line.removeprefix(start).strip()
        for line in lines
        if line.startswith(start)
    ]


def _first(said: Said, name: str) -> str:
    found = _every(said, name)
    return found[0] if found else ""


def _secrets(said: Said) -> frozenset[str]:
    """The rows below virsh's ruler begin with a UUID."""
    words = (line.split(maxsplit=1) for line in said.lines("secrets"))
    return frozenset(
        word[0].lower() for word in words if word and _is_uuid(word[0])
    )


def _is_uuid(word: str) -> bool:
    return len(word) == 36 and word.count("-") == 4


def _values(said: Said) -> frozenset[str] | None:
    lines = said.lines("secrets")
    if "values here" not in lines:
        return None
    names = (
        line.rpartition("/")[2].removesuffix(".base64").lower()
        for line in lines
        if line.startswith("value ")
    )
    return frozenset(name for name in names if _is_uuid(name))


def _ceph_files(said: Said) -> dict[str, Readable]:
    found = {}
    for line in said.lines("ceph"):
        owner, group, mode, path = (*line.split(" ", 3), "", "", "")[:4]
        whole(mode, f"the mode of {path}", 8)
        found[path] = Readable(owner, group, mode)
    return found
