"""After "no new move begins", no request that starts anything is sent:
whatever state a server is in when the run is stopped."""

import dataclasses
import threading

import pytest

from osc_migrate import errors
from osc_migrate.facts import Unread
from osc_migrate.maintenance.planning import Limits
from osc_migrate.maintenance.planning.plan import Skipped, Way
from osc_migrate.maintenance.running.context import Work
from osc_migrate.maintenance.running.engine import Engine
from osc_migrate.maintenance.running.journal import Journal
from osc_migrate.maintenance.running.recorded_state import replay
from osc_migrate.maintenance.running.results import Result
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.maintenance.running.lab import Lab, Quick, plan

STARTED = ("move", "stop")
SENTENCE = "no new move begins: interrupted"


class Stopped:
    """A run that is stopped in the middle of something.

    :ivar told: events and what was started, in their order.
    """

    def __init__(self, tmp_path):
        self.lab = Lab()
        self.journal = Journal.create(tmp_path)
        self.engine = None
        self.work = None
        self.told = []

    def stop(self, *_):
        self.engine.stop()

    def run(self, *steps, again=None, before=None, **options):
        again = again or self.elsewhere
        self.work = Work(self.lab, self.journal, Quick(), again, **options)
        tell, sent = self.work.report, self.lab.sending

        def telling(text, *rest, **more):
            self.told.append(text)
            tell(text, *rest, **more)

        def sending(id):
            sent(id)
            self.told.append("sent")

        self.work.report, self.lab.sending = telling, sending
        self.engine = Engine(self.work, plan(*steps), None, before)
        for _ in self.engine.looks():
            pass
        return {row.server: row for row in self.engine.rows.values()}

    def elsewhere(self, step, excluding):
        return dataclasses.replace(step, destination="HostD")

    @property
    def started(self):
        return [call for call in self.lab.calls if call[0] in STARTED]

    def nothing_after_the_sentence(self):
        assert self.told.count(SENTENCE) == 1
        after = self.told[self.told.index(SENTENCE) :]
        assert "sent" not in after
        assert not [words for words in after if "planned anew" in words]


@pytest.fixture
def run(tmp_path):
    return Stopped(tmp_path)


@pytest.mark.parametrize("way", [Way.LIVE, Way.BLOCK, Way.COLD, Way.STOP])
def test_one_that_is_being_checked_is_not_begun(run, way):
    step = dataclasses.replace(run.lab.boot("vm1"), way=way)
    run.lab.reading = run.stop
    (row,) = run.run(step).values()
    assert (row.outcome, row.reason) == (Result.NOT_BEGUN, "interrupted")
    assert run.started == []
    run.nothing_after_the_sentence()


@pytest.mark.parametrize("way", [Way.LIVE, Way.STOP])
def test_one_whose_request_is_next_is_not_begun(run, way):
    """Its check is over, and its journal has it: the last moment."""
    step = dataclasses.replace(run.lab.boot("vm1"), way=way)
    note = run.journal.note

    def noted(kind, *rest, **data):
        note(kind, *rest, **data)
        if kind in STARTED:
            run.stop()

    run.journal.note = noted
    (row,) = run.run(step).values()
    assert (row.outcome, row.reason) == (Result.NOT_BEGUN, "interrupted")
    assert run.started == []
    # A resumed run looks for no request that was never sent.
    assert replay(run.journal.entries())[step.id].started is None
    run.nothing_after_the_sentence()


def test_what_is_being_sent_is_followed_and_the_sentence_waits(run):
    step = run.lab.boot("vm1")
    run.lab.sending = run.stop
    (row,) = run.run(step).values()
    assert row.outcome is Result.MOVED
    assert run.told.index("sent") < run.told.index(SENTENCE)
    waiting = "interrupted: waiting for Nova's answer to 1 request being sent"
    assert run.told.index(waiting) < run.told.index("sent")
    run.nothing_after_the_sentence()


def test_one_that_waits_for_its_group_is_not_begun(run):
    steps = [run.lab.boot(f"vm{n}", group_ids=("g1",)) for n in range(2)]
    # The one that moves does not end before the run is stopped.
    run.lab.looks = 10**9
    stopper = threading.Thread(target=lambda: wait_for_group(run))
    stopper.start()
    rows = run.run(*steps, limits=Limits(per_source=4))
    stopper.join()
    outcomes = sorted(row.outcome for row in rows.values())
    assert outcomes == [Result.MOVED, Result.NOT_BEGUN]
    (left,) = [r for r in rows.values() if r.outcome is Result.NOT_BEGUN]
    assert left.reason == "interrupted"
    assert len(run.started) == 1
    run.nothing_after_the_sentence()


def wait_for_group(run):
    """Stops the run once a server waits for the other, which moves."""

    def waits():
        tasks = list(run.engine._tasks.values()) if run.engine else []
        phases = [task.progress.phase for task in tasks]
        return run.lab.under_way and "waiting for its group" in phases

    while not waits():
        threading.Event().wait(0.001)
    run.stop()
    run.lab.looks = 0


def test_one_that_waits_for_a_slot_is_not_begun(run):
    """Its first try was refused when the slots had been given elsewhere."""
    step = run.lab.boot("vm1")
    run.lab.fate[step.id] = ["error", "completed"]
    activate = run.lab.activate

    def full(server):
        # It has landed: its slot is free, and others take it.
        for _ in range(8):
            run.work.slots.take(step)
        threading.Timer(0.02, run.stop).start()
        return activate(server)

    run.lab.activate = full
    (row,) = run.run(step).values()
    assert row.outcome is Result.FAILED
    assert row.reason.endswith("not tried again: interrupted")
    assert len(run.started) == 1
    run.nothing_after_the_sentence()


def test_one_that_waits_for_a_slot_elsewhere_is_not_begun(run):
    step = run.lab.boot("vm1")
    run.lab.forbidden.add((step.id, "HostC"))

    def again(step, excluding):
        for _ in range(2):
            run.work.slots.take(dataclasses.replace(step, destination="HostD"))
        threading.Timer(0.02, run.stop).start()
        return run.elsewhere(step, excluding)

    (row,) = run.run(step, again=again).values()
    assert (row.outcome, row.reason) == (Result.NOT_BEGUN, "interrupted")
    assert run.started == []
    run.nothing_after_the_sentence()


def test_one_that_is_planned_anew_is_not_begun(run):
    step = run.lab.boot("vm1")
    run.lab.forbidden.add((step.id, "HostC"))

    def again(step, excluding):
        run.stop()
        return run.elsewhere(step, excluding)

    (row,) = run.run(step, again=again).values()
    assert (row.outcome, row.reason) == (Result.NOT_BEGUN, "interrupted")
    assert run.started == []
    run.nothing_after_the_sentence()


def test_one_that_was_planned_anew_is_not_begun(run):
    step = run.lab.boot("vm1")
    run.lab.forbidden.add((step.id, "HostC"))
    planned = []

    def again(step, excluding):
        planned.append(step)
        return run.elsewhere(step, excluding)

    run.lab.reading = lambda _: planned and run.stop()
    (row,) = run.run(step, again=again).values()
    assert (row.outcome, row.reason) == (Result.NOT_BEGUN, "interrupted")
    assert run.started == []


def test_one_that_failed_is_not_tried_again(run):
    step = run.lab.boot("vm1")
    run.lab.fate[step.id] = ["refused", "completed"]
    asked = []

    def again(step, excluding):
        asked.append(step)
        run.stop()
        return run.elsewhere(step, excluding)

    (row,) = run.run(step, again=again).values()
    assert row.outcome is Result.FAILED
    assert row.reason.endswith("no; not tried again: interrupted")
    assert asked
    assert len(run.started) == 1
    run.nothing_after_the_sentence()


def test_the_failure_limit_stops_those_that_are_being_checked(run):
    """One fails while the other is checked."""
    first, second = run.lab.boot("vm1"), run.lab.boot("vm2")
    run.lab.fate[first.id] = ["refused"]
    over = threading.Event()

    def reading(id):
        if id == second.id:
            assert over.wait(10)

    def tell(text, *rest, **more):
        kept(text, *rest, **more)
        if text == "no new move begins: 1 failed":
            over.set()

    run.lab.reading = reading
    stay = lambda s, _: Skipped(s.server, s.id, s.source, ("no room",))  # noqa: E731
    work = Work(
        run.lab,
        run.journal,
        Quick(),
        stay,
        max_failures=1,
        limits=Limits(per_source=4),
    )
    kept, work.report = work.report, tell
    engine = Engine(work, plan(first, second))
    for _ in engine.looks():
        pass
    rows = engine.rows
    assert rows[first.id].outcome is Result.FAILED
    assert rows[second.id].outcome is Result.NOT_BEGUN
    assert rows[second.id].reason == "1 failed"
    assert run.started == [("move", first.id, "HostC")]


def test_a_request_whose_answer_was_lost_is_not_sent_again(run):
    step = run.lab.boot("vm1")
    run.lab.fate[step.id] = ["lost", "completed"]
    run.lab.sending = run.stop
    (row,) = run.run(step).values()
    # It may have arrived: nothing else would be true.
    assert row.outcome is Result.RUNNING_ON
    assert "watch" in row.next
    assert len(run.started) == 1
    assert replay(run.journal.entries())[step.id].started is not None
    run.nothing_after_the_sentence()


def test_one_that_cannot_be_read_is_given_up(run):
    step = run.lab.boot("vm1")

    def reading(_):
        run.stop()
        raise errors.ApiError("Nova", "show it", 503, "overloaded")

    run.lab.reading = reading
    (row,) = run.run(step).values()
    assert (row.outcome, row.reason) == (Result.NOT_BEGUN, "interrupted")
    assert run.started == []


def test_one_whose_check_is_repeated_is_not_begun(run):
    step = run.lab.boot("vm1")
    facts = run.lab.facts

    def unknown(id, host):
        found = facts(id, host)
        run.stop()
        return found.but(room=Unread("Placement does not answer"))

    run.lab.facts = unknown
    (row,) = run.run(step).values()
    assert (row.outcome, row.reason) == (Result.NOT_BEGUN, "interrupted")
    assert run.started == []


class TestResumed:
    """Of a process that died while a server moved."""

    def before(self, run, step):
        run.journal.note(
            "move",
            step.id,
            after=0,
            status="ACTIVE",
            way="live",
            source="HostB",
            destination="HostC",
        )
        return replay(run.journal.entries())

    def test_what_is_under_way_is_followed(self, run):
        step = run.lab.boot("vm1")
        before = self.before(run, step)
        record = shapes.migration(
            "running", id=1, source="HostB", destination="HostC"
        )
        run.lab.records[step.id].append(record)
        run.lab.reading = run.stop
        # It is under way by now: it ends after a few looks.
        run.lab.most = 1
        (row,) = run.run(step, before=before).values()
        assert row.outcome is Result.MOVED
        assert run.started == []

    def test_what_never_reached_nova_is_not_begun(self, run, monkeypatch):
        monkeypatch.setattr(
            "osc_migrate.maintenance.running.server_task.RECORD_WITHIN", 0.05
        )
        step = run.lab.boot("vm1")
        run.lab.reading = run.stop
        before = self.before(run, step)
        (row,) = run.run(step, before=before).values()
        assert (row.outcome, row.reason) == (Result.NOT_BEGUN, "interrupted")
        assert run.started == []

    def test_what_is_not_taken_up_is_not_called_not_begun(self, run):
        step = run.lab.boot("vm1")
        before = self.before(run, step)
        work = Work(run.lab, run.journal, Quick(), run.elsewhere)
        engine = Engine(work, plan(step), None, before)
        engine.stop()
        for _ in engine.looks():
            pass
        (row,) = engine.rows.values()
        assert row.outcome is Result.RUNNING_ON
        assert row.next == "openstack migrate watch vm1"


def test_stopped_before_it_begins_no_service_is_disabled(run):
    from osc_migrate.maintenance.running.services import Hosts

    step = run.lab.boot("vm1")
    work = Work(run.lab, run.journal, Quick(), run.elsewhere)
    hosts = Hosts(run.lab, run.journal, ["HostB"])
    engine = Engine(work, plan(step), hosts)
    engine.stop()
    for _ in engine.looks():
        pass
    assert run.lab.calls == []
