"""What an engine does with a plan, on a small cloud in memory."""

import contextlib
import dataclasses
import threading

import pytest

from osc_migrate.maintenance.planning import Limits
from osc_migrate.maintenance.planning.plan import Purpose, Way
from osc_migrate.maintenance.running.engine import Engine
from osc_migrate.maintenance.running.limits import Slots
from osc_migrate.maintenance.running.recorded_state import replay
from osc_migrate.maintenance.running.results import Result
from osc_migrate.tests.unit.maintenance.running.lab import (
    done,
    plan,
    work,
)


def outcomes(engine):
    return {row.server: row.outcome for row in engine.rows.values()}


def test_every_server_moves(lab, journal):
    steps = [lab.boot(f"vm{n}") for n in range(5)]
    engine, events = done(lab, journal, *steps)
    assert set(outcomes(engine).values()) == {Result.MOVED}
    assert {s.host for s in lab.servers.values()} == {"HostC"}
    assert len([c for c in lab.calls if c[0] == "move"]) == 5
    assert any("vm0: moved to HostC" in event for event in events)


def test_each_move_is_counted_by_libvirt_while_it_is_followed(lab, journal):
    live, cold = lab.boot("vm1"), lab.boot("vm2", status="SHUTOFF")
    open_now, closed = [], []

    @contextlib.contextmanager
    def counters(facts, kind):
        # None: there is nothing to count of a cold move.
        open_now.append(facts.server.id)
        yield (lambda: kind) if kind.value == "live" else None
        closed.append(facts.server.id)

    done(lab, journal, live, cold, counters=counters)
    assert [c for c in lab.calls if c[0] == "counted"] == [
        ("counted", live.id, "live")
    ]
    assert sorted(open_now) == sorted(closed) == sorted([live.id, cold.id])


@pytest.mark.parametrize(
    ("limits", "most"),
    [
        (Limits(total=1), 1),
        (Limits(per_source=1, per_destination=8), 2),
        (Limits(per_source=8, per_destination=2), 2),
        (Limits(total=3, per_source=8, per_destination=8), 3),
    ],
)
def test_limits_are_kept(lab, journal, limits, most):
    steps = [lab.boot(f"vm{n}") for n in range(6)]
    done(lab, journal, *steps, limits=limits)
    assert lab.most <= most


def test_what_nova_does_not_queue_keeps_no_live_one_waiting(lab):
    slots = Slots(Limits(per_source=1, per_destination=8))
    live = lab.boot("vm1")
    cold = dataclasses.replace(live, way=Way.COLD)
    slots.take(cold)
    assert not slots.free(cold)
    slots.take(live)
    assert slots.free(live)
    slots.take(live)
    assert not slots.free(live)
    # One that turned out to be stopped, and was planned anew.
    slots.change(live, cold)
    assert slots.free(live)
    slots.give(cold)
    slots.give(cold)
    assert slots.free(cold)


def test_a_stopped_server_is_moved_cold_and_confirmed(lab, journal):
    step = lab.boot("vm1", status="SHUTOFF", power_state=4)
    engine, _ = done(lab, journal, step)
    assert outcomes(engine) == {"vm1": Result.MOVED}
    assert ("confirm", step.id) in lab.calls
    assert lab.records[step.id][-1].status == "confirmed"


def test_a_failed_move_is_set_back_and_tried_elsewhere(lab, journal):
    step = lab.boot("vm1")
    lab.fate[step.id] = ["error", "completed"]

    def again(step, excluding):
        assert list(excluding) == ["HostC"]
        return dataclasses.replace(step, destination="HostD")

    engine, events = done(lab, journal, step, again=again)
    assert outcomes(engine) == {"vm1": Result.MOVED}
    assert ("reset", step.id) in lab.calls
    assert lab.servers[step.id].host == "HostD"
    assert any("replanned: live to HostD" in event for event in events)


def test_what_fails_twice_is_told(lab, journal):
    step = lab.boot("vm1")
    lab.fate[step.id] = ["error"]
    again = lambda s, _: dataclasses.replace(s, destination="HostD")  # noqa: E731
    engine, _ = done(lab, journal, step, again=again)
    (row,) = engine.rows.values()
    assert row.outcome is Result.FAILED
    assert "the copy failed" in row.reason
    assert len(lab.records[step.id]) == 2


def test_drift_is_planned_anew_and_said(lab, journal):
    step = lab.boot("vm1")
    lab.forbidden.add((step.id, "HostC"))
    again = lambda s, _: dataclasses.replace(s, destination="HostD")  # noqa: E731
    engine, events = done(lab, journal, step, again=again)
    assert outcomes(engine) == {"vm1": Result.MOVED}
    assert lab.servers[step.id].host == "HostD"
    assert any("destination-has-room" in event for event in events)


def test_what_is_unsafe_everywhere_is_left(lab, journal):
    step = lab.boot("vm1", locked=True)
    engine, _ = done(lab, journal, step)
    (row,) = engine.rows.values()
    assert row.outcome is Result.LEFT
    assert "no room elsewhere" in row.reason
    assert not lab.calls


def test_what_others_moved_or_deleted_is_left_alone(lab, journal):
    moved, gone = lab.boot("moved"), lab.boot("gone")
    lab.servers[moved.id] = lab.servers[moved.id].but(host="HostD")
    del lab.servers[gone.id]
    engine, _ = done(lab, journal, moved, gone)
    assert set(outcomes(engine).values()) == {Result.GONE}
    assert not lab.calls


def test_a_wish_to_stop_is_done(lab, journal):
    step = dataclasses.replace(lab.boot("vm1"), way=Way.STOP)
    engine, _ = done(lab, journal, step)
    assert outcomes(engine) == {"vm1": Result.STOPPED}
    assert lab.servers[step.id].status == "SHUTOFF"


def test_it_stops_after_so_many_failures(lab, journal):
    steps = [lab.boot(f"vm{n}") for n in range(6)]
    for step in steps:
        lab.fate[step.id] = ["refused"]
    engine, events = done(
        lab, journal, *steps, max_failures=2, limits=Limits(total=1)
    )
    counts = list(outcomes(engine).values())
    assert counts.count(Result.FAILED) == 2
    assert counts.count(Result.NOT_BEGUN) == 4
    assert any("no new move begins: 2 failed" in event for event in events)


def test_a_request_whose_answer_was_lost_is_sent_again_if_nothing_came(
    lab, journal
):
    step = lab.boot("vm1")
    lab.fate[step.id] = ["lost", "completed"]
    engine, _ = done(lab, journal, step)
    assert outcomes(engine) == {"vm1": Result.MOVED}
    assert len(lab.records[step.id]) == 1


def test_an_aborted_stall_is_not_tried_elsewhere(lab, journal):
    step = lab.boot("vm1")
    lab.fate[step.id] = ["never"]
    again = lambda s, _: dataclasses.replace(s, destination="HostD")  # noqa: E731
    engine, events = done(lab, journal, step, again=again, on_stall="abort")
    assert outcomes(engine) == {"vm1": Result.FAILED}
    assert len(lab.records[step.id]) == 1
    assert lab.servers[step.id].status == "ACTIVE"
    assert any("stalled" in event for event in events)


def waves(lab, count=4):
    """As many servers, each in a separate wave."""
    return [
        dataclasses.replace(lab.boot(f"vm{n}"), wave=n) for n in range(count)
    ]


def test_a_second_wave_waits_for_the_cloud(lab, journal):
    lab.silent = 1
    engine, events = done(lab, journal, *waves(lab))
    assert set(outcomes(engine).values()) == {Result.MOVED}
    assert any("waiting: Nova could not" in event for event in events)
    assert "the cloud is healthy again" in events


def test_a_wave_of_a_drain_begins_while_the_last_one_ends(lab, journal):
    """The one that Nova has queued does not wait for its check."""
    lab.together = 2
    engine, _ = done(lab, journal, *waves(lab))
    assert set(outcomes(engine).values()) == {Result.MOVED}
    assert lab.most == 2


def test_a_wave_waits_where_it_may_need_the_room(lab, journal):
    both = dataclasses.replace(plan(*waves(lab)), purpose=Purpose.REBALANCE)
    for _ in Engine(work(lab, journal), both).looks():
        pass
    assert lab.most == 1
    assert len(lab.calls) == 4


def test_what_the_scheduler_places_takes_nobodys_room(lab, journal):
    first, second = waves(lab, 2)
    both = plan(first, dataclasses.replace(second, destination=None))
    engine = Engine(work(lab, journal), both)
    assert not engine._joined(0, 1)
    assert Engine(work(lab, journal), plan(first, second))._joined(0, 1)


def test_hosts_are_emptied_one_after_the_other(lab, journal):
    first, second = waves(lab, 2)
    lab.servers[second.id] = lab.servers[second.id].but(host="HostD")
    second = dataclasses.replace(second, source="HostD")
    engine, _ = done(lab, journal, first, second)
    assert set(outcomes(engine).values()) == {Result.MOVED}
    assert lab.most == 1


def test_interrupted_it_follows_to_the_end_and_begins_no_more(lab, journal):
    steps = [lab.boot(f"vm{n}") for n in range(4)]
    made = work(lab, journal, limits=Limits(total=1))
    engine = Engine(made, plan(*steps))
    # While the first request is being sent.
    lab.sending = lambda _: engine.stop()
    for _ in engine.looks():
        pass
    counts = list(outcomes(engine).values())
    assert counts.count(Result.MOVED) == 1
    assert counts.count(Result.NOT_BEGUN) == 3


def test_interrupted_twice_it_leaves_them(lab, journal):
    step = lab.boot("vm1")
    lab.fate[step.id] = ["never"]
    made = work(lab, journal)
    engine = Engine(made, plan(step))
    lab_clock = made.clock
    lab.records[step.id]  # the table has a row for it
    from osc_migrate.tests.unit.maintenance.running.lab import FakeMove

    FakeMove.lab_clock, kept = lab_clock, FakeMove.lab_clock
    try:
        for look in engine.looks():
            if look.moving and lab.under_way:
                engine.abandon()
    finally:
        FakeMove.lab_clock = kept
    assert outcomes(engine) == {"vm1": Result.RUNNING_ON}
    assert replay(journal.entries())[step.id].started is not None


class TestResume:
    def begun(self, lab, journal, step):
        """As a process leaves it that is killed while a server moves."""
        facts = lab.facts(step.id, "HostC")
        journal.note(
            "move",
            step.id,
            after=facts.last_migration,
            status="ACTIVE",
            way="live",
            source="HostB",
            destination="HostC",
        )
        return facts

    def resumed(self, lab, journal, *steps):
        before = replay(journal.entries())
        engine = Engine(work(lab, journal), plan(*steps), None, before)
        events = [str(e) for look in engine.looks() for e in look.events]
        return engine, events

    def test_one_under_way_is_followed(self, lab, journal):
        step = lab.boot("vm1")
        lab.live(self.begun(lab, journal, step))
        lab.under_way.clear()
        engine, _ = self.resumed(lab, journal, step)
        assert outcomes(engine) == {"vm1": Result.MOVED}
        assert [c[0] for c in lab.calls] == ["move", "taken up"]

    def test_one_that_arrived_meanwhile_is_not_moved_again(self, lab, journal):
        step = lab.boot("vm1")
        move = lab.live(self.begun(lab, journal, step))
        move._end()
        engine, _ = self.resumed(lab, journal, step)
        assert outcomes(engine) == {"vm1": Result.MOVED}
        assert [c[0] for c in lab.calls] == ["move", "taken up"]

    def test_one_that_never_reached_nova_is_moved(
        self, lab, journal, monkeypatch
    ):
        monkeypatch.setattr(
            "osc_migrate.maintenance.running.server_task.RECORD_WITHIN", 0.05
        )
        step = lab.boot("vm1")
        self.begun(lab, journal, step)
        engine, _ = self.resumed(lab, journal, step)
        assert outcomes(engine) == {"vm1": Result.MOVED}
        assert [c[0] for c in lab.calls] == ["move"]

    def test_what_is_done_stays_done(self, lab, journal):
        step = lab.boot("vm1")
        done(lab, journal, step)
        calls = list(lab.calls)
        engine, _ = self.resumed(lab, journal, step)
        assert outcomes(engine) == {"vm1": Result.MOVED}
        assert lab.calls == calls


def test_members_of_a_group_move_one_at_a_time(lab, journal):
    steps = [lab.boot(f"vm{n}", group_ids=("g1",)) for n in range(3)]
    done(lab, journal, *steps, limits=Limits(per_source=4))
    assert lab.most == 1
    assert threading.active_count() < 10


def test_its_own_abort_is_in_the_journal_and_outlives_the_process(
    lab, journal
):
    step = lab.boot("vm1")
    facts = lab.facts(step.id, "HostC")
    journal.note(
        "move",
        step.id,
        after=facts.last_migration,
        status="ACTIVE",
        way="live",
        source="HostB",
        destination="HostC",
    )
    journal.note("abort", step.id)
    assert replay(journal.entries())[step.id].started.aborted
    lab.live(facts)
    lab.under_way.clear()
    taken_up, moves = lab.taken_up, []

    def taken(*arguments):
        moves.append(taken_up(*arguments))
        moves[-1].fate = "error"
        return moves[-1]

    lab.taken_up = taken
    made = work(lab, journal)
    engine = Engine(made, plan(step), None, replay(journal.entries()))
    for _ in engine.looks():
        pass
    (move,) = moves
    assert (move.aborted, move.follower_name) == (True, "this run")
    # Nor is it tried elsewhere.
    assert outcomes(engine) == {"vm1": Result.FAILED}
    assert len(lab.records[step.id]) == 1
