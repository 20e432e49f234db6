"""Runs from their beginning to their end, on a small cloud in memory."""

import dataclasses
import itertools

import pytest

from osc_migrate import errors
from osc_migrate.maintenance import running
from osc_migrate.maintenance.planning import Limits, NodeBlocker, Request
from osc_migrate.maintenance.planning.plan import Plan, Purpose, Skipped, Way
from osc_migrate.maintenance.running import start
from osc_migrate.maintenance.running.journal import Journal
from osc_migrate.maintenance.running.lock import HostLocked
from osc_migrate.maintenance.running.results import Result, RunVerdict
from osc_migrate.migration.start_gate import StartGate
from osc_migrate.tests.unit.maintenance.running.lab import Lab, Quick, plan

HOST_B = Request(hosts=("HostB",))


@pytest.fixture
def lab(monkeypatch):
    made = Lab()
    made.nova.identity = "test"
    # Of two within a second, the newer one is not known.
    numbers = itertools.count(10)
    monkeypatch.setattr(
        start.journals,
        "new_name",
        lambda: f"20261123-1000{next(numbers)}-abcd",
    )
    made.servers_on = lambda query: [
        server
        for server in made.servers.values()
        if server.host == query["host"]
    ]

    def mover(_):
        # Each run has its own Mover.
        made.gate = StartGate()
        return made, Quick()

    monkeypatch.setattr(start, "_mover", mover)
    monkeypatch.setattr(
        "osc_migrate.maintenance.running.run.on", lambda _, host: on(host)
    )

    def on(host):
        for server in made.servers_on({"host": host}):
            yield start.Row(
                server.name, server.id, host, None, "", Result.LEFT
            )

    monkeypatch.setattr(
        "osc_migrate.maintenance.running.run.planning.replan_step",
        lambda fleet, step, *rest: Skipped(
            step.server, step.id, step.source, ("nowhere else",)
        ),
    )
    monkeypatch.setattr(start.fleets, "read", lambda *_: made)
    return made


@pytest.fixture
def where(tmp_path):
    return tmp_path / "runs"


def drained(lab, where, *steps, request=HOST_B, stays=()):
    run = running.drain(
        lab, request, plan=plan(*steps, stays=stays), journal_dir=where
    )
    events = [str(e) for look in run.looks() for e in look.events]
    return run, events


def test_a_host_is_emptied(lab, where):
    run, events = drained(lab, where, lab.boot("vm1"))
    assert run.verdict is RunVerdict.DONE
    assert [row.outcome for row in run.rows] == [Result.MOVED]
    assert lab.disabled["HostB"] == f"osc-migrate run {run.id}: emptied"
    assert any("stays disabled" in event for event in events)


def test_what_came_meanwhile_is_told(lab, where):
    step = lab.boot("vm1")
    lab.boot("new")
    run, _ = drained(lab, where, step)
    assert run.verdict is RunVerdict.SHORT
    assert [(r.server, r.outcome) for r in run.rows] == [
        ("vm1", Result.MOVED),
        ("new", Result.LEFT),
    ]
    assert lab.disabled["HostB"].endswith("ended, not empty")


def test_nothing_moved_and_all_is_as_it_was(lab, where):
    step = lab.boot("vm1", locked=True)
    run, _ = drained(lab, where, step)
    assert run.verdict is RunVerdict.NOTHING
    assert lab.disabled["HostB"] is None


def test_what_stays_is_not_done(lab, where):
    step = lab.boot("vm1")
    other = lab.boot("vm2")
    stay = Skipped(
        "vm2", other.id, "HostB", ("excluded by owner policy: never",), True
    )
    run, _ = drained(lab, where, step, stays=(stay,))
    assert run.verdict is RunVerdict.SHORT
    assert run.rows[-1].reason == "excluded by owner policy: never"


def test_a_run_that_keeps_going_tries_every_server(lab, where):
    """The first one fails, which is one too many."""
    steps = [lab.boot(f"vm{n}") for n in range(3)]
    lab.fate[steps[0].id] = ["refused"]
    request = dataclasses.replace(HOST_B, limits=Limits(total=1))
    run = running.drain(
        lab,
        request,
        running.Options(max_failures=1),
        plan=plan(*steps),
        journal_dir=where,
    )
    list(run.looks())
    assert [row.outcome for row in run.rows][1:] == [Result.NOT_BEGUN] * 2
    resumed = running.resume(lab, run.id, journal_dir=where, keep_going=True)
    list(resumed.looks())
    outcomes = [row.outcome for row in resumed.rows]
    assert outcomes == [Result.FAILED, Result.MOVED, Result.MOVED]


def test_some_servers_leave_the_service_alone(lab, where):
    step = lab.boot("vm1")
    lab.boot("vm2")
    request = Request(servers=(step.id,))
    run, _ = drained(lab, where, step, request=request)
    assert run.verdict is RunVerdict.DONE
    assert not [call for call in lab.calls if call[0] == "put"]


def test_a_second_one_is_told_of_the_first(lab, where):
    first = running.drain(
        lab, HOST_B, plan=plan(lab.boot("vm1")), journal_dir=where
    )
    with pytest.raises(HostLocked, match=first.id):
        running.drain(lab, HOST_B, plan=plan(), journal_dir=where)
    assert len(list(first.looks())) > 0
    running.drain(lab, HOST_B, plan=plan(), journal_dir=where)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cloud": "another"}, "another cloud"),
        ({"steps": 2}, "more than once"),
    ],
)
def test_a_plan_that_is_not_for_here(lab, where, changes, said):
    step = lab.boot("vm1")
    made = plan(step)
    if "steps" in changes:
        changes = {"steps": (step, step)}
    wrong = dataclasses.replace(made, **changes)
    with pytest.raises(errors.MigrateError, match=said):
        running.drain(lab, HOST_B, plan=wrong, journal_dir=where)
    assert not lab.calls
    # No run has the host now.
    running.drain(lab, HOST_B, plan=made, journal_dir=where)


class TestResume:
    def interrupted(self, lab, where):
        steps = [lab.boot(f"vm{n}") for n in range(5)]
        run = running.drain(lab, HOST_B, plan=plan(*steps), journal_dir=where)
        # While the first request is being sent.
        lab.sending = lambda _: run.stop()
        for _ in run.looks():
            pass
        lab.sending = lambda _: None
        assert run.verdict is RunVerdict.INTERRUPTED
        return run

    def test_it_goes_on(self, lab, where):
        first = self.interrupted(lab, where)
        before = len([call for call in lab.calls if call[0] == "move"])
        assert 0 < before < 5
        second = running.resume(lab, first.id, journal_dir=where)
        list(second.looks())
        assert second.verdict is RunVerdict.DONE
        assert len([call for call in lab.calls if call[0] == "move"]) == 5
        assert len(second.rows) == 5

    def test_one_that_has_ended(self, lab, where):
        run, _ = drained(lab, where, lab.boot("vm1"))
        with pytest.raises(errors.MigrateError, match="has ended"):
            running.resume(lab, run.id, journal_dir=where)

    def test_one_that_was_cancelled(self, lab, where):
        run = self.interrupted(lab, where)
        assert running.cancel(lab, run.id, journal_dir=where)
        assert lab.disabled["HostB"] is None
        with pytest.raises(errors.MigrateError, match="was cancelled"):
            running.resume(lab, run.id, journal_dir=where)

    def test_one_without_a_plan(self, lab, where):
        made = Journal.create(where)
        with pytest.raises(errors.MigrateError, match="before it had a plan"):
            running.resume(lab, made.run, journal_dir=where)

    def test_one_of_another_cloud(self, lab, where):
        run = self.interrupted(lab, where)
        lab.nova.identity = "another"
        with pytest.raises(errors.MigrateError, match="another cloud"):
            running.resume(lab, run.id, journal_dir=where)


class TestReturn:
    @pytest.fixture
    def back(self, monkeypatch):
        def plan_back(fleet, homes, request):
            assert request.enabled == {"HostB"}
            steps = tuple(
                dataclasses.replace(
                    fleet.boot(fleet.servers[id].name, "HostC"),
                    destination=home,
                    order=n,
                )
                for n, (id, home) in enumerate(homes.items())
            )
            return Plan(
                Purpose.RETURN,
                "test",
                "2026-11-23T10:00:00Z",
                ("HostC",),
                steps,
                (),
                {},
            )

        monkeypatch.setattr(start.planning, "plan_return", plan_back)

    @pytest.mark.parametrize("by", ["run", "host"])
    def test_enabled_first_then_its_servers(self, lab, where, back, by):
        run, _ = drained(lab, where, lab.boot("vm1"), lab.boot("vm2"))
        lab.calls.clear()
        name = run.id if by == "run" else "HostB"
        second = running.bring_back(lab, name, journal_dir=where)
        assert lab.calls == [("put", "HostB", "enabled")]
        list(second.looks())
        assert second.verdict is RunVerdict.DONE
        assert {s.host for s in lab.servers.values()} == {"HostB"}
        assert lab.disabled["HostB"] is None

    def test_disks_that_were_copied_are_copied_back(self, lab, where, back):
        step = dataclasses.replace(lab.boot("vm1"), way=Way.BLOCK)
        run, _ = drained(lab, where, step)
        second = running.bring_back(lab, run.id, journal_dir=where)
        _, order, _ = start.opened(where, second.id)
        assert order.request.block
        assert second.plan.steps

    def test_disks_that_were_not_are_not(self, lab, where, back):
        run, _ = drained(lab, where, lab.boot("vm1"))
        second = running.bring_back(lab, run.id, journal_dir=where)
        _, order, _ = start.opened(where, second.id)
        assert not order.request.block

    @pytest.fixture
    def twice(self, lab, where, back):
        """A drain that left a server, and the next one."""
        first = lab.boot("vm1")
        lab.boot("vm2")
        one, _ = drained(lab, where, first)
        assert one.verdict is RunVerdict.SHORT
        two, _ = drained(lab, where, lab.boot("vm2"))
        assert two.verdict is RunVerdict.DONE
        return one, two

    def test_of_a_host_that_two_have_emptied(self, lab, where, twice):
        second = running.bring_back(lab, "HostB", journal_dir=where)
        names = {step.server for step in second.plan.steps}
        assert names == {"vm1", "vm2"}

    def test_of_a_run_just_what_it_moved(self, lab, where, twice):
        second = running.bring_back(lab, twice[1].id, journal_dir=where)
        assert [step.server for step in second.plan.steps] == ["vm2"]

    def test_one_that_came_home_is_no_part_of_the_next(self, lab, where, back):
        drained(lab, where, lab.boot("vm1"))
        list(running.bring_back(lab, "HostB", journal_dir=where).looks())
        del lab.servers[lab.boot("vm1").id]
        drained(lab, where, lab.boot("vm2"))
        second = running.bring_back(lab, "HostB", journal_dir=where)
        assert [step.server for step in second.plan.steps] == ["vm2"]

    def test_the_first_ones_journal_is_elsewhere(self, lab, where, twice):
        (where / f"{twice[0].id}.sqlite").unlink()
        second = running.bring_back(lab, "HostB", journal_dir=where)
        assert [step.server for step in second.plan.steps] == ["vm2"]
        events = [str(e) for look in second.looks() for e in look.events]
        assert any(
            twice[0].id in event and "not brought back" in event
            for event in events
        )

    def test_a_run_that_moved_nothing(self, lab, where, back):
        run, _ = drained(lab, where, lab.boot("vm1", locked=True))
        with pytest.raises(errors.MigrateError, match="moved no server"):
            running.bring_back(lab, run.id, journal_dir=where)

    def test_neither_run_nor_host(self, lab, where, back):
        with pytest.raises(errors.NotFound):
            running.bring_back(lab, "HostX", journal_dir=where)


def test_a_plan_is_the_same_from_the_journal(lab, where):
    step = lab.boot("vm1")
    barrier = NodeBlocker("HostB", "HostC", "live", "a-check", "FAIL", "words")
    asked = dataclasses.replace(
        HOST_B, ignored=frozenset({"a-check"}), barriers=(barrier,)
    )
    run = running.drain(
        lab,
        asked,
        running.Options(max_failures=7),
        plan=dataclasses.replace(plan(step), made_at="2026-11-23T10:00:00Z"),
        journal_dir=where,
    )
    _, order, _ = start.opened(where, run.id)
    assert order.plan == run.plan
    assert order.request == asked
    assert order.options.max_failures == 7
