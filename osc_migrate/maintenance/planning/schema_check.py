"""Validates a value against a JSON schema.

Implements the part of JSON schema that ours uses, so that the file that
documents the plan format also validates plans. Unknown keywords are refused.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]


class Misshapen(Exception):
    """What is invalid, and where: 'steps[3].way: ...'."""


def check(value: Any, schema: Schema, path: str = "") -> None:
    """:raises Misshapen: the value does not match the schema."""
    for word, parameter in schema.items():
        if word in _KEYWORDS:
            _KEYWORDS[word](value, parameter, path)
        elif word not in ("$schema", "title", "description"):
            raise ValueError(f"schema word '{word}' is not known here")
    if isinstance(value, dict) and "object" in _types(schema):
        _fields(value, schema, path)


_KINDS: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "number": lambda v: isinstance(v, int | float) and _no_bool(v),
    "integer": lambda v: isinstance(v, int) and _no_bool(v),
}


def _no_bool(value: Any) -> bool:
    return not isinstance(value, bool)


def _types(schema: Schema) -> list[str]:
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else list(types)


def _type(value: Any, allowed: Any, path: str) -> None:
    types = [allowed] if isinstance(allowed, str) else allowed
    if not any(_KINDS[kind](value) for kind in types):
        _refuse(path, f"is not of type {' or '.join(types)}")


def _enum(value: Any, allowed: list[Any], path: str) -> None:
    # In Python, 1, 1.0 and True are equal.
    if not any(
        value == option and type(value) is type(option) for option in allowed
    ):
        _refuse(path, f"is not one of {', '.join(map(str, allowed))}")


def _pattern(value: Any, pattern: str, path: str) -> None:
    # '$' matches only the end in JSON schema, but also before a final newline
    # in Python.
    if isinstance(value, str) and (
        not re.search(pattern, value) or "\n" in value
    ):
        _refuse(path, f"does not match {pattern}")


def _min_length(value: Any, min_length: int, path: str) -> None:
    if isinstance(value, str) and len(value) < min_length:
        _refuse(path, "is too short")


def _max_length(value: Any, max_length: int, path: str) -> None:
    if isinstance(value, str | list) and len(value) > max_length:
        _refuse(path, f"is longer than {max_length}")


def _minimum(value: Any, minimum: int, path: str) -> None:
    if _KINDS["number"](value) and not value >= minimum:
        _refuse(path, f"is less than {minimum}")


def _maximum(value: Any, maximum: int, path: str) -> None:
    if _KINDS["number"](value) and not value <= maximum:
        _refuse(path, f"is more than {maximum}")


def _items(value: Any, schema: Schema, path: str) -> None:
    if isinstance(value, list):
        for number, item in enumerate(value):
            check(item, schema, f"{path}[{number}]")


def _required(value: Any, names: list[str], path: str) -> None:
    if isinstance(value, dict):
        for name in names:
            if name not in value:
                _refuse(path, f"has no '{name}'")


def _fields(value: Mapping[str, Any], schema: Schema, path: str) -> None:
    known = schema.get("properties", {})
    additional = schema.get("additionalProperties", True)
    for name, field_value in value.items():
        inner = known.get(name, additional)
        if inner is False:
            _refuse(path, f"has '{name[:80]}', an unknown field")
        if isinstance(inner, Mapping):
            check(
                field_value,
                inner,
                f"{path}.{name[:80]}" if path else name[:80],
            )


def _checked_elsewhere(value: Any, parameter: Any, path: str) -> None:
    """Keyword handled by :func:`_fields`."""


def _refuse(path: str, problem: str) -> None:
    raise Misshapen(f"{path or 'it'} {problem}")


_KEYWORDS: Mapping[str, Callable[[Any, Any, str], None]] = {
    "type": _type,
    "enum": _enum,
    "pattern": _pattern,
    "minLength": _min_length,
    "maxLength": _max_length,
    "maxItems": _max_length,
    "minimum": _minimum,
    "maximum": _maximum,
    "items": _items,
    "required": _required,
    "properties": _checked_elsewhere,
    "additionalProperties": _checked_elsewhere,
}
