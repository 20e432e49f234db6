"""The exceptions that reach an operator, each carrying its data.

``str()`` of each says what happened, on which object, and what to do next.
"""

import itertools
from collections.abc import Sequence


class MigrateError(Exception):
    """Base of all that this plugin raises by intention; exit code 1."""


class UsageError(MigrateError):
    """The command line is wrong; exit code 2, and nothing was changed."""


class Declined(MigrateError):
    """The answer to a question was not yes; exit code 3."""


class ApiError(MigrateError):
    """A service answered with an error, or not at all.

    :ivar status: the HTTP status, None when no answer came.
    """

    def __init__(
        self, service: str, what: str, status: int | None, message: str
    ) -> None:
        detail = f"HTTP {status}: {message}" if status else message
        super().__init__(f"{service} could not {what}: {detail}")
        self.service = service
        self.status = status
        self.message = message

    @property
    def passing(self) -> bool:
        """True for trouble that is worth another try: no answer, overload,
        a proxy's or a server's own failure."""
        return self.status is None or self.status == 429 or self.status >= 500


class NotFound(MigrateError):
    """Nothing has that name or ID."""

    def __init__(self, what: str, name: str, remedy: str) -> None:
        super().__init__(f"no {what} is called '{name}'; {remedy}")
        self.what = what
        self.name = name


class Ambiguous(MigrateError):
    """Several things have that name.

    :param details: what distinguishes them, such as their hosts.
    """

    def __init__(
        self,
        what: str,
        name: str,
        ids: Sequence[str],
        details: Sequence[str] = (),
    ) -> None:
        labels = [
            f"{id} ({detail})" if detail else id
            for id, detail in itertools.zip_longest(ids, details)
        ]
        shown = ", ".join(labels[:10]) + (" ..." if len(ids) > 10 else "")
        super().__init__(
            f"{len(ids)} {what}s are called '{name}'; give an ID: {shown}"
        )
        self.ids = tuple(ids)


class Unclear(MigrateError):
    """The request may or may not have reached Nova."""
