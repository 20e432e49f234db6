import io
import sys

import pytest

from osc_migrate.commands import drawing, progress
from osc_migrate.migration.progress import Progress
from osc_migrate.nodes.counters.job import Job

MiB = 1024 * 1024


def running(**changes):
    return Progress(
        **{
            "phase": "running",
            "status": "running",
            "elapsed": 7.0,
            "memory_total": 512 * MiB,
            "memory_remaining": 128 * MiB,
        }
        | changes
    )


def lines(*looks):
    return list(progress.lines("vm1", looks))


def test_a_line_at_each_change_of_phase_and_nothing_else():
    queued = Progress("queued", "queued", 1)
    looks = [queued, queued, running(), running(), running(rate=5.0)]
    assert lines(*looks) == ["vm1: queued", "vm1: running"]


def test_silence_is_said_once_and_its_end_too():
    silent = [running(silence=f"no news for {n} s") for n in (60, 70)]
    assert lines(running(), *silent, running()) == [
        "vm1: running",
        "vm1: no news for 60 s",
        "vm1: updates have resumed",
    ]
    assert "no news for 60 s" in progress.describe(silent[0])


def test_trouble_is_said_once_and_its_end_too():
    bad = running(trouble="Nova could not answer")
    assert lines(running(), bad, bad, running()) == [
        "vm1: running",
        "vm1: Nova could not answer; the move continues, retrying",
        "vm1: the API answers again",
    ]


def test_a_stall_is_said_once():
    assert lines(running(), running(stalled=True), running(stalled=True)) == [
        "vm1: running",
        "vm1: not converging: what remains does not fall",
    ]
    assert lines(running(stalled=True), running())[2:] == [
        "vm1: converging again"
    ]


def test_what_has_ended_has_no_news_and_does_not_converge():
    """Seen: 'error', and then 'converging again'."""
    error = Progress("error", "error", 9)
    silent = running(stalled=True, silence="no news for 60 s")
    assert lines(silent, error)[-1] == "vm1: error"


@pytest.mark.parametrize(
    "look, said",
    [
        (running(), "memory 384 MiB of 512 MiB"),
        (
            running(rate=64.0 * MiB, left=2),
            "memory 384 MiB of 512 MiB  64.0 MiB/s  0:02 left",
        ),
        (
            running(disk_total=1024 * MiB, disk_remaining=0),
            "memory 384 MiB of 512 MiB  disk 1.0 GiB of 1.0 GiB",
        ),
        (
            running(left=9, stalled=True),
            "memory 128 MiB remain"
            "  not converging: what remains does not fall",
        ),
        (Progress("queued", "queued", 1), ""),
    ],
)
def test_what_stands_beside_the_bar(look, said):
    assert progress.describe(look) == said


COPYING = running(fall=32.0 * MiB, left=4, age=1.0)
JOB = Job(
    at=0,
    memory_total=512 * MiB,
    memory_processed=0,
    memory_remaining=64 * MiB,
    disk_total=0,
    disk_processed=0,
    disk_remaining=0,
    passes=3,
    dirty=24 * MiB,
    throttle=20,
    downtime=0.31,
)


@pytest.mark.parametrize(
    "look, later, said",
    [
        # 128 MiB remained a second ago.
        (COPYING, 0, "memory ~416 MiB of 512 MiB  ~0:03 left"),
        (COPYING, 1, "memory ~448 MiB of 512 MiB  ~0:02 left"),
        # No more than one of Nova's steps.
        (COPYING, 99, "memory ~512 MiB of 512 MiB  ~0:00 left"),
        (
            running(fall=1.0 * MiB, left=128, memory_remaining=128 * MiB),
            99,
            "memory ~389 MiB of 512 MiB  ~2:03 left",
        ),
        (
            running(fall=32.0 * MiB, left=9, stalled=True),
            2,
            "memory 128 MiB remain"
            "  not converging: what remains does not fall",
        ),
        (
            running(fall=32.0 * MiB, left=9, trouble="silent"),
            2,
            "memory 384 MiB of 512 MiB  no news: silent",
        ),
        (running(), 2, "memory 384 MiB of 512 MiB"),
        (
            running(
                disk_total=64 * MiB,
                disk_remaining=16 * MiB,
                fall=32.0 * MiB,
                left=4,
            ),
            1,
            "memory ~400 MiB of 512 MiB  disk ~64.0 MiB of 64.0 MiB"
            "  ~0:03 left",
        ),
    ],
)
def test_between_two_looks_an_estimate_is_marked(look, later, said):
    now = [50.0]
    latest = progress.Latest(progress.no_counters, lambda: now[0])
    assert latest.now() is None
    latest.take(look)
    now[0] += later
    assert progress.describe(latest.now()) == said
    assert latest.now().elapsed == look.elapsed + later


def test_what_libvirt_counts_is_no_estimate():
    latest = progress.Latest(lambda: JOB, lambda: 0.0)
    look = running(fall=32.0 * MiB, age=1.0, job=JOB)
    latest.take(look)
    assert progress.describe(latest.now()) == (
        "memory 448 MiB of 512 MiB  pass 3  guest writes 24.0 MiB/s"
        "  throttled 20 %  pause 0.3 s"
    )
    # At its end the look has none any more.
    latest.take(running(memory_remaining=0))
    assert progress.describe(latest.now()) == "memory 512 MiB of 512 MiB"


def test_what_is_usual_stands_there():
    look = Progress("copying", "migrating", 3.0, usual_seconds=38)
    assert progress.describe(look) == "usually 0:38 here"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_gets_a_live_line(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "stderr", Terminal())
    odd = running(phase="\x1b[31modd", memory_remaining=0)
    drawing.draw("vm1\x1b[2J", [running(), odd])
    drawn = sys.stderr.getvalue()
    assert "memory 512 MiB of 512 MiB" in drawn
    assert r"vm1\x1b[2J" in drawn
    assert r"\x1b[31modd" in drawn


def test_no_terminal_gets_lines(capsys):
    drawing.draw("vm1", [running()])
    assert capsys.readouterr() == ("", "vm1: running\n")


def test_off_a_terminal_there_is_a_line_a_minute():
    looks = [running(elapsed=float(n), stalled=n > 30) for n in range(0, 151)]
    stalled = "not converging: what remains does not fall"
    assert lines(*looks) == [
        "vm1: running",
        f"vm1: {stalled}",
        f"vm1: running  memory 128 MiB remain  {stalled}  1:31",
    ]
