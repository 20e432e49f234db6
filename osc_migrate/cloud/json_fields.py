"""JSON from an API, which is not trusted: fields that are missing, null or of
the wrong type become :class:`Unread` facts, never a traceback."""

import datetime
import json
from typing import TypeVar

from osc_migrate.facts import Unread

T = TypeVar("T")


# The range of a database integer.
_MAX_NUMBER = 2**63


class JsonObject:
    """One JSON object.

    :param what: name for the reason of an Unread, such as "servers".
    :param origin: the source, such as "Nova (microversion 2.96)".
    """

    def __init__(self, data: object, description: str, origin: str) -> None:
        if not isinstance(data, dict):
            raise Unread(
                f"{origin} sent an unexpected answer for {description}"
            )
        self._data = data
        self._description = description
        self._origin = origin

    def __contains__(self, name: str) -> bool:
        return name in self._data

    def _get(self, name: str) -> object:
        if name not in self._data:
            raise Unread(
                f"{self._origin} does not show '{name}' in {self._description}"
            )
        return self._data[name]

    def _typed(self, name: str, kind: type[T]) -> T:
        value = self._get(name)
        # In Python, but not in an API, bool is an int.
        if isinstance(value, kind) and (
            kind is bool or not isinstance(value, bool)
        ):
            return value
        raise Unread(
            f"{self._origin} shows '{name}' in {self._description} as"
            f" {type(value).__name__}, not {kind.__name__}"
        )

    def text(self, name: str) -> str:
        return self._typed(name, str)

    def maybe_text(self, name: str) -> str | None:
        """Return a text or, for null, None; a missing field is Unread."""
        return None if self._get(name) is None else self.text(name)

    def whole(self, name: str) -> int:
        value = self._typed(name, int)
        if abs(value) <= _MAX_NUMBER:
            return value
        raise Unread(
            f"{self._origin} shows '{name}' in {self._description} as a number"
            " that is too large"
        )

    def number(self, name: str) -> float:
        # json accepts NaN and Infinity as numbers, which spoil every sum.
        value = self._get(name)
        if isinstance(value, float) and abs(value) <= _MAX_NUMBER:
            return value
        return float(self.whole(name))

    def maybe_whole(self, name: str) -> int | None:
        return None if self._get(name) is None else self.whole(name)

    def flag(self, name: str) -> bool:
        return self._typed(name, bool)

    def time(self, name: str) -> datetime.datetime | None:
        """Return an ISO time as an aware datetime in UTC; None for null."""
        text = self.maybe_text(name)
        if text is None:
            return None
        try:
            moment = datetime.datetime.fromisoformat(text)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=datetime.UTC)
            # Arithmetic fails near the first and the last year.
            if 1 < moment.year < 9999:
                return moment.astimezone(datetime.UTC)
        except ValueError:
            pass
        raise Unread(
            f"{self._origin} shows '{name}' in {self._description} as"
            " something other than a time"
        )

    def inner(self, name: str) -> "JsonObject":
        return JsonObject(self._get(name), name, self._origin)

    def unpacked(self, name: str) -> "JsonObject":
        """Return an object, also given as JSON text; '' is empty."""
        value = self._get(name)
        if isinstance(value, str):
            try:
                value = json.loads(value or "{}")
            except (ValueError, RecursionError):
                raise Unread(
                    f"{self._origin} shows '{name}' in {self._description} as"
                    " unexpected JSON"
                ) from None
        return JsonObject(value, name, self._origin)

    def rows(self, name: str) -> list["JsonObject"]:
        """Return a list of objects."""
        return [
            JsonObject(row, name, self._origin)
            for row in self._typed(name, list)
        ]

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of strings."""
        values = self._typed(name, list)
        if all(isinstance(value, str) for value in values):
            return tuple(values)
        raise Unread(
            f"{self._origin} shows an unexpected '{name}' in"
            f" {self._description}"
        )

    def words(self, name: str) -> dict[str, str]:
        """Return an object whose values are strings."""
        inner = self.inner(name)
        return {key: inner.text(key) for key in inner._data}

    def own_texts(self) -> dict[str, str]:
        """Return the fields that are strings."""
        return {k: v for k, v in self._data.items() if isinstance(v, str)}

    def keys(self, name: str) -> frozenset[str]:
        """Return the keys of an object."""
        return frozenset(self.inner(name)._data)

    def numbers(self, name: str) -> dict[str, int]:
        """Return an object whose values are integers."""
        inner = self.inner(name)
        return {key: inner.whole(key) for key in inner._data}

    def items(self) -> list[tuple[str, "JsonObject"]]:
        """Return the items of an object whose values are objects."""
        return [(key, self.inner(key)) for key in self._data]
