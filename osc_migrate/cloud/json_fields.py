"""JSON of an API, read with suspicion: missing, null or wrong-typed fields
become :class:`Unread` facts, never a traceback."""

import datetime
import json
from typing import TypeVar

from osc_migrate.facts import Unread

T = TypeVar("T")


# As databases have them.
_MAX_NUMBER = 2**63


class JsonObject:
    """One JSON object.

    :param what: names it in the reason of an Unread, like "servers".
    :param origin: who said it, like "Nova (microversion 2.96)".
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
        # bool is an int to Python, not to an API.
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
        """None for null; a missing field is still Unread."""
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
        # json takes NaN and Infinity for numbers, which no sum survives.
        value = self._get(name)
        if isinstance(value, float) and abs(value) <= _MAX_NUMBER:
            return value
        return float(self.whole(name))

    def maybe_whole(self, name: str) -> int | None:
        return None if self._get(name) is None else self.whole(name)

    def flag(self, name: str) -> bool:
        return self._typed(name, bool)

    def time(self, name: str) -> datetime.datetime | None:
        """An ISO time as an aware UTC datetime; None for null."""
        text = self.maybe_text(name)
        if text is None:
            return None
        try:
            moment = datetime.datetime.fromisoformat(text)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=datetime.UTC)
            # Near the first and the last year no time can be added.
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
        """An object, or JSON text of one; an empty text is an empty one."""
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
        """A list of objects."""
        return [
            JsonObject(row, name, self._origin)
            for row in self._typed(name, list)
        ]

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings."""
        values = self._typed(name, list)
        if all(isinstance(value, str) for value in values):
            return tuple(values)
        raise Unread(
            f"{self._origin} shows an unexpected '{name}' in"
            f" {self._description}"
        )

    def words(self, name: str) -> dict[str, str]:
        """An object of strings."""
        inner = self.inner(name)
        return {key: inner.text(key) for key in inner._data}

    def own_texts(self) -> dict[str, str]:
        """Its fields that are strings."""
        return {k: v for k, v in self._data.items() if isinstance(v, str)}

    def keys(self, name: str) -> frozenset[str]:
        """The names in an object."""
        return frozenset(self.inner(name)._data)

    def numbers(self, name: str) -> dict[str, int]:
        """An object of whole numbers."""
        inner = self.inner(name)
        return {key: inner.whole(key) for key in inner._data}

    def items(self) -> list[tuple[str, "JsonObject"]]:
        """An object of objects."""
        return [(key, self.inner(key)) for key in self._data]
