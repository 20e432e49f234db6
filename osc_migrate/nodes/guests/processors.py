"""Whether a node can provide the CPUs of guests on other nodes.

libvirt compares them with the capabilities of its hypervisor (virsh
hypervisor-cpu-compare, libvirt 4.4 and later), like Nova's own check, but for
the running guest, whose CPU lists every feature.
"""

import re
from collections.abc import Iterable, Mapping

from osc_migrate.nodes.answers import Question
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.guests.facts import GuestCpu

# Maximum number of CPU kinds; a cloud has few.
MAX_COMPARED = 20
# Maximum length of a description.
_LARGEST = 16384
_SCRIPT = r"""
try() {
    printf '#processor %%s\n' "$1"
    said=$(printf '%%s' "$5" | LC_ALL=C virsh -c qemu:///system \
        hypervisor-cpu-compare /dev/stdin --virttype "$2" --arch "$3" \
        --machine "$4" 2>&1)
    # What it says, not the status: 1 is incompatible, and any trouble.
    printf '%%s\n' "$said" | tr -d '#' | head -c 400
}
"""
_MARK = re.compile(r"(?m)^#processor ([0-9a-f]{32})$")
# virsh's wording: 'The CPU provided by hypervisor on the host is a superset of
# CPU described in ...' (virsh-host.c).
_VERDICTS = (
    ("identical", re.compile("is identical to the CPU provided by")),
    ("superset", re.compile("is a superset of CPU described")),
    ("incompatible", re.compile("is incompatible with the CPU provided")),
)


def question(cpus: Iterable[GuestCpu]) -> dict[str, Question]:
    """Return the question that compares each kind once."""
    kinds = {
        cpu.key: cpu
        for cpu in cpus
        if cpu.mode == "custom" and len(cpu.xml) <= _LARGEST
    }
    args: list[str] = []
    lines = _SCRIPT
    for key, cpu in list(kinds.items())[:MAX_COMPARED]:
        args += (key, cpu.virt, cpu.architecture, cpu.machine, cpu.xml)
        lines += "try %s %s %s %s %s\n"
    if not args:
        return {}
    return {"guests.processors": Question(lines, tuple(args), limit=30)}


def read(output: CommandOutput) -> Mapping[str, str]:
    if not output.was_asked("processors"):
        return {}
    parts = _MARK.split(output.out("processors"))
    return {
        key: _verdict(" ".join(text.split()))
        for key, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def _verdict(text: str) -> str:
    for verdict, pattern in _VERDICTS:
        if pattern.search(text):
            return verdict
    return text[:200] or "nothing"
