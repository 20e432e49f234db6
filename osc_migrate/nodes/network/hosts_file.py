"""Remedies that change /etc/hosts."""

import re
from collections.abc import Collection, Iterable

from osc_migrate.checks.findings import Fix, allowed
from osc_migrate.checks.script import (
    HostAddress,
    HostName,
    Refused,
    by_type,
)
from osc_migrate.facts import known
from osc_migrate.nodes.network.address import own_address
from osc_migrate.nodes.network.facts import is_loopback
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.text import command

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
        # Names are the same in either case: 'HostC' and 'hostc'.
        left = [other for other in names if other.lower() != name.lower()]
        if address not in addresses or len(left) == len(names):
            continue
        words = [re.escape(word) for word in (address, *names)]
        row = r"[[:space:]]+".join(words)
        lines.append(
            command(
                *("line_drop", _FILE),
                rf"^[[:space:]]*{row}[[:space:]]*(#.*)?$",
            )
        )
        if left:
            lines.append(
                command("line_add", _FILE, " ".join((address, *left)))
            )
    return tuple(lines)


def given(address: str, name: str) -> str:
    """Gives a name an address."""
    return command("line_add", _FILE, f"{address} {name}")


def right_name(
    source: NodeFacts, destination: NodeFacts, name: str
) -> tuple[str, *tuple[Fix, ...]]:
    """Gives a name of the destination its address on the source: what a
    Problem takes after its detail."""
    own = destination.network.own
    there = known(lambda: destination.network.names.get(name)) or ()
    good = [a for a in there if a in own and not is_loopback(a)]
    address = good[0] if good else own_address(destination)
    hosts = known(lambda: source.network.hosts) or ()
    wrong = {
        a
        for a, names in hosts
        if name.lower() in map(str.lower, names)
        and (a not in own or is_loopback(a))
    }
    if not address:
        return (
            f"give {name} on {source.name} the address of"
            f" {destination.name}, in DNS or /etc/hosts",
        )

    # DNS may be what is wrong; /etc/hosts is asked before it.
    def fix() -> Fix:
        # Else it might have another machine's name, such as Keystone's.
        own_name = destination.name.lower()
        if name.lower() != own_name and not name.lower().startswith(
            own_name.partition(".")[0] + "."
        ):
            raise Refused(
                f"only {destination.name} says that {name} is its name"
            )
        words = HostAddress(address), HostName(name)
        line = given(*words)
        return Fix(
            source.name,
            (*without(hosts, name, wrong), line),
            rests_on=(destination.name,),
            vouched=by_type(*words),
        )

    return "", allowed(source.name, fix)
