"""How the files of libvirt's daemons are written."""

import re

_STATEMENT = re.compile(r"\s*(\w+)\s*=\s*(.*)")
_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'")


def awk_statements(*keys: str) -> str:
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
    values_by_key: dict[str, list[str]] = {}
    key, entries = "", False
    for line in lines:
        if not entries:
            match = _STATEMENT.fullmatch(line)
            if match is None:
                continue
            key, line = match[1], match[2].strip()
            values_by_key[key] = []
            entries = line.startswith("[")
        quoted = [double or single for double, single in _QUOTED.findall(line)]
        if not entries:
            value = quoted[0] if quoted else line.partition("#")[0]
            values_by_key[key] = [value.strip()]
            continue
        values_by_key[key] += filter(None, quoted)
        # A ] inside of quotes is part of a name.
        entries = "]" not in _QUOTED.sub("", line)
    return {key: "\n".join(values) for key, values in values_by_key.items()}
