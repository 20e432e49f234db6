"""The exceptions that reach an operator.

``str()`` of each states what happened, to which object, and what to do next.
"""

import itertools
from collections.abc import Sequence


class MigrateError(Exception):
    """Base of the exceptions of this plugin; exit code 1."""


class UsageError(MigrateError):
    """The command line is invalid; exit code 2, nothing was changed."""


class Declined(MigrateError):
    """The user declined to proceed; exit code 3."""


class ApiError(MigrateError):
    """A service returned an error, or did not respond.

    :ivar status: HTTP status; None without a response.
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
        """Whether a retry may help: no response, overload, or a failure of the
        service or of a proxy."""
        return self.status is None or self.status == 429 or self.status >= 500


class NotFound(MigrateError):
    """No object has that name or ID."""

    def __init__(self, what: str, name: str, remedy: str) -> None:
        super().__init__(f"no {what} is called '{name}'; {remedy}")
        self.what = what
        self.name = name


class Ambiguous(MigrateError):
    """Several objects have that name.

    :param details: details that distinguish them, such as their hosts.
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
