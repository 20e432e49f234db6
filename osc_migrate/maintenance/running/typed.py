"""Checks that data from a file has the types declared by a dataclass."""

import collections.abc
import dataclasses
import enum
import types
import typing
from typing import Any


def require(value: object, hint: Any, name: str = "it") -> None:
    """:raises TypeError: `value`, or a part of it, has another type."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return
    if origin in (types.UnionType, typing.Union):
        _require_one_of(value, args, name)
    elif origin in (tuple, frozenset, collections.abc.Mapping):
        _require_parts(value, origin, args, name)
    elif dataclasses.is_dataclass(hint):
        _require_class(value, hint, name)
        hints = typing.get_type_hints(hint)
        for field in dataclasses.fields(hint):
            part = getattr(value, field.name)
            require(part, hints[field.name], f"{name}.{field.name}")
    elif hint is float:
        # In JSON, 1.0 is 1; True is an int only in Python.
        _require_class(value, (int, float), name)
    else:
        _require_class(value, hint, name)


def _require_one_of(value: object, hints: tuple[Any, ...], name: str) -> None:
    for hint in hints:
        try:
            return require(value, hint, name)
        except TypeError:
            continue
    raise _type_error(value, name)


def _require_parts(
    value: Any, kind: Any, hints: tuple[Any, ...], name: str
) -> None:
    _require_class(value, kind, name)
    if kind is collections.abc.Mapping:
        for key, part in value.items():
            require(key, hints[0], f"a key of {name}")
            require(part, hints[1], f"a value of {name}")
    else:
        for part in value:
            require(part, hints[0], f"a part of {name}")


def _require_class(value: object, kind: Any, name: str) -> None:
    is_bool = isinstance(value, bool) and kind is not bool
    is_enum = isinstance(value, enum.Enum) and not isinstance(
        kind, enum.EnumType
    )
    if not isinstance(value, kind) or is_bool or is_enum:
        raise _type_error(value, name)


def _type_error(value: object, name: str) -> TypeError:
    return TypeError(f"{name} cannot be a {type(value).__name__}")
