"""Why a server has nowhere to go, in as few reasons as decide it."""

import itertools
from collections.abc import Iterable, Iterator, Mapping

from osc_migrate.maintenance.planning.candidate import Candidate
from osc_migrate.maintenance.planning.capacity import State
from osc_migrate.maintenance.planning.rules import Reason, Rules
from osc_migrate.text import listed

# Hosts to name before it gets long.
NAMED = 3
# Kinds of reason up to which every set of them is tried.
MAX_KINDS = 12


def blocking_reasons(
    candidate: Candidate,
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
        if host != candidate.source:
            reasons = (
                *rules.against(candidate, host),
                *_full(candidate, host, before, after),
            )
            against[host] = {r.key: r.text for r in reasons}
    if not against:
        return ("no other host exists",)
    open_ = [host for host, reasons in against.items() if not reasons]
    if open_:
        # Only when it could not be brought in between the others.
        named = listed(open_, NAMED)
        return (f"no order of the moves leaves room on {named}",)
    return tuple(
        f"{text} ({listed(named, NAMED)})"
        for text, named in _grouped(_smallest(against), against)
    )


def _full(
    candidate: Candidate, host: str, before: State, after: State
) -> Iterator[Reason]:
    at_first = set(before.short(candidate, host))
    for name in after.short(candidate, host):
        text = f"destination-has-room: no {candidate.needs[name]} {name} left"
        if name not in at_first:
            text += " after the other moves"
        yield Reason(f"room {name}", text)
    group = after.breaks(candidate, host)
    if group is None:
        return
    check = "server-groups-allow-the-destination"
    if group.policy == "affinity":
        text = (
            f"{check}: none of its affinity group '{group.name}' is there,"
            " and Nova moves no member away from the others"
        )
    else:
        text = f"{check}: its anti-affinity group '{group.name}' is there"
    yield Reason(f"group {group.id}", text)


def _smallest(against: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    sets = {frozenset(keys_of_host) for keys_of_host in against.values()}
    keys = sorted(frozenset().union(*sets))
    if len(keys) <= MAX_KINDS:
        for count in range(1, len(keys) + 1):
            for chosen in itertools.combinations(keys, count):
                if all(keys_of_host & set(chosen) for keys_of_host in sets):
                    return chosen
    # Those that rule out most of the rest first: not always the smallest.
    chosen_keys: list[str] = []
    while sets:
        best_key = max(
            keys,
            key=lambda key: sum(key in keys_of_host for keys_of_host in sets),
        )
        chosen_keys.append(best_key)
        sets = {
            keys_of_host
            for keys_of_host in sets
            if best_key not in keys_of_host
        }
    return tuple(chosen_keys)


def _grouped(
    keys: Iterable[str], against: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, list[str]]]:
    """Each host once, under the first of those reasons that it has; the
    words are those of the first such host."""
    left = dict(against)
    for key in keys:
        named = [host for host, reasons in left.items() if key in reasons]
        if named:
            yield against[named[0]][key], named
        for host in named:
            del left[host]
