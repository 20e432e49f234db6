"""Whether a value has the shape that a JSON schema says.

The part of JSON schema that ours needs, so that the file which documents a
plan is also what judges one; unknown words are refused, not passed over.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]


class Misshapen(Exception):
    """What is wrong, and where: 'steps[3].way: ...'."""


def check(value: Any, schema: Schema, where: str = "") -> None:
    """:raises Misshapen: it has not."""
    for word, wanted in schema.items():
        if word in _WORDS:
            _WORDS[word](value, wanted, where)
        elif word not in ("$schema", "title", "description"):
            raise ValueError(f"schema word '{word}' is not known here")
    if isinstance(value, dict) and "object" in _types(schema):
        _fields(value, schema, where)


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


def _type(value: Any, wanted: Any, where: str) -> None:
    types = [wanted] if isinstance(wanted, str) else wanted
    if not any(_KINDS[kind](value) for kind in types):
        _refuse(where, f"is no {' or '.join(types)}")


def _enum(value: Any, wanted: list[Any], where: str) -> None:
    # 1, 1.0 and True are equal to Python.
    if not any(value == one and type(value) is type(one) for one in wanted):
        _refuse(where, f"is none of {', '.join(map(str, wanted))}")


def _pattern(value: Any, wanted: str, where: str) -> None:
    # '$' of JSON schema is the very end, that of Python is not.
    if isinstance(value, str) and (
        not re.search(wanted, value) or "\n" in value
    ):
        _refuse(where, "is not of the form that it should have")


def _longer(value: Any, wanted: int, where: str) -> None:
    if isinstance(value, str) and len(value) < wanted:
        _refuse(where, "is too short")


def _shorter(value: Any, wanted: int, where: str) -> None:
    if isinstance(value, str | list) and len(value) > wanted:
        _refuse(where, f"is longer than {wanted}")


def _least(value: Any, wanted: int, where: str) -> None:
    if _KINDS["number"](value) and not value >= wanted:
        _refuse(where, f"is less than {wanted}")


def _most(value: Any, wanted: int, where: str) -> None:
    if _KINDS["number"](value) and not value <= wanted:
        _refuse(where, f"is more than {wanted}")


def _items(value: Any, schema: Schema, where: str) -> None:
    if isinstance(value, list):
        for number, one in enumerate(value):
            check(one, schema, f"{where}[{number}]")


def _required(value: Any, names: list[str], where: str) -> None:
    if isinstance(value, dict):
        for name in names:
            if name not in value:
                _refuse(where, f"has no '{name}'")


def _fields(value: Mapping[str, Any], schema: Schema, where: str) -> None:
    known = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    for name, one in value.items():
        inner = known.get(name, others)
        if inner is False:
            _refuse(where, f"has '{name[:80]}', which is not known")
        if isinstance(inner, Mapping):
            check(one, inner, f"{where}.{name[:80]}" if where else name[:80])


def _nothing(value: Any, wanted: Any, where: str) -> None:
    """Looked at by :func:`_fields`."""


def _refuse(where: str, words: str) -> None:
    raise Misshapen(f"{where or 'it'} {words}")


_WORDS: Mapping[str, Callable[[Any, Any, str], None]] = {
    "type": _type,
    "enum": _enum,
    "pattern": _pattern,
    "minLength": _longer,
    "maxLength": _shorter,
    "maxItems": _shorter,
    "minimum": _least,
    "maximum": _most,
    "items": _items,
    "required": _required,
    "properties": _nothing,
    "additionalProperties": _nothing,
}
