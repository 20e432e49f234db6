"""Facts: values read from the cloud or its nodes, not yet judged.

A fact that could not be read is stored as :class:`Unread` and raises when it
is used, so that no code can mistake 'unknown' for 'no'.
"""

import typing
from collections.abc import Callable
from typing import TypeVar, cast

T = TypeVar("T")


class Unread(Exception):
    """A fact that could not be read, and the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Facts:
    """Base of all facts: access to an unread one raises :class:`Unread`."""

    if not typing.TYPE_CHECKING:  # A typed one would allow any name.

        def __getattribute__(self, name):
            value = object.__getattribute__(self, name)
            if isinstance(value, Unread):
                # A new instance each time, or tracebacks would accumulate.
                raise Unread(value.reason)
            return value

    def but(self, **changes: object) -> typing.Self:
        """Return a copy with some facts changed; unread ones are kept."""
        fields = object.__getattribute__(self, "__dict__")
        return type(self)(**(fields | changes))

    def __repr__(self) -> str:
        fields = object.__getattribute__(self, "__dict__").items()
        inner = ", ".join(f"{name}={value!r}" for name, value in fields)
        return f"{type(self).__name__}({inner})"


def or_none(read: Callable[[], T]) -> T | None:
    """Return the result of `read`, or None if it uses an unread fact.

    Only for display or optional details, never for a judgement.
    """
    try:
        return read()
    except Unread:
        return None


def fact(read: Callable[..., T], *args: object) -> T:
    """Return `read(*args)`, or the :class:`Unread` it raised as a value.

    The type is that of a read fact: :class:`~osc_migrate.facts.Facts` raises
    the stored exception when the fact is used.
    """
    try:
        return read(*args)
    except Unread as unread:
        return cast(T, unread)
