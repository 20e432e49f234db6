"""Lines of a remedy that change /etc/hosts."""

import re
from collections.abc import Collection, Iterable

from osc_migrate.words import command

_FILE = "/etc/hosts"


def without(
    hosts: Iterable[tuple[str, tuple[str, ...]]],
    name: str,
    addresses: Collection[str],
) -> tuple[str, ...]:
    """Takes a name from the lines of these addresses; what else stands on
    them stays."""
    lines: list[str] = []
    for address, names in hosts:
        if address not in addresses or name not in names:
            continue
        words = [re.escape(word) for word in (address, *names)]
        row = r"[[:space:]]+".join(words)
        lines.append(
            command(
                *("line_drop", _FILE),
                rf"^[[:space:]]*{row}[[:space:]]*(#.*)?$",
            )
        )
        if left := [other for other in names if other != name]:
            lines.append(
                command("line_add", _FILE, " ".join((address, *left)))
            )
    return tuple(lines)


def given(address: str, name: str) -> str:
    """Gives a name an address."""
    return command("line_add", _FILE, f"{address} {name}")
