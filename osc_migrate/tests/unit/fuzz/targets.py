"""Each reader of what others wrote, with inputs that resemble good ones and
the errors that it documents."""

import contextlib
import dataclasses
import functools
import json
import pathlib
import random
import sqlite3
import tempfile
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from osc_migrate.cloud import hosts, migrations, servers
from osc_migrate.cloud.json_fields import JsonObject
from osc_migrate.errors import MigrateError
from osc_migrate.explain.node_logs import parsing, qemu_log
from osc_migrate.facts import Facts, Unread
from osc_migrate.maintenance.planning import plan_file
from osc_migrate.maintenance.running import journal
from osc_migrate.nodes import node_checks, node_questions, survey_file
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.guests import reading as guests
from osc_migrate.nodes.reach import reading as reach
from osc_migrate.nodes.transport import ansible, connection_errors, inventory
from osc_migrate.nodes.transport.frames import Stream
from osc_migrate.nodes.transport.session import _TAIL
from osc_migrate.tests.unit import nova_logs
from osc_migrate.tests.unit.fuzz.mutations import (
    edited,
    mutated,
    seeded,
)
from osc_migrate.tests.unit.maintenance.planning import test_plan_file
from osc_migrate.tests.unit.nodes import recorded
from osc_migrate.text import printable


@dataclasses.dataclass(frozen=True)
class Target:
    inputs: st.SearchStrategy[Any]
    read: Callable[[Any], object]
    # What it may raise; anything else is a fault of it.
    raises: tuple[type[Exception], ...] = ()

    def run(self, given: Any) -> None:
        try:
            self.read(given)
        except self.raises as error:
            # It is shown to people.
            str(error).encode()


def walk(value: object) -> None:
    """Looks at all facts: each is there, or says why not."""
    if isinstance(value, Unread):
        value.reason.encode()
    elif isinstance(value, Facts):
        for one in object.__getattribute__(value, "__dict__").values():
            walk(one)
    elif isinstance(value, dict):
        for one in value.values():
            walk(one)


# --- nodes


@functools.cache
def _answers() -> dict[str, dict[str, Answer]]:
    """Question -> the answers that were seen, by their text."""
    seen: dict[str, dict[str, Answer]] = {}
    for name in ("", *recorded.names()[::5]):
        for answers in recorded.survey(name).values():
            for question, answer in answers.items():
                if isinstance(answer, Answer):
                    key = question.partition(" ")[0]
                    seen.setdefault(key, {})[answer.out] = answer
    return seen


_NODES = recorded.survey()


def _node(subject: str) -> Target:
    questions = [
        question
        for question in _NODES["HostC"] | _NODES["HostA"]
        if question.partition(".")[0] == subject
    ]

    texts = {
        question: list(_answers().get(question.partition(" ")[0], {"": None}))
        for question in questions
    }

    def made(chance: random.Random) -> tuple[str, str, int]:
        question = chance.choice(questions)
        status = chance.choice((0, 0, 0, 0, 1, 2, 4, 124, 127, 255))
        return question, edited(chance, texts[question]), status

    return Target(seeded(made), _read_node)


def _read_node(given: tuple[str, str, int]) -> None:
    """The facts of a node, and the questions and checks made of them."""
    question, text, status = given
    # As a session decodes it.
    text = text.encode(errors="replace").decode()
    node = "HostC" if question in _NODES["HostC"] else "HostA"
    answers = _NODES[node] | {question: Answer(status, text, text[-2000:])}
    found = recorded.reread(_facts()[node], answers, question)
    walk(found)
    if question.startswith("config"):
        node_questions.questions(answers, found.role)
    if question.startswith(("network", "config", "libvirt")):
        reach.questions(found, [_facts()["HostB"]], {})
    # Those of two nodes or of all take ten times as long.
    findings = [check.run(found) for check in node_checks.of_node(found)]
    if len(text) % 16 == 0:
        findings += recorded.judged(_facts() | {node: found}).values()
    for finding in findings:
        assert "check itself failed" not in finding.detail, finding


@functools.cache
def _facts() -> dict[str, Any]:
    return recorded.read(_NODES)


_UUID = "11111111-2222-3333-4444-555555555555"
_DOMAIN = f"""\
#guest {_UUID} 1764000000
<domain type='kvm'><os><type arch='x86_64' machine='pc'>hvm</type></os>
<cpu mode='custom'><model>EPYC</model><topology sockets='1'/></cpu>
<devices><disk type='file' device='disk'><source file='/x'/><readonly/></disk>
</devices></domain>
"""


def _domain(text: str) -> None:
    answers = {"guests.all": Answer(0, _UUID), "guests.each": Answer(0, text)}
    for one in guests.read(CommandOutput(answers, "guests")).running.values():
        walk(one)


def _frames(given: tuple[str, int]) -> None:
    text, size = given
    stream = Stream("word")
    data = text.encode(errors="replace")
    for at in range(0, len(data), max(size, len(data) // 1000 + 1)):
        stream.feed(data[at : at + size])
        while stream.take(1) is not None:
            pass


def _survey(text: str) -> None:
    for node in survey_file.loads(text, "facts.json").nodes():
        walk(node)


_ANSWER = {"status": 0, "out": "ID=debian", "err": ""}
_SURVEY = json.dumps(
    {
        "version": 1,
        "nodes": {
            "HostC": {
                "role": "compute",
                "answers": {
                    "system.release": _ANSWER,
                    "a.b": {"unread": "no answer"},
                },
            }
        },
        "lost": {"HostD": {"role": "storage", "reason": "no route"}},
    }
)

# --- files


@contextlib.contextmanager
def _file(data: bytes, name: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / name
        path.write_bytes(data)
        path.chmod(0o600)
        yield path


def _inventory(text: str) -> None:
    text = text[:65536]
    # What Ansible is to read is Ansible's.
    for reader in (inventory._lines, inventory._yaml):
        for name, entry in (reader("inventory", text) or {}).items():
            inventory._target(name, entry, "inventory")


def _ansible(text: str) -> None:
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        return
    for name, variables in ansible._hosts(listed).items():
        ansible._fields(name, variables)


@functools.cache
def _journal_file() -> str:
    with tempfile.TemporaryDirectory() as folder:
        where = pathlib.Path(folder) / "j"
        made = journal.Journal.create(where, _RUN)
        made.note("began", "vm1", host="HostB")
        made.note("ended", "vm1", how="moved")
        made.close()
        return (where / f"{_RUN}.sqlite").read_bytes().decode("latin-1")


_RUN = journal.new_name()


def _journal(text: str) -> None:
    data = text.encode("latin-1", errors="replace")
    with _file(data, f"{_RUN}.sqlite") as path:
        opened = journal.Journal.open(path.parent, _RUN)
        try:
            list(opened.entries())
        finally:
            opened.close()


def _rows(given: tuple[Any, str]) -> None:
    """Rows that SQLite takes for good ones."""
    value, data = given
    with _file(b"", f"{_RUN}.sqlite") as path:
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute(
                "CREATE TABLE entries (n INTEGER PRIMARY KEY, at, kind,"
                " server, data)"
            )
            rows = [
                (
                    1,
                    "2026-11-30T00:00:00+00:00",
                    "format",
                    "",
                    '{"version": 1}',
                ),
                (2, value, "began", "vm1", data),
            ]
            data = data.encode(errors="replace").decode()
            rows[1] = (2, value, "began", "vm1", data)
            db.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", rows)
            db.commit()
        opened = journal.Journal.open(path.parent, _RUN)
        try:
            list(opened.entries())
        finally:
            opened.close()


# --- the cloud, logs, words

_SERVER = {
    "id": _UUID,
    "name": "vm1",
    "status": "ACTIVE",
    "OS-EXT-SRV-ATTR:host": "HostB",
    "OS-EXT-STS:task_state": None,
    "OS-EXT-STS:vm_state": "active",
    "OS-EXT-STS:power_state": 1,
    "flavor": {"vcpus": 1, "ram": 512, "disk": 1, "extra_specs": {}},
    "image": {"id": _UUID},
    "tags": ["a"],
    "server_groups": [_UUID],
    "created": "2026-11-30T00:00:00Z",
    "fault": {"message": "x"},
    "config_drive": "True",
    "memory_total_bytes": 7,
    "host": "HostB",
    "zone": "nova",
    "binary": "nova-compute",
    "state": "up",
    "hypervisor_hostname": "HostB",
    "cpu_info": {"features": ["vmx"]},
    "hosts": ["HostB"],
    "metadata": {},
}
_PARSERS = (
    servers.parse_server,
    migrations.parse_migration,
    hosts.parse_host,
    hosts.parse_service,
    hosts.parse_hypervisor,
    hosts.parse_aggregate,
)


def _body(text: str) -> None:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return  # rest.py: osc_migrate/tests/unit/test_fuzz.py
    for parse in _PARSERS:
        try:
            walk(parse(JsonObject(data, "servers", "Nova")))
        except Unread as unread:
            unread.reason.encode(errors="backslashreplace")


def _log(text: str) -> None:
    parsing.read("HostB", nova_logs.WANTED, Answer(0, text))


def _qemu_log(text: str) -> None:
    qemu_log.read("HostB", nova_logs.WANTED, Answer(0, text))


def _words(given: tuple[str, int]) -> None:
    text, limit = given
    assert printable(text, limit).isprintable()
    connection_errors.unreachable("HostB", text[-_TAIL:], limit)


_LOGS = [
    nova_logs.answer(nova_logs.line("Live Migration failure: x")).out,
    nova_logs.answer("1764000000.5 HostB nova-compute[2]: x").out,
]
_QEMU_LOGS = [
    "=/var/log/libvirt/qemu/x.log\n"
    "|2026-11-23 12:00:02.101+0000: starting up libvirt version: 9.0.0\n"
    "|2026-11-23T12:00:03.004567Z qemu-system-x86_64: x\n.\n",
]
_INVENTORIES = [
    "HostB ssh://root@10.0.0.1:22?ssh_config=x\nHostC ssh://HostC\n",
    "hosts:\n  HostB: ssh://a\n  HostC: {uri: 'ssh://b', sudo: true}\n",
    "HostB: {uri: ssh://a, ssh_identity_file: ~/x}\n",
]
_LISTED = json.dumps(
    {
        "_meta": {"hostvars": {"HostB": {"ansible_host": "10.0.0.1"}}},
        "all": {"hosts": ["HostB"], "children": ["x"]},
    }
)
NODE_SUBJECTS = sorted({q.partition(".")[0] for q in _NODES["HostC"]})
TARGETS = {
    **{f"node: {subject}": _node(subject) for subject in NODE_SUBJECTS},
    "domain XML": Target(mutated([_DOMAIN]), _domain),
    "frames": Target(
        st.tuples(mutated(["xword.1.0;yword.1.1;"]), st.integers(1, 99)),
        _frames,
    ),
    "survey file": Target(
        mutated([_SURVEY]), _survey, (survey_file.BadFacts,)
    ),
    "plan file": Target(
        mutated([plan_file.dumps(test_plan_file.plan())]),
        lambda text: plan_file.loads(text, "plan.json"),
        (plan_file.BadPlan,),
    ),
    "inventory": Target(mutated(_INVENTORIES), _inventory, (MigrateError,)),
    "Ansible's list": Target(mutated([_LISTED]), _ansible, (MigrateError,)),
    "journal": Target(mutated([_journal_file()]), _journal, (MigrateError,)),
    "rows of a journal": Target(
        st.tuples(
            st.none()
            | st.integers().filter(lambda n: abs(n) < 2**63)
            | st.floats()
            | st.binary(max_size=9)
            | st.sampled_from(["2026-11-30T00:00:00+00:00", "x", ""]),
            mutated(['{"host": "HostB", "n": 1}']),
        ),
        _rows,
        (MigrateError,),
    ),
    "API body": Target(mutated([json.dumps(_SERVER)]), _body),
    "log": Target(mutated(_LOGS), _log, (Unread,)),
    "QEMU's log": Target(mutated(_QEMU_LOGS), _qemu_log),
    "words": Target(
        st.tuples(
            mutated(["Connection refused", "<html>"]),
            st.sampled_from([0, 4, 200, 255]),
        ),
        _words,
    ),
}
