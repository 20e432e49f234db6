"""Every table of every command, as a terminal shows it.

The commands come from pyproject.toml, their tables from interface.py: a new
command with a table fails here until its columns are listed there. A column
without a sample below has sentences.
"""

import functools
import io
import os
import re
import types

import pytest
from cliff.display import DisplayCommandBase
from rich.cells import cell_len

from osc_migrate.commands import base, planning, run, run_base
from osc_migrate.maintenance.running import results
from osc_migrate.tests.unit import interface

ID = "42bd4d50-2400-4087-9967-7934b1de046c"
WIDTHS = (80, 120, 200)
ENCODINGS = ("utf-8", "ascii")
NAMES = {
    "short": "vm1",
    "long": "a-name-of-a-server-" * 13 + "as-long",
    "spaces": "a name with " * 12 + "words",
    "wide": "\u30b5\u30fc\u30d0\u30fc" * 20,
    "hostile": "\x1b[2J\x1b]0;x\x07\u202e\u2066evil\r\n\t\u200b\x9b1m\ud800",
    "marks": "e"
    + "\u0301" * 40
    + "\U0001f1e9 \u2764\ufe0f\U0001f3fd\U0001f468",
}
# Tables that interface.py does not list.
MORE = {
    "migrate run list": {"--long": run.RunList.LONG},
    "migrate run show": {"--long": (*results.Row.COLUMNS, *run_base.PLANNED)},
    "migrate drain": {"--long --dry-run": planning.LONG},
}
SENTENCE = (
    "destination-has-space-for-the-copy: {name} needs 20 GiB; to choose"
    " another host: openstack migrate preflight {name} --nodes"
)
# Column -> what it has in the first row; {name} is under test.
SAMPLES = {
    "allowed": False,
    "began": "2026-11-30T19:01:35Z",
    "cause": "destination-is-not-reachable-for-libvirt",
    "cause_source": "nova-compute's log on {name}",
    "check": "destination-has-space-for-the-copy",
    "cloud": ID.replace("-", ""),
    "cpu": 64,
    "destination": "{name}",
    "detail": SENTENCE,
    "disk_bytes": 21474836480,
    "disk_gb": 19999,
    "disk_gb_left": 19999,
    "disk_remaining": 21474836480,
    "disk_total": 21474836480,
    "empty": False,
    "ended": "2026-11-30T19:01:35Z",
    "failed_host": "{name}",
    "failed_step": "compute_check_can_live_migrate_destination",
    "gone": 12,
    "host": "{name}",
    "hosts": "{name}, HostC",
    "how": "block",
    "id": ID,
    "journal": "/home/stack/.local/state/osc-migrate/runs/" + "x" * 90,
    "kind": "live",
    "logs": f"{SENTENCE}\n{SENTENCE}",
    "meaning": SENTENCE,
    "memory_bytes": 503216734,
    "memory_mb": 131072,
    "memory_mb_left": 131072,
    "memory_remaining": 503216734,
    "memory_total": 503216734,
    "message": SENTENCE,
    "migration_id": 12345,
    "needs": "1 DISK_GB, 512 MEMORY_MB, 1 VCPU",
    "next": SENTENCE,
    "note": SENTENCE,
    "order": 12,
    "outcome": "not moved",
    "outcomes": "12 moved, 3 excluded by policy, 1 failed",
    "phase": "finishing",
    "planned_destination": "{name}",
    "planned_kind": "live",
    "planned_reason": SENTENCE,
    "project": "{name}",
    "project_id": ID.replace("-", ""),
    "purpose": "rebalance",
    "reached": "finishing",
    "reason": SENTENCE,
    "remedy": SENTENCE,
    "request_id": f"req-{ID}",
    "result": "done",
    "run": "20261130-190135-HostB-1f3c",
    "seconds": 12345.6,
    "server": "{name}",
    "server_status": "VERIFY_RESIZE",
    "servers": 120,
    "since": "2026-11-30T19:01:35Z",
    "source": "{name}",
    "started": "2026-11-30T19:01:35Z",
    "status": "completed",
    "steps": f"{SENTENCE}\n{SENTENCE}",
    "subject": "{name} -> {name}",
    "type": "live-migration",
    "uuid": ID,
    "vcpu_left": 64,
    "wave": 1,
    "way": "live",
    "what": "the port binding of {name}",
    "why": SENTENCE,
}


class Screen(io.StringIO):
    """A terminal."""

    def __init__(self, encoding):
        super().__init__()
        self._encoding = encoding

    encoding = property(lambda self: self._encoding)

    def isatty(self):
        return True

    def fileno(self):
        return 1


@functools.cache
def all_columns():
    return interface.columns()


def tables():
    """(entry point, options, columns) of each table of each command."""
    for point in sorted(interface.POINTS):
        name = interface.title(point)
        found = {**all_columns().get(name, {}), **MORE.get(name, {})}
        yield from ((point, option, found[option]) for option in found)


TABLES = list(tables())


def test_the_columns_of_every_command_are_known():
    """Those of a new command belong into interface.COLUMNS."""
    commands = {
        point
        for point in interface.POINTS
        if isinstance(interface.command_of(point), DisplayCommandBase)
    }
    assert commands == {point for point, _, _ in TABLES}


def parsed(command, option):
    """What the parser of a command makes of the options of a table."""
    parser = command.get_parser("openstack")
    words = re.sub("<[a-z]+>", "vm1", option).split()
    positionals = [a for a in parser._actions if not a.option_strings]
    given = {flag for a in parser._actions for flag in a.option_strings}
    words = [word for word in words if word[0] != "-" or word in given]
    if not any(word[0] != "-" for word in words):
        words += ["vm1" for a in positionals if a.nargs not in ("*",)][:1]
    return parser.parse_args(words)


@functools.cache
def prepared(point, option):
    command = interface.command_of(point)
    return command, parsed(command, option)


def rendered(point, option, columns, name, encoding, width, monkeypatch):
    command, arguments = prepared(point, option)
    screen = Screen(encoding)
    command.app = types.SimpleNamespace(stdout=screen)
    # As Base.run() leaves it on a terminal.
    arguments.fit_width = True
    monkeypatch.setattr(
        os, "get_terminal_size", lambda *_: os.terminal_size((width, 24))
    )

    def cells(suffix):
        return [
            sample.format(name=name + suffix)
            if isinstance(sample, str)
            else sample
            for sample in (SAMPLES.get(column, SENTENCE) for column in columns)
        ]

    rows = [cells(""), cells("2")]
    if interface.osc_command.ShowOne in type(command).__mro__:
        data = base.cells(arguments, rows[0])
    else:
        data = [base.cells(arguments, row) for row in rows]
        data = [
            [
                cell.replace("\\n", "\n")
                if column in ("logs", "steps")
                else cell
                for column, cell in zip(columns, row, strict=True)
            ]
            for row in data
        ]
    command.produce_output(arguments, columns, data)
    return screen.getvalue()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "point, option, columns",
    TABLES,
    ids=[f"{point} {option}".strip() for point, option, _ in TABLES],
)
def test_no_table_tears(point, option, columns, width, encoding, monkeypatch):
    for kind, name in NAMES.items():
        out = rendered(
            point, option, columns, name, encoding, width, monkeypatch
        )
        lines = out.splitlines()
        assert len(lines) > 3, kind
        assert max(map(cell_len, lines)) <= width, f"{kind}\n{out}"
        for line in lines:
            assert line.isprintable(), kind
            assert encoding == "utf-8" or line.isascii(), kind
            # Frames are closed: no line is shorter than its borders.
            assert line[0] == line[-1] and line[0] in "+|", f"{kind}\n{out}"
        if kind == "short" and "server" in columns:
            assert "vm1" in out


def test_how_many_cases(capsys):
    count = len(TABLES) * len(WIDTHS) * len(ENCODINGS) * len(NAMES)
    with capsys.disabled():
        print(f"\n{len(TABLES)} tables, {count} renderings")
    assert count > 500
