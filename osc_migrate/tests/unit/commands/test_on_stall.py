import json

import pytest

from osc_migrate import errors
from osc_migrate.commands.base import say
from osc_migrate.commands.block import Block
from osc_migrate.commands.live import Live
from osc_migrate.migration.on_stall import act_on_stall
from osc_migrate.migration.outcome import End
from osc_migrate.migration.progress import Progress
from osc_migrate.tests.unit.commands.desk import Desk
from osc_migrate.tests.unit.commands.test_live import FakeMover, ended


class Move:
    def __init__(self, trouble=None):
        self.deeds, self.trouble = [], trouble

    def _do(self, deed):
        self.deeds.append(deed)
        if self.trouble:
            raise self.trouble

    def force(self):
        self._do("force")

    def abort(self):
        self._do("abort")


def looks(*stalled, status="running"):
    return [
        Progress("running", status, float(t), stalled=s)
        for t, s in enumerate(stalled)
    ]


@pytest.mark.parametrize("rung", ["force", "abort"])
def test_the_rung_is_taken_once(capsys, rung):
    move = Move()
    seen = list(act_on_stall(looks(False, True, True, False), move, rung, say))
    assert len(seen) == 4
    assert move.deeds == [rung]
    assert capsys.readouterr().err.startswith("stalled: ")


def test_an_abort_that_changes_nothing_is_asked_for_again():
    move = Move()
    list(act_on_stall(looks(*[True] * 21), move, "abort", say))
    assert move.deeds == ["abort"] * 3
    forced = Move()
    list(act_on_stall(looks(*[True] * 21), forced, "force", say))
    assert forced.deeds == ["force"]


@pytest.mark.parametrize("status", ["running (post-copy)", "post-migrating"])
def test_what_cannot_be_stopped_is_left(status):
    move = Move()
    list(act_on_stall(looks(True, status=status), move, "abort", say))
    assert move.deeds == []


def test_a_refusal_is_told_and_followed(capsys):
    error = errors.ApiError("Nova", "abort it", 400, "not running")
    move = Move(error)
    assert len(list(act_on_stall(looks(True, True), move, "abort", say))) == 2
    assert "still following it" in capsys.readouterr().err


@pytest.mark.parametrize("command", [Live, Block])
def test_it_needs_to_follow(command):
    desk = Desk(FakeMover(ended(End.MOVED)))
    with pytest.raises(errors.MigrateError, match="no-wait"):
        desk.run(command, "vm1", "--on-stall", "abort", "--no-wait")


def test_the_window_is_the_operators():
    move = ended(End.MOVED)
    move.follow = lambda timeout, after: setattr(move, "after", after) or []
    desk = Desk(FakeMover(move))
    words = ["--on-stall", "force", "--stall-after", "40", "-f", "json"]
    assert desk.run(Live, "vm1", *words) == 0
    assert move.after == 40
    assert json.loads(desk.out)["status"] == "completed"
