import io
import sys

import pytest

from osc_migrate.commands import progress
from osc_migrate.model.progress import Progress

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
        "vm1: there is news of it again",
    ]
    assert "no news for 60 s" in progress.describe(silent[0])


def test_trouble_is_said_once_and_its_end_too():
    bad = running(trouble="Nova could not answer")
    assert lines(running(), bad, bad, running()) == [
        "vm1: running",
        "vm1: Nova could not answer; the move goes on, asking again",
        "vm1: the API answers again",
    ]


def test_a_stall_is_said_once():
    assert lines(running(), running(stalled=True), running(stalled=True)) == [
        "vm1: running",
        "vm1: not converging: what remains does not fall",
    ]


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
            "memory 384 MiB of 512 MiB"
            "  not converging: what remains does not fall",
        ),
        (Progress("queued", "queued", 1), ""),
    ],
)
def test_what_stands_beside_the_bar(look, said):
    assert progress.describe(look) == said


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_gets_a_live_line(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "stderr", Terminal())
    odd = running(phase="\x1b[31modd", memory_remaining=0)
    progress.draw("vm1\x1b[2J", [running(), odd])
    drawn = sys.stderr.getvalue()
    assert "memory 512 MiB of 512 MiB" in drawn
    assert r"vm1\x1b[2J" in drawn
    assert r"\x1b[31modd" in drawn


def test_no_terminal_gets_lines(capsys):
    progress.draw("vm1", [running()])
    assert capsys.readouterr() == ("", "vm1: running\n")
