"""What was read from the cloud, before anything is judged.

A fact that could not be read is stored as :class:`Unread`, and raised
where it is used: no code can mistake 'not known' for 'no'.
"""

import typing
from collections.abc import Callable
from typing import TypeVar, cast

T = TypeVar("T")


class Unread(Exception):
    """A fact that could not be read, and why not."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Facts:
    """Base of all facts: looking at an unread one raises :class:`Unread`."""

    if not typing.TYPE_CHECKING:  # a typed one would allow any name

        def __getattribute__(self, name):
            value = object.__getattribute__(self, name)
            if isinstance(value, Unread):
                # A new one each time, or the tracebacks would pile up.
                raise Unread(value.reason)
            return value

    def but(self, **changes: object) -> typing.Self:
        """The same facts with some changed, unread ones included."""
        fields = object.__getattribute__(self, "__dict__")
        return type(self)(**(fields | changes))

    def __repr__(self) -> str:
        fields = object.__getattribute__(self, "__dict__").items()
        inner = ", ".join(f"{name}={value!r}" for name, value in fields)
        return f"{type(self).__name__}({inner})"


def known(read: Callable[[], T]) -> T | None:
    """What `read` returns, None where it meets an unread fact.

    For what is only shown, or helps where it is known: never for a
    judgement.
    """
    try:
        return read()
    except Unread:
        return None


def fact(read: Callable[..., T], *args: object) -> T:
    """`read` of `args`, or the :class:`Unread` that it raised, as a value.

    Typed as if it had been read: :class:`~osc_migrate.facts.Facts`
    raises it again where it is used.
    """
    try:
        return read(*args)
    except Unread as unread:
        return cast(T, unread)
