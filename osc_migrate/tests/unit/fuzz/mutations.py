"""Texts that were cut, mixed, repeated, or hold what no reader expects."""

import dataclasses
import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")

#: characters of an input at most: what a session takes from a node
LONGEST = 2**20
ODD = (
    *("", "\0", "=", ":", "#", "#@", "#=", "|", "/", "\\", "%s", "$a"),
    *("\n", "\r\n", "\x0c", "\x85", "\u2028", " ", "\t", ",", ";", '"', "'"),
    *("\ud800", "\u0660", "²", "\x1b[2J", "\u202e", "\ufffd", "\U0010ffff"),
    *("-1", "0x", "1e999", "nan", "NaN", "Infinity", "9" * 5000, "1" * 400),
    *("[" * 3000, "<a>" * 3000, '{"a":' * 3000, "((", "None", "null", "{}"),
    *("&a [*a,*a]", "!!python/object:os.system", "<!ENTITY a 'b'>", "&#0;"),
)
_CODES = (*range(32, 127), *range(0xA0, 0x250), 0x3042, 0x1F600, 0xD800, 0)
_TIMES = (*[1] * 30, 2, 40, 1000, 10**6)


@dataclasses.dataclass(frozen=True)
class Edit:
    at: int
    length: int
    odd: str
    times: int

    def of(self, text: str) -> str:
        at = self.at % (len(text) + 1)
        held = text[at : at + self.length]
        put = self.odd if self.odd != "held" else held
        times = min(self.times, LONGEST // (len(put) + 1))
        return text[:at] + put * times + text[at + self.length :]


def _edit(chance: random.Random) -> Edit:
    odd = chance.choice(("held", *ODD, "", ""))
    if not odd:
        size = chance.randrange(8)
        odd = "".join(chr(chance.choice(_CODES)) for _ in range(size))
    return Edit(
        at=chance.randrange(20_000),
        length=chance.choice((0, 0, 1, 3, 20, 200, 10**7)),
        odd=odd,
        # Many of a piece show what is quadratic.
        times=chance.choice(_TIMES),
    )


def edited(chance: random.Random, seeds: Sequence[str]) -> str:
    """One of the seeds with a few edits."""
    text = chance.choice(seeds)
    for _ in range(chance.randint(1, 4)):
        text = _edit(chance).of(text)
    return text[:LONGEST]


def seeded(make: Callable[[random.Random], T]) -> st.SearchStrategy[T]:
    """What `make` draws by chance.

    One draw of Hypothesis each: many cost more than what reads the input.
    """
    seeds = st.binary(min_size=8, max_size=8)
    return seeds.map(lambda seed: make(random.Random(seed)))


def mutated(seeds: Sequence[str]) -> st.SearchStrategy[str]:
    """One of the seeds with a few edits."""
    return seeded(lambda chance: edited(chance, seeds))
