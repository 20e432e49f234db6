"""Compares a value that should be the same on all nodes."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

from osc_migrate.text import listed

T = TypeVar("T")


def majority(
    values: Mapping[str, T], votes: Iterable[T] = (), usual: Iterable[T] = ()
) -> T:
    """Return the value that the nodes should have.

    :param values: node -> its value; not empty.
    :param votes: further votes, such as the owner of a file.
    :param usual: values that decide a tie; otherwise the first node does.
    """
    best = most_common(values, votes)
    return next((value for value in usual if value in best), best[0])


def most_common(values: Mapping[str, T], votes: Iterable[T] = ()) -> list[T]:
    """Return the most common value, or several in a tie."""
    count = Counter(values.values())
    count.update(vote for vote in votes if vote in count)
    highest = max(count.values())
    return [value for value in count if count[value] == highest]


def differing(values: Mapping[str, T], agreed: T) -> dict[str, T]:
    """Return the nodes with another value."""
    return {n: value for n, value in values.items() if value != agreed}


def differences(values: Mapping[str, object], agreed: object) -> str:
    """Return text: 'HostC has 64061, the others have 64060'."""
    outliers = differing(values, agreed)
    shown = listed(
        [f"{name} has {value}" for name, value in outliers.items()], 8
    )
    return f"{shown}, the others have {agreed}"
