"""Texts that were cut, mixed, repeated, or hold what no reader expects."""

import dataclasses

from hypothesis import strategies as st

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


edits = st.builds(
    Edit,
    at=st.integers(0, 20_000),
    length=st.sampled_from([0, 0, 1, 3, 20, 200, 10**7]),
    odd=st.sampled_from(("held", *ODD)) | st.text(max_size=8),
    # Many of a piece show what is quadratic.
    times=st.sampled_from([1] * 30 + [2, 40, 1000, 10**6]),
)


def mutated(seeds: list[str]) -> st.SearchStrategy[str]:
    """One of the seeds with a few edits."""

    def made(seed: str, changes: list[Edit]) -> str:
        for edit in changes:
            seed = edit.of(seed)
        return seed[:LONGEST]

    return st.builds(
        made, st.sampled_from(seeds), st.lists(edits, min_size=1, max_size=4)
    )
