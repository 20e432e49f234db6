"""Parses the configuration files of libvirt's daemons."""

import re

_STATEMENT = re.compile(r"\s*(\w+)\s*=\s*(.*)")
_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'")


def awk_statements(*keys: str) -> str:
    """Return an awk program that prints only these settings of a file.

    Lists may span several lines.
    """
    return (
        r"'/^[ \t]*(" + "|".join(keys) + r")[ \t]*=/"
        r" {on = 1; list = /=[ \t]*\[/}"
        r" on {print; if (!list || /\]/) on = 0}'"
    )


def statements(lines: list[str]) -> dict[str, str]:
    """Parse a file such as qemu.conf; the last setting wins, as in libvirt.

    Quotes are removed; entries of a list are on separate lines.
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
        # A ']' inside quotes is part of a name.
        entries = "]" not in _QUOTED.sub("", line)
    return {key: "\n".join(values) for key, values in values_by_key.items()}
