"""Plan files: JSON, for people to read, compare and apply.

``schema.json`` beside this module describes the format. A file is untrusted
input: its consistency is checked here, and its statements about the cloud by
:func:`osc_migrate.maintenance.planning.plan_check.check`.
"""

import dataclasses
import functools
import importlib.resources
import json
import pathlib
from collections.abc import Iterator
from typing import Any, NoReturn

from osc_migrate import private_files
from osc_migrate.errors import MigrateError
from osc_migrate.maintenance.planning import schema_check
from osc_migrate.maintenance.planning.plan import (
    Plan,
    Purpose,
    Room,
    Skipped,
    Step,
    Terms,
    Way,
)
from osc_migrate.maintenance.planning.terms import outside
from osc_migrate.text import printable

# Version of the format; others are refused.
VERSION = 1
# In bytes: 20,000 moves on 1,000 hosts need less than a quarter of it.
MAX_BYTES = 64 * 2**20
# Maximum length of a text: foreign text may have any length.
_LONG = 2000


class BadPlan(MigrateError):
    """The file is not a usable plan."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"'{path}' is not a usable plan: {reason}; make a new one with"
            " --plan FILE"
        )
        self.path = path
        self.reason = reason


@functools.cache
def schema() -> dict[str, Any]:
    """Return the JSON schema of the format."""
    file = (
        importlib.resources.files("osc_migrate.maintenance.planning")
        / "schema.json"
    )
    parsed: dict[str, Any] = json.loads(file.read_text())
    return parsed


def dumps(plan: Plan) -> str:
    """Return the text of a plan file.

    It is deterministic, and a changed step changes only its own lines.
    """
    data = {
        "version": VERSION,
        "purpose": plan.purpose.value,
        "cloud": plan.cloud,
        "made_at": plan.made_at,
        "sources": list(plan.sources),
        "seconds": plan.seconds,
        "reasons": [_text(reason) for reason in plan.reasons],
        **({"terms": dataclasses.asdict(plan.terms)} if plan.terms else {}),
        "steps": [_step(step) for step in plan.steps],
        "stays": [_stay(stay) for stay in plan.stays],
        "room": {
            host: {
                name: dataclasses.asdict(room[name]) for name in sorted(room)
            }
            for host, room in sorted(plan.room.items())
        },
    }
    return json.dumps(data, indent=1) + "\n"


def _text(text: str) -> str:
    return printable(text, _LONG)


def _step(step: Step) -> dict[str, object]:
    return {
        **{f.name: getattr(step, f.name) for f in dataclasses.fields(step)},
        "server": _text(step.server),
        "way": step.way.value,
        "reason": _text(step.reason),
        "needs": {name: step.needs[name] for name in sorted(step.needs)},
        "notes": [_text(note) for note in step.notes],
    }


def _stay(stay: Skipped) -> dict[str, object]:
    fields = {
        **dataclasses.asdict(stay),
        "server": _text(stay.server),
        "reasons": [_text(reason) for reason in stay.reasons],
        "next_step": _text(stay.next_step),
    }
    if not stay.next_step:
        del fields["next_step"]
    return fields


def write(path: str, plan: Plan) -> None:
    """Write a plan file atomically.

    :raises MigrateError: it cannot be written.
    """
    try:
        private_files.write(path, dumps(plan))
    except OSError as error:
        raise MigrateError(
            f"the plan cannot be written to '{path}': {error.strerror}"
        ) from error


def read(path: str) -> Plan:
    """Read a plan file.

    :raises BadPlan: missing, too large, truncated, of another format, or
        inconsistent.
    """
    try:
        with pathlib.Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadPlan(path, str(error.strerror)) from error
    if len(data) > MAX_BYTES:
        raise BadPlan(path, f"it is larger than {MAX_BYTES >> 20} MiB")
    try:
        return loads(data.decode(), path)
    except UnicodeDecodeError as error:
        raise BadPlan(path, "it is not UTF-8 text") from error


def loads(text: str, path: str) -> Plan:
    """Parse the text of a plan file; `path` names it in errors."""
    try:
        data = json.loads(
            text,
            object_pairs_hook=_reject_duplicate_keys,
            parse_constant=_no_number,
        )
        if isinstance(data, dict) and data.get("version", VERSION) != VERSION:
            version = str(data["version"])[:20]
            raise BadPlan(path, f"its version is {version}, not {VERSION}")
        schema_check.check(data, schema())
        if unprintable := next(_unprintable(data, ""), None):
            raise BadPlan(path, f"{unprintable} has control characters")
        plan = _plan(data)
    except json.JSONDecodeError as error:
        reason = (
            f"it is truncated, or not JSON: line {error.lineno}, {error.msg}"
        )
        raise BadPlan(path, reason) from error
    except (schema_check.Misshapen, RecursionError, ValueError) as error:
        raise BadPlan(path, str(error) or type(error).__name__) from error
    if reason := _contradiction(plan):
        raise BadPlan(path, reason)
    return _renumbered(plan)


def _renumbered(plan: Plan) -> Plan:
    """Renumber orders and waves, to close gaps left by removed steps."""
    waves = {
        wave: number
        for number, wave in enumerate(sorted({s.wave for s in plan.steps}))
    }
    steps = tuple(
        dataclasses.replace(step, order=number, wave=waves[step.wave])
        for number, step in enumerate(plan.steps)
    )
    return dataclasses.replace(plan, steps=steps)


def _reject_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("an object has the same name twice")
    return fields


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number")


def _unprintable(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, str) and not value.isprintable():
        yield path or "it"
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _unprintable(item, f"{path}[{number}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            if not name.isprintable():
                yield f"a name in {path or 'it'}"
            yield from _unprintable(item, f"{path}.{name}".lstrip("."))


def _plan(data: dict[str, Any]) -> Plan:
    return Plan(
        purpose=Purpose(data["purpose"]),
        cloud=data["cloud"],
        made_at=data["made_at"],
        sources=tuple(data["sources"]),
        steps=tuple(
            Step(
                **{
                    **step,
                    "way": Way(step["way"]),
                    "notes": tuple(step["notes"]),
                }
            )
            for step in data["steps"]
        ),
        stays=tuple(
            Skipped(**{**stay, "reasons": tuple(stay["reasons"])})
            for stay in data["stays"]
        ),
        room={
            host: {name: Room(**fields) for name, fields in room.items()}
            for host, room in data["room"].items()
        },
        seconds=data["seconds"],
        reasons=tuple(data["reasons"]),
        terms=_parse_terms(data["terms"]) if "terms" in data else None,
    )


def _parse_terms(data: dict[str, Any]) -> Terms:
    return Terms(
        **{
            **data,
            "to": tuple(data.get("to", ())),
            "avoid": tuple(data.get("avoid", ())),
        }
    )


def _contradiction(plan: Plan) -> str:
    """Return a contradiction within a plan, or ''."""
    server_ids: set[str] = set()
    order, wave = -1, 0
    for number, step in enumerate(plan.steps):
        name = f"steps[{number}] ({step.server})"
        if step.id in server_ids:
            return f"{name}: duplicate server {step.id}"
        server_ids.add(step.id)
        if step.order <= order:
            return f"{name}: order {step.order} does not follow order {order}"
        if step.wave < wave:
            return f"{name}: wave {step.wave} does not follow wave {wave}"
        order, wave = step.order, step.wave
        if step.way is Way.STOP and step.destination is not None:
            return f"{name}: way 'stop' takes no destination"
        if step.destination == step.source:
            return f"{name}: it is on {step.source} already"
        if plan.terms and (contradiction := outside(step, plan.terms)):
            return f"{name}: {contradiction}"
    for number, stay in enumerate(plan.stays):
        if stay.id in server_ids:
            return f"stays[{number}]: duplicate server {stay.id}"
        server_ids.add(stay.id)
    return ""
