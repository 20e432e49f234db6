"""The owner's policy for moves of a server.

A tag ``osc-migrate:never``, or the property ``osc-migrate=never`` (several
with commas): never, cold, live, stop or notify.
"""

import enum
from collections.abc import Iterator

from osc_migrate.cloud.servers import Server
from osc_migrate.text import paste

KEY = "osc-migrate"


class Policy(enum.StrEnum):
    # Do not move it.
    NEVER = "never"
    # Shut it down in place.
    STOP = "stop"
    # Notify its owner first.
    NOTIFY = "notify"
    # Shut it down for the move.
    COLD = "cold"
    # Never interrupt it.
    LIVE = "live"


class InvalidPolicy(Exception):
    """A policy that cannot be applied, and why."""


def policies(server: Server) -> frozenset[Policy]:
    """Return the policies of a server.

    :raises InvalidPolicy: an unknown one, or two that exclude each other.
    :raises Unread: tags or properties could not be read.
    """
    names = set()
    for word in _policy_names(server):
        try:
            names.add(Policy(word))
        except ValueError:
            known = ", ".join(Policy)
            # Any member of the project may have set it.
            tag = paste(f"{KEY}:{word}")
            raise InvalidPolicy(
                f"unknown owner policy '{word}', not one of {known};"
                f" remove it: openstack server unset --tag {tag}, or"
                f" --property {KEY}"
            ) from None
    if {Policy.COLD, Policy.LIVE} <= names:
        raise InvalidPolicy(
            "owner policies cold and live exclude each other: remove one"
        )
    return frozenset(names)


def _policy_names(server: Server) -> Iterator[str]:
    for tag in server.tags:
        key, colon, word = tag.partition(":")
        if key == KEY and colon:
            yield word.strip().lower()
    for word in server.metadata.get(KEY, "").split(","):
        if word.strip():
            yield word.strip().lower()
