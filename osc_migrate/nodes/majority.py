"""What all nodes should have the same of, and who has it otherwise."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

from osc_migrate.text import listed

T = TypeVar("T")


def majority(
    values: Mapping[str, T], votes: Iterable[T] = (), usual: Iterable[T] = ()
) -> T:
    """The value to agree on.

    :param values: node -> what it has; not empty.
    :param votes: what else speaks for a value, such as a file's owner.
    :param usual: what decides between equals; else the first node does.
    """
    best = most_common(values, votes)
    return next((value for value in usual if value in best), best[0])


def most_common(values: Mapping[str, T], votes: Iterable[T] = ()) -> list[T]:
    """The value that most nodes have; several where as many have each."""
    count = Counter(values.values())
    count.update(vote for vote in votes if vote in count)
    highest = max(count.values())
    return [value for value in count if count[value] == highest]


def differing(values: Mapping[str, T], agreed: T) -> dict[str, T]:
    """The nodes that have something else."""
    return {n: value for n, value in values.items() if value != agreed}


def differences(values: Mapping[str, object], agreed: object) -> str:
    """'HostC has 64061, the others have 64060'."""
    outliers = differing(values, agreed)
    shown = listed(
        [f"{name} has {value}" for name, value in outliers.items()], 8
    )
    return f"{shown}, the others have {agreed}"
