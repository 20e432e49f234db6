"""What no service should send, and where it comes in an answer."""

import copy
import dataclasses
from typing import Any

from hypothesis import strategies as st

from osc_migrate.tests.unit import sky as skies

HUGE = "h" * 10_000
NAMES = (
    "",
    " ",
    "-rf",
    "; reboot",
    "$(reboot)`reboot`",
    '\\"; reboot; "',
    "trailing\\",
    "%s %d %(name)s",
    "{} {0} {name} {0.__class__}",
    "[bold]x[/bold] [/]",
    "\x1b[2J\x1b]0;title\x07",
    "\x9b31m\x85\u2028",
    "a\nb\r\tc\x00",
    "\u202eevil\u2066\u200b\ufeff",
    "\ud800",
    "\U0010ffff\ufffe",
    "../../../os-hypervisors?a=b#c",
    "größe 機",
    HUGE,
    "\x1b[31m" * 2000,
)
TIMES = (
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59",
    "2026-W01",
    "12:00",
)


def nested(depth: int) -> Any:
    body: Any = "x"
    for n in range(depth):
        body = {"a": body} if n % 2 else [body]
    return body


VALUES = (
    *NAMES,
    *TIMES,
    None,
    True,
    False,
    0,
    -1,
    7,
    10**30,
    -(10**30),
    10**400,
    1.5,
    float("nan"),
    float("inf"),
    [],
    {},
    [None],
    [[]],
    [7],
    ["x"],
    ["\x1b[2J"],
    [{}],
    {"": None},
    {"\x1b[2J": "\x1b[2J"},
    {"id": "\x1b[2J", "links": []},
    nested(200),
    [None] * 1000,
)
BODIES = (
    b"",
    b"\xff\xfe{",
    b'{"servers": [{"id": "\xff\xc3"}]}',
    b"<html>\x1b[2J</html>",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"null",
    b"NaN",
    b'{"servers": ' + b"9" * 5000 + b"}",
    b'{"servers": [], "servers": 7}',
)
MISSING = object()


@dataclasses.dataclass(frozen=True)
class Spoil:
    """What becomes of one answer.

    The numbers choose a thing among those there are, whatever their count.
    """

    answer: int
    place: int
    how: Any

    def body(self, good: Any) -> Any:
        if isinstance(good, skies.Raw):
            return good  # spoilt already
        if isinstance(self.how, bytes):
            return skies.Raw(content=self.how)
        if isinstance(self.how, tuple):
            status, said = self.how
            fault = {"fault": {"message": said, "code": status}}
            return skies.Raw(status_code=status, json=fault)
        return _changed(good, self.place, self.how)


def _changed(good: Any, place: int, how: Any) -> Any:
    body = copy.deepcopy(good)
    places = list(_places(body))
    if not places:
        return how if how is not MISSING else body
    holder, key = places[place % len(places)]
    if how is MISSING:
        del holder[key]
    else:
        holder[key] = how
    return body


def _places(body: Any) -> Any:
    """Where something may stand: (what holds it, its key)."""
    keys: Any = ()
    if isinstance(body, dict):
        keys = body
    elif isinstance(body, list):
        keys = range(len(body))
    for key in keys:
        yield body, key
        yield from _places(body[key])


spoil = st.builds(
    Spoil,
    answer=st.integers(0, 60),
    place=st.integers(0, 400),
    how=st.one_of(
        st.sampled_from(VALUES),
        st.sampled_from([MISSING]),
        st.sampled_from(BODIES),
        st.tuples(
            st.sampled_from([400, 403, 404, 409, 500, 503]),
            st.sampled_from(NAMES),
        ),
        st.text(max_size=20),
    ),
)
spoils = st.lists(spoil, min_size=1, max_size=3)
