"""Why a server has no destination, in as few reasons as possible."""

import itertools
from collections.abc import Iterable, Iterator, Mapping

from osc_migrate.maintenance.planning.candidate import Candidate
from osc_migrate.maintenance.planning.capacity import Occupancy
from osc_migrate.maintenance.planning.rules import Reason, Rules
from osc_migrate.text import listed

# Maximum number of hosts to name.
NAMED = 3
# With up to this many kinds of reasons, every combination is tried.
MAX_KINDS = 12


def blocking_reasons(
    candidate: Candidate,
    rules: Rules,
    hosts: Iterable[str],
    before: Occupancy,
    after: Occupancy,
) -> tuple[str, ...]:
    """Return the smallest set of reasons that rules out every host.

    :param before: the state before the moves of the plan.
    :param after: the state after all of them.
    """
    against: dict[str, dict[str, str]] = {}
    for host in sorted(hosts):
        if host != candidate.source:
            reasons = (
                *rules.against(candidate, host),
                *_capacity_reasons(candidate, host, before, after),
            )
            against[host] = {r.key: r.text for r in reasons}
    if not against:
        return ("no other host exists",)
    open_ = [host for host, reasons in against.items() if not reasons]
    if open_:
        # Only if it did not fit into any order with the others.
        named = listed(open_, NAMED)
        return (f"no order of the moves leaves room on {named}",)
    return tuple(
        f"{text} ({listed(named, NAMED)})"
        for text, named in _grouped(_smallest_cover(against), against)
    )


def _capacity_reasons(
    candidate: Candidate, host: str, before: Occupancy, after: Occupancy
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


def _smallest_cover(
    against: Mapping[str, Mapping[str, str]],
) -> tuple[str, ...]:
    sets = {frozenset(keys_of_host) for keys_of_host in against.values()}
    keys = sorted(frozenset().union(*sets))
    if len(keys) <= MAX_KINDS:
        for count in range(1, len(keys) + 1):
            for chosen in itertools.combinations(keys, count):
                if all(keys_of_host & set(chosen) for keys_of_host in sets):
                    return chosen
    # Greedy: those that rule out most of the rest first, which is not always
    # the smallest set.
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
    """Yield (text, hosts) for each reason; each host only once.

    The text is that of the first host.
    """
    left = dict(against)
    for key in keys:
        named = [host for host, reasons in left.items() if key in reasons]
        if named:
            yield against[named[0]][key], named
        for host in named:
            del left[host]
