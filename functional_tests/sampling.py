"""Which cases of a long table the default run plays."""

from collections.abc import Iterable

import pytest

LONG = pytest.mark.long

#: for tests that walk through a table: one row in six, or all
EVERY = [pytest.param(6, id="sample"), pytest.param(1, id="all", marks=LONG)]


def sampled(cases: Iterable[object], every: int) -> list[object]:
    """Parameters: one in `every` cases by default, the others with 'long'.

    The choice depends on the order of the table alone, so that a run can be
    repeated.
    """
    return [
        case if number % every == 0 else pytest.param(case, marks=LONG)
        for number, case in enumerate(cases)
    ]
