"""How fast guests write their memory, as QEMU measures it.

QEMU looks at a sample of the pages twice, a second apart (virsh
domdirtyrate-calc, libvirt 7.2 and QEMU 5.2). The guest runs on.
"""

import re
from collections.abc import Mapping, Sequence

from osc_migrate.facts.node.said import Said
from osc_migrate.model.answers import Question
from osc_migrate.model.facts import Unread
from osc_migrate.model.node.guests import Writing

# Guests at once: each costs some starts of virsh.
MOST = 20
_MIB = 2**20
# calc_status 2 is measured (virDomainDirtyRateStatus). The guest's memory is
# the largest mapping of QEMU; what it never wrote is not resident there.
_SCRIPT = r"""
virsh='virsh -c qemu:///system'
$virsh -h 2>/dev/null | grep -q domdirtyrate-calc || {
    echo 'virsh here has no domdirtyrate-calc' >&2; exit 1
}
for uuid in SERVERS; do
    $virsh domdirtyrate-calc "$uuid" --seconds 1 >/dev/null 2>&1 &
done
wait
sleep 1
for uuid in SERVERS; do
    name=$($virsh -r domname "$uuid" 2>/dev/null) || continue
    printf '#writing %%s\n' "$uuid"
    for try in 1 2 3 4 5 6 7 8; do
        said=$($virsh -r domstats --dirtyrate --balloon "$uuid" 2>&1)
        case $said in *calc_status=2*) break ;; esac
        sleep 0.25 2>/dev/null || sleep 1
    done
    printf '%%s\n' "$said"
    pid=$(cat "/run/libvirt/qemu/$name.pid" 2>/dev/null) || continue
    awk '/^Size:/ {size = $2} /^Rss:/ && size >= most {
        most = size; used = $2
    } END {print "mapped=" most + 0; print "used=" used + 0}' \
        "/proc/$pid/smaps" 2>/dev/null
done
"""
_GUEST = re.compile(
    r"(?m)^#writing ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$"
)
_FIELD = re.compile(r"(?m)^ *([a-z_.]{1,50})=([0-9]{1,15})$")


def question(servers: Sequence[str]) -> dict[str, Question]:
    """Measures these servers, unless they are many."""
    if len(servers) > MOST:
        return {}
    words = " ".join(["%s"] * len(servers))
    script = _SCRIPT.replace("SERVERS", words)
    return {"writing": Question(script, (*servers, *servers), limit=20)}


def read(said: Said) -> Mapping[str, Writing]:
    parts = _GUEST.split(said.out("writing"))
    found = zip(parts[1::2], parts[2::2], strict=True)
    return {
        uuid: _writing(dict(_FIELD.findall(text)))
        for uuid, text in found
        if "dirtyrate.megabytes_per_second" in text
    }


def _writing(fields: Mapping[str, str]) -> Writing:
    def bytes_(name: str, unit: int) -> int:
        return int(fields.get(name, 0)) * unit

    memory = bytes_("balloon.current", 1024)
    if not memory:
        raise Unread("libvirt does not say how much memory the guest has")
    # Memory in several parts, or in huge pages, is not seen so.
    whole = bytes_("mapped", 1024) >= memory
    used = bytes_("used", 1024) if whole else 0
    return Writing(
        rate=bytes_("dirtyrate.megabytes_per_second", _MIB),
        memory=memory,
        used=min(used, memory) or memory,
    )
