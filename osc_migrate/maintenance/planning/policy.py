"""What a server's owner wishes of its moves.

A tag ``osc-migrate:never``, or the property ``osc-migrate=never`` (several
with commas): never, cold, live, stop or notify.
"""

import enum
from collections.abc import Iterator

from osc_migrate.cloud.servers import Server

KEY = "osc-migrate"


class Wish(enum.StrEnum):
    # Leave it where it is.
    NEVER = "never"
    # Shut it down where it is.
    STOP = "stop"
    # Tell its owner before.
    NOTIFY = "notify"
    # Shut it down for the move.
    COLD = "cold"
    # Never interrupt it.
    LIVE = "live"


class Odd(Exception):
    """A wish that nobody can follow; the words say why."""


def wishes(server: Server) -> frozenset[Wish]:
    """:raises Odd: an unknown one, or two that exclude each other.
    :raises Unread: tags or properties are not known.
    """
    found = set()
    for word in _words(server):
        try:
            found.add(Wish(word))
        except ValueError:
            known = ", ".join(Wish)
            raise Odd(
                f"its wish '{word}' is none of {known}: openstack server"
                f" unset --tag {KEY}:{word}, or --property {KEY}"
            ) from None
    if {Wish.COLD, Wish.LIVE} <= found:
        raise Odd("it wishes to be moved cold and live: take one away")
    return frozenset(found)


def _words(server: Server) -> Iterator[str]:
    for tag in server.tags:
        key, colon, word = tag.partition(":")
        if key == KEY and colon:
            yield word.strip().lower()
    for word in server.metadata.get(KEY, "").split(","):
        if word.strip():
            yield word.strip().lower()
