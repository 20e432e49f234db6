"""Measures how fast guests write their memory, with QEMU.

QEMU examines a sample of the pages twice, one or three seconds apart (virsh
domdirtyrate-calc, libvirt 7.2 and QEMU 5.2), while the guest is running. It
uses 512 pages of each GiB, so a page that was written represents 2 MiB. The
mean of two samples is more accurate.
"""

import re
from collections.abc import Mapping, Sequence

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Question
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.guests.facts import Writing

# Maximum number of guests: each takes several calls of virsh.
MAX_MEASURED = 20
_MIB = 2**20
_RATE = "dirtyrate.megabytes_per_second"
# calc_status 1 means: in progress (virDomainDirtyRateStatus). The guest's
# memory is the only mapping of QEMU of that size; pages that were never
# written are not resident.
_SCRIPT = r"""
virsh='virsh -c qemu:///system'
$virsh -h 2>/dev/null | grep -q domdirtyrate-calc || {
    echo 'virsh here has no domdirtyrate-calc' >&2; exit 1
}
for period in 1 3 1; do
    for uuid in SERVERS; do
        $virsh domdirtyrate-calc "$uuid" --seconds "$period" >/dev/null 2>&1 &
    done
    wait
    sleep "$period"
    for uuid in SERVERS; do
        printf '#writing %%s\n' "$uuid"
        for try in 1 2 3 4 5 6 7 8; do
            said=$($virsh -r domstats --dirtyrate --balloon "$uuid" 2>&1)
            case $said in *calc_status=1*) ;; *) break ;; esac
            sleep 0.25 2>/dev/null || sleep 1
        done
        printf '%%s\n' "$said"
    done
done
for uuid in SERVERS; do
    name=$($virsh -r domname "$uuid" 2>/dev/null) || continue
    printf '#writing %%s\n' "$uuid"
    pid=$(cat "/run/libvirt/qemu/$name.pid" 2>/dev/null) || continue
    size=$($virsh -r domstats --balloon "$uuid" 2>/dev/null |
        sed -n 's/^ *balloon.maximum=//p')
    awk -v "wanted=$size" '/^Size:/ {size = $2}
        /^Rss:/ && size == wanted {used = $2; found += 1}
        END {if (found == 1) print "used=" used + 0}' \
        "/proc/$pid/smaps" 2>/dev/null
done
"""
_GUEST = re.compile(
    r"(?m)^#writing ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$"
)
_FIELD = re.compile(r"(?m)^ *([a-z_.]{1,50})=([0-9]{1,15})$")


def question(servers: Sequence[str]) -> dict[str, Question]:
    """Return the question that measures these servers, unless many."""
    if len(servers) > MAX_MEASURED:
        return {}
    placeholders = " ".join(["%s"] * len(servers))
    script = _SCRIPT.replace("SERVERS", placeholders)
    return {
        "writing": Question(script, (*servers, *servers, *servers), limit=30)
    }


def read(output: CommandOutput) -> Mapping[str, Writing]:
    parts = _GUEST.split(output.out("writing"))
    # Fields of each guest, with rates by period.
    fields: dict[str, dict[str, str]] = {}
    rates: dict[str, dict[str, list[int]]] = {}
    for uuid, text in zip(parts[1::2], parts[2::2], strict=True):
        values = dict(_FIELD.findall(text))
        fields.setdefault(uuid, {}).update(values)
        if _RATE in values and (period := values.get("dirtyrate.calc_period")):
            of_it = rates.setdefault(uuid, {}).setdefault(period, [])
            of_it.append(int(values[_RATE]) * _MIB)
    return {
        uuid: _writing(by_period, fields[uuid])
        for uuid, by_period in rates.items()
        if "1" in by_period
    }


def _writing(
    rates: Mapping[str, Sequence[int]], fields: Mapping[str, str]
) -> Writing:
    def kib(name: str) -> int:
        return int(fields.get(name, 0)) * 1024

    def mean(samples: Sequence[int]) -> int:
        return sum(samples) // len(samples)

    memory = kib("balloon.current")
    if not memory:
        raise Unread("libvirt does not report the guest's memory")
    # Memory in several parts or huge pages is not detected this way.
    used = min(kib("used"), memory) or memory
    rate = mean(rates["1"])
    longer = mean(rates["3"]) if "3" in rates else rate
    return Writing(rate=rate, longer=longer, memory=memory, used=used)
