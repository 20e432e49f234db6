"""Remedies that change /etc/hosts."""

import re
from collections.abc import Collection, Iterable

from osc_migrate.checks.findings import Fix, allowed
from osc_migrate.checks.script import (
    HostAddress,
    HostName,
    UnsafeText,
    by_type,
)
from osc_migrate.facts import or_none
from osc_migrate.nodes.network.address import own_address
from osc_migrate.nodes.network.facts import is_loopback
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.text import command

_FILE = "/etc/hosts"


def remove_name(
    hosts: Iterable[tuple[str, tuple[str, ...]]],
    name: str,
    addresses: Collection[str],
) -> tuple[str, ...]:
    """Return commands that remove a name from the lines of addresses.

    Other names on these lines are kept.
    """
    lines: list[str] = []
    for address, names in hosts:
        # Names are case-insensitive: 'HostC' and 'hostc'.
        remaining_names = [
            alias for alias in names if alias.lower() != name.lower()
        ]
        if address not in addresses or len(remaining_names) == len(names):
            continue
        fields = [re.escape(field) for field in (address, *names)]
        row = r"[[:space:]]+".join(fields)
        lines.append(
            command(
                *("line_drop", _FILE),
                rf"^[[:space:]]*{row}[[:space:]]*(#.*)?$",
            )
        )
        if remaining_names:
            lines.append(
                command(
                    "line_add", _FILE, " ".join((address, *remaining_names))
                )
            )
    return tuple(lines)


def add_name(address: str, name: str) -> str:
    """Return a command that adds a name for an address."""
    return command("line_add", _FILE, f"{address} {name}")


def right_name(
    source: NodeFacts, destination: NodeFacts, name: str
) -> tuple[str, *tuple[Fix, ...]]:
    """Return remedy and fixes that correct a name on the source.

    The name of the destination gets its address. These are the arguments of a
    Problem after its detail.
    """
    destination_addresses = destination.network.own
    resolved = or_none(lambda: destination.network.names.get(name)) or ()
    usable_addresses = [
        a
        for a in resolved
        if a in destination_addresses and not is_loopback(a)
    ]
    address = (
        usable_addresses[0] if usable_addresses else own_address(destination)
    )
    hosts = or_none(lambda: source.network.hosts) or ()
    wrong_addresses = {
        a
        for a, names in hosts
        if name.lower() in map(str.lower, names)
        and (a not in destination_addresses or is_loopback(a))
    }
    if not address:
        return (
            f"give {name} on {source.name} the address of"
            f" {destination.name}, in DNS or /etc/hosts",
        )

    # DNS may be wrong; /etc/hosts takes precedence.
    def fix() -> Fix:
        # Otherwise it could claim another machine's name, such as Keystone's.
        own_name = destination.name.lower()
        if name.lower() != own_name and not name.lower().startswith(
            own_name.partition(".")[0] + "."
        ):
            raise UnsafeText(
                f"only {destination.name} says that {name} is its name"
            )
        entry = HostAddress(address), HostName(name)
        line = add_name(*entry)
        return Fix(
            source.name,
            (*remove_name(hosts, name, wrong_addresses), line),
            rests_on=(destination.name,),
            vouched=by_type(*entry),
        )

    return "", allowed(source.name, fix)
