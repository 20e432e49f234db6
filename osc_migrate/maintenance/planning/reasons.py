"""Why a server has nowhere to go, in as few reasons as decide it."""

import itertools
from collections.abc import Iterable, Iterator, Mapping

from osc_migrate.maintenance.planning.candidate import Candidate
from osc_migrate.maintenance.planning.capacity import State
from osc_migrate.maintenance.planning.rules import Reason, Rules

# Hosts to name before it gets long.
NAMED = 3
# Kinds of reason up to which every set of them is tried.
FEW = 12


def why(
    one: Candidate,
    rules: Rules,
    hosts: Iterable[str],
    before: State,
    after: State,
) -> tuple[str, ...]:
    """The smallest set of reasons that rules every host out.

    :param before: what was there before any move of the plan.
    :param after: what is left once all its moves are made.
    """
    against: dict[str, dict[str, str]] = {}
    for host in sorted(hosts):
        if host != one.source:
            found = (
                *rules.against(one, host),
                *_full(one, host, before, after),
            )
            against[host] = {r.key: r.words for r in found}
    if not against:
        return ("there is no other host",)
    open_ = [host for host, found in against.items() if not found]
    if open_:
        # Only when it could not be brought in between the others.
        return (f"no order of the moves leaves room on {_listed(open_)}",)
    return tuple(
        f"{words} ({_listed(named)})"
        for words, named in _grouped(_smallest(against), against)
    )


def _full(
    one: Candidate, host: str, before: State, after: State
) -> Iterator[Reason]:
    at_first = set(before.short(one, host))
    for name in after.short(one, host):
        words = f"destination-has-room: no {one.needs[name]} {name} left"
        if name not in at_first:
            words += " after the other moves"
        yield Reason(f"room {name}", words)
    group = after.breaks(one, host)
    if group is None:
        return
    check = "server-groups-allow-the-destination"
    if group.policy == "affinity":
        words = (
            f"{check}: none of its affinity group '{group.name}' is there,"
            " and Nova moves no member away from the others"
        )
    else:
        words = f"{check}: its anti-affinity group '{group.name}' is there"
    yield Reason(f"group {group.id}", words)


def _smallest(against: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    sets = {frozenset(found) for found in against.values()}
    keys = sorted(frozenset().union(*sets))
    if len(keys) <= FEW:
        for count in range(1, len(keys) + 1):
            for chosen in itertools.combinations(keys, count):
                if all(found & set(chosen) for found in sets):
                    return chosen
    # Whoever rules most of the rest out first: not always the smallest.
    taken: list[str] = []
    while sets:
        most = max(keys, key=lambda key: sum(key in found for found in sets))
        taken.append(most)
        sets = {found for found in sets if most not in found}
    return tuple(taken)


def _grouped(
    keys: Iterable[str], against: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, list[str]]]:
    """Each host once, under the first of those reasons that it has; the
    words are those of the first such host."""
    left = dict(against)
    for key in keys:
        named = [host for host, found in left.items() if key in found]
        if named:
            yield against[named[0]][key], named
        for host in named:
            del left[host]


def _listed(hosts: list[str]) -> str:
    shown = ", ".join(hosts[:NAMED])
    more = len(hosts) - NAMED
    return f"{shown} and {more} more" if more > 0 else shown
