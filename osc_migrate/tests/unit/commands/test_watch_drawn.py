import sys

from osc_migrate.commands import watch
from osc_migrate.migration.progress import Progress
from osc_migrate.migration.watch import Watched
from osc_migrate.tests.unit import shapes


def one(status, id=7, name="vm1", **counters):
    record = shapes.migration(status, id=id)
    return Watched(
        name, "1111", record, Progress(status, status, 1, **counters)
    )


def test_a_bar_each_and_what_ended_stays(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    first = one("running", memory_total=2**20, memory_remaining=2**19)
    other = one("queued", id=8, name="evil\x1b[2J")
    watch._live([[first, other], [one("completed"), other], [other]])
    # No terminal: the last frame alone is written.
    said = capsys.readouterr().err.splitlines()
    assert [line.split()[-1] for line in said] == ["completed", "queued"]
    assert "\x1b[2J" not in "".join(said)
    watch._live([[first]])
    said = " ".join(capsys.readouterr().err.split())
    assert "vm1 HostB -> HostC running" in said
    assert "memory 512 KiB of 1.0 MiB" in said


def test_a_terminal_is_drawn_on(monkeypatch):
    drawn = []
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(watch, "_live", drawn.append)
    watch.show([])
    assert drawn == [[]]
