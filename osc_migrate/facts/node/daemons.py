"""Where libvirt's daemons run, for the shell of a node, and how their files
are written."""

import re

# Sets the root directories that the daemons see: their own in a container.
# No ps: its options differ, and /proc does not.
FIND = r"""
core= front=
for comm in $(grep -lxE 'libvirtd|virtqemud|virtproxyd' \
        /proc/[0-9]*/comm 2>/dev/null); do
    pid=${comm#/proc/}; pid=${pid%%/comm}
    case $(cat "$comm" 2>/dev/null) in
    libvirtd) core=$pid front=$pid ;;
    virtqemud) core=$pid ;;
    virtproxyd) front=$pid ;;
    esac
done
core_root= front_root=
[ -z "$core" ] || core_root=/proc/$core/root
[ -z "$front" ] || front_root=/proc/$front/root
[ -n "$front" ] || front_root=$core_root
"""

_STATEMENT = re.compile(r"\s*(\w+)\s*=\s*(.*)")
_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'")


def pick(*keys: str) -> str:
    """An awk program that shows only these statements of a file; lists go
    over several lines."""
    return (
        r"'/^[ \t]*(" + "|".join(keys) + r")[ \t]*=/"
        r" {on = 1; list = /=[ \t]*\[/}"
        r" on {print; if (!list || /\]/) on = 0}'"
    )


def statements(lines: list[str]) -> dict[str, str]:
    """What a file such as qemu.conf sets; the last one wins, as in libvirt.

    Quotes are removed; the entries of a list come one a line.
    """
    found: dict[str, str] = {}
    key, entries = "", False
    for line in lines:
        if not entries:
            match = _STATEMENT.fullmatch(line)
            if match is None:
                continue
            key, line = match[1], match[2].strip()
            found[key] = ""
            entries = line.startswith("[")
        quoted = [one or other for one, other in _QUOTED.findall(line)]
        if not entries:
            found[key] = quoted[0] if quoted else line.partition("#")[0]
            found[key] = found[key].strip()
            continue
        found[key] = "\n".join(filter(None, [found[key], *quoted]))
        # A ] inside of quotes is part of a name.
        entries = "]" not in _QUOTED.sub("", line)
    return found
