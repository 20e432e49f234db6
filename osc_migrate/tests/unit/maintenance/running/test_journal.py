import dataclasses
import os
import signal
import stat
import subprocess
import sys
import textwrap

import pytest

from osc_migrate import errors
from osc_migrate.maintenance.running import journal as journals
from osc_migrate.maintenance.running.journal import Journal, JournalError
from osc_migrate.maintenance.running.lock import HostLocked, Lock
from osc_migrate.maintenance.running.recorded_state import replay
from osc_migrate.maintenance.running.results import Result, Row


def test_what_was_noted_is_there_again(tmp_path):
    made = Journal.create(tmp_path)
    made.note("move", "id-1", after=7)
    made.close()
    found = Journal.open(tmp_path, made.run)
    kinds = [(e.kind, e.server, dict(e.data)) for e in found.entries()]
    assert kinds[-1] == ("move", "id-1", {"after": 7})
    assert found.last("move").at.tzinfo is not None
    assert journals.runs(tmp_path) == [made.run]


def test_a_broken_file_whose_error_is_not_utf8(tmp_path):
    made = Journal.create(tmp_path)
    made.close()
    broken = made.path.read_bytes().replace(b"TABLE", b"T\xb2BLE")
    made.path.write_bytes(broken)
    with pytest.raises(JournalError, match="cannot be used"):
        list(Journal.open(tmp_path, made.run).entries())


def test_nobody_else_can_read_it(tmp_path):
    where = tmp_path / "runs"
    made = Journal.create(where)
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(where.stat().st_mode) == 0o700


def test_it_lies_where_xdg_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert journals.directory() == tmp_path / "osc-migrate" / "runs"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert journals.directory().is_absolute()


@pytest.mark.parametrize(
    "name", ["", "none", "../../etc/passwd", "20261124-170000-abcd"]
)
def test_a_run_that_is_none(tmp_path, name):
    with pytest.raises(errors.NotFound):
        Journal.open(tmp_path, name)


@pytest.mark.parametrize("content", [b"", b"no database", b"\0" * 5000])
def test_a_broken_file_is_told(tmp_path, content):
    path = tmp_path / "20261124-170000-abcd.sqlite"
    path.write_bytes(content)
    with pytest.raises(JournalError):
        Journal.open(tmp_path, path.stem)


def test_a_directory_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="--journal-dir"):
        Journal.create(tmp_path / "file")


def test_each_line_outlives_a_kill(tmp_path):
    """A process that is killed has written every line that it reported."""
    script = textwrap.dedent("""
        import pathlib, sys
        from osc_migrate.maintenance.running.journal import Journal
        made = Journal.create(pathlib.Path(sys.argv[1]))
        for n in range(100000):
            made.note("move", f"id-{n}", after=n)
            print(n, flush=True)
    """)
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    for _ in range(50):
        process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    told = process.stdout.read().split()
    process.wait()
    (run,) = journals.runs(tmp_path)
    found = Journal.open(tmp_path, run)
    last = found.last("move").data["after"]
    assert last >= int(told[-1] if told else 49)
    found.note("move", "id-x", after=last + 1)


def test_one_at_a_time(tmp_path):
    first, second = (Lock(tmp_path, "cloud", "HostB") for _ in range(2))
    first.take("run-1")
    with pytest.raises(HostLocked, match="run-1"):
        second.take("run-2")
    Lock(tmp_path, "cloud", "HostC").take("run-2")
    Lock(tmp_path, "other", "HostB").take("run-3")
    first.give()
    second.take("run-2")


class TestReplay:
    def test_a_final_row_closes_what_was_begun(self, tmp_path):
        made = Journal.create(tmp_path)
        begin(made, "id-1")
        begin(made, "id-2")
        begin(made, "id-3")
        made.note(
            "row", "id-1", row=dataclasses.asdict(row("id-1", Result.MOVED))
        )
        made.note(
            "row",
            "id-2",
            row=dataclasses.asdict(row("id-2", Result.RUNNING_ON)),
        )
        made.note("refused", "id-3", reason="no")
        states = replay(made.entries())
        assert states["id-1"].row == row("id-1", Result.MOVED)
        assert states["id-1"].started is None
        assert states["id-2"].row is None
        assert states["id-2"].started.after == 3
        assert states["id-3"].started is None


def begin(journal, server):
    journal.note(
        "move",
        server,
        after=3,
        status="ACTIVE",
        way="live",
        source="HostB",
        destination=None,
    )


def row(id, outcome):
    return Row("vm", id, "HostB", "HostC", "live", outcome, 3.5, 7, "why", "")
