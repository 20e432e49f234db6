"""Survey files: to judge a survey elsewhere, or to send it to support.

A file contains the verbatim answers of the nodes. No question asks for a
secret; anything that looks like one is masked before it is written.
"""

import json
import pathlib
from typing import Any

from osc_migrate import private_files
from osc_migrate.errors import MigrateError
from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer, Answers
from osc_migrate.nodes.collect import Survey
from osc_migrate.nodes.role import Role
from osc_migrate.redact import mask_secrets

# Version of the format; others are refused.
VERSION = 1
# In bytes: a thousand nodes need less.
_MAX_SIZE = 256 * 2**20


class BadFacts(MigrateError):
    """The file does not contain readable facts."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"'{path}' holds no saved facts of nodes: {reason}")


def dumps(survey: Survey) -> str:
    """Return the text of the file."""
    data = {
        "version": VERSION,
        "nodes": {
            name: {
                "role": survey.roles[name].value,
                "answers": {
                    key: _as_json(answer) for key, answer in answers.items()
                },
            }
            for name, answers in survey.answers.items()
        },
        "lost": {
            name: {
                "reason": mask_secrets(unread.reason),
                "role": survey.roles[name].value,
            }
            for name, unread in survey.lost.items()
        },
    }
    return json.dumps(data, indent=1) + "\n"


def write(path: str, survey: Survey) -> None:
    """Write the file, readable by its owner only.

    :raises MigrateError: it cannot be written.
    """
    try:
        private_files.write(path, dumps(survey))
    except OSError as error:
        raise MigrateError(
            f"the facts cannot be written to '{path}': {error.strerror}"
        ) from error


def read(path: str) -> Survey:
    """:raises BadFacts: the file is missing, too large or of another kind."""
    try:
        file = pathlib.Path(path)
        if file.stat().st_size > _MAX_SIZE:
            raise BadFacts(path, "it is too large")
        return loads(file.read_text(), path)
    except OSError as error:
        raise BadFacts(path, str(error.strerror)) from error
    except UnicodeDecodeError as error:
        raise BadFacts(path, "it is not text") from error
    except ValueError as error:  # the name contains a NUL
        raise BadFacts(path, str(error)) from error


def loads(text: str, path: str) -> Survey:
    """Parse the text of a file; `path` names it in errors."""
    try:
        data: Any = json.loads(text)
        version = data["version"]
        if version != VERSION or isinstance(version, bool):
            raise BadFacts(path, f"its version is not {VERSION}")
        nodes, lost = data["nodes"], data["lost"]
        if nodes.keys() & lost.keys():
            raise BadFacts(path, "a node both answered and was lost")
        all_nodes = [*nodes.items(), *lost.items()]
        return Survey(
            roles={
                _text(name): Role(entry["role"]) for name, entry in all_nodes
            },
            answers={
                name: _answers(n["answers"]) for name, n in nodes.items()
            },
            lost={
                name: Unread(_text(n["reason"])) for name, n in lost.items()
            },
        )
    except (
        AttributeError,
        KeyError,
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        message = str(error).encode(errors="replace").decode()[:200]
        raise BadFacts(path, f"{type(error).__name__}: {message}") from error


def _as_json(answer: Answer | Unread) -> dict[str, object]:
    if isinstance(answer, Unread):
        return {"unread": mask_secrets(answer.reason)}
    return {
        "status": answer.status,
        "out": mask_secrets(answer.out),
        "err": mask_secrets(answer.err),
    }


def _answers(data: Any) -> Answers:
    return {_text(key): _answer(answer) for key, answer in data.items()}


def _answer(data: Any) -> Answer | Unread:
    if "unread" in data:
        return Unread(_text(data["unread"]))
    status = data["status"]
    # In Python, bool is an int; a shell has no larger status.
    if not isinstance(status, int) or isinstance(status, bool):
        raise TypeError("a status is not an integer")
    if abs(status) > 2**31:
        raise ValueError("a status is too large")
    return Answer(status, _text(data["out"]), _text(data["err"]))


def _text(value: Any) -> str:
    """:raises ValueError: half of a surrogate pair cannot be encoded."""
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} instead of text")
    value.encode()
    return value
