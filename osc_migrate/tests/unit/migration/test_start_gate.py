"""After the gate is closed, nothing that starts something reaches Nova."""

import threading

import pytest

from osc_migrate.migration.mover import Mover
from osc_migrate.migration.start_gate import Closed, StartGate
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.migration.accepting import posted
from osc_migrate.tests.unit.sky import VM1


def closing(gate, why="interrupted"):
    said = []
    return gate.close(why, lambda: said.append(why)), said


@pytest.mark.parametrize(
    "begin",
    [
        lambda mover, facts: mover.live(facts),
        lambda mover, facts: mover.live(facts, auto=True),
        lambda mover, facts: mover.block(facts),
        lambda mover, facts: mover.cold(facts),
        lambda mover, facts: mover.shut_down(facts.server),
    ],
    ids=["live", "auto", "block", "cold", "stop"],
)
def test_a_closed_gate_sends_nothing(cloud, clock, begin):
    mover = Mover(cloud.connection, clock)
    facts = mover.facts(VM1, "HostC")
    before = len(cloud.mock.request_history)
    closing(mover.gate)
    with pytest.raises(Closed, match="interrupted"):
        begin(mover, facts)
    assert len(cloud.mock.request_history) == before


def test_what_is_under_way_is_still_aborted_and_followed(cloud, clock):
    mover = Mover(cloud.connection, clock)
    facts = mover.facts(VM1, "HostC")
    move = mover.live(facts)
    closing(mover.gate)
    move.find()
    cloud.mock.delete(
        f"{skies.NOVA}/servers/{VM1}/migrations/7", status_code=202
    )
    move.abort()
    assert cloud.mock.last_request.method == "DELETE"
    assert [look.status for look in move.follow()] == ["completed"]
    assert posted(cloud)


def test_it_is_said_at_once_when_nothing_is_being_sent():
    assert closing(StartGate()) == (0, ["interrupted"])


def test_it_is_said_when_the_last_request_has_been_answered():
    gate = StartGate()
    with gate.passing():
        with gate.passing():
            sending, said = closing(gate)
            assert (sending, said) == (2, [])
        assert said == []
        with pytest.raises(Closed), gate.passing():
            pytest.fail("it is closed")
        assert said == []
    assert said == ["interrupted"]


def test_the_first_reason_stays():
    gate = StartGate()
    closing(gate)
    assert closing(gate, "3 failed") == (0, [])
    assert gate.reason == "interrupted"


def test_a_signal_handler_may_close_it_while_its_thread_does():
    gate = StartGate()
    with gate._lock:
        assert closing(gate) == (0, ["interrupted"])


def test_a_request_that_fails_leaves_too():
    gate = StartGate()
    with pytest.raises(OSError, match="lost"), gate.passing():
        _, said = closing(gate)
        raise OSError("lost")
    assert said == ["interrupted"]


def test_of_many_threads_none_passes_after_it_is_said():
    gate, order = StartGate(), []
    ready = threading.Barrier(9)

    def send():
        ready.wait()
        for _ in range(200):
            try:
                with gate.passing():
                    order.append("sent")
            except Closed:
                return

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    ready.wait()
    gate.close("interrupted", lambda: order.append("said"))
    for thread in threads:
        thread.join()
    assert order.count("said") == 1
    assert order[-1] == "said"
