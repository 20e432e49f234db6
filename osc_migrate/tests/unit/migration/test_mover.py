"""What is asked of Nova for a move, and how often."""

import pytest
import requests

from osc_migrate import errors
from osc_migrate.facts import Unread
from osc_migrate.migration.mover import Mover
from osc_migrate.migration.outcome import End
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.migration.accepting import (
    ACTION,
    COUNTERS,
    NONE,
    accepting,
    history,
    moved,
    posted,
    start,
)
from osc_migrate.tests.unit.sky import VM1, Sky


def test_it_moves(cloud, clock):
    looks, outcome = moved(cloud, clock)
    assert [look.phase for look in looks] == ["finishing"]
    assert outcome.end is End.MOVED
    assert (outcome.source, outcome.destination) == ("HostB", "HostC")
    assert (outcome.status, outcome.migration_id) == ("completed", 7)
    assert (outcome.reason, outcome.next) == ("", "")


def test_no_disk_is_copied_silently(cloud, clock):
    start(cloud, clock)
    assert posted(cloud).json() == {
        "os-migrateLive": {"host": "HostC", "block_migration": False}
    }


def test_a_host_that_is_not_there_is_no_other_host(cloud, clock):
    # Its check ignored: Nova must refuse it, not choose a host.
    start(cloud, clock, host="HostX")
    assert posted(cloud).json()["os-migrateLive"]["host"] == "HostX"


def test_auto_leaves_the_choice_to_nova(cloud, clock):
    start(cloud, clock, auto=True)
    body = posted(cloud).json()["os-migrateLive"]
    assert body["block_migration"] == "auto"


def test_without_a_host_the_scheduler_chooses(cloud, clock):
    start(cloud, clock, host=None)
    assert posted(cloud).json()["os-migrateLive"]["host"] is None


@pytest.mark.parametrize(
    "newest, sent", [("2.104", "2.104"), ("2.79", "2.79"), ("2.999", "2.104")]
)
def test_the_newest_microversion_that_both_speak(mock, clock, newest, sent):
    sky = Sky(mock, newest)
    sky.healthy()
    start(accepting(sky), clock)
    headers = posted(sky).headers
    assert headers["OpenStack-API-Version"] == f"compute {sent}"


def test_before_2_25_nova_wants_disk_over_commit(mock, clock):
    sky = Sky(mock, "2.24")
    sky.healthy()
    start(accepting(sky), clock)
    assert posted(sky).json()["os-migrateLive"] == {
        "host": "HostC",
        "block_migration": False,
        "disk_over_commit": False,
    }


def test_auto_needs_2_25(mock, clock):
    sky = Sky(mock, "2.24")
    sky.healthy()
    with pytest.raises(errors.MigrateError, match="--auto needs"):
        start(accepting(sky), clock, auto=True)


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_a_refusal_is_an_error_in_novas_words(cloud, clock, status):
    cloud.mock.post(
        skies.NOVA + ACTION,
        status_code=status,
        json={"badRequest": {"code": status, "message": "No valid host"}},
    )
    with pytest.raises(errors.ApiError, match=r"vm1.*No valid host"):
        start(cloud, clock)


@pytest.mark.parametrize(
    "lost",
    [
        {"status_code": 504, "text": "<html>gateway timeout</html>"},
        {"exc": requests.ConnectionError("reset by peer")},
        {"exc": requests.ReadTimeout("slow")},
    ],
)
def test_a_lost_answer_is_looked_for_and_never_sent_twice(cloud, clock, lost):
    cloud.mock.post(skies.NOVA + ACTION, **lost)
    history(cloud, [], [], "running", "completed")
    cloud.nova(COUNTERS, NONE)
    cloud.nova(f"/servers/{VM1}/os-instance-actions", {"instanceActions": []})
    _, outcome = moved(cloud, clock)
    assert outcome.end is End.MOVED
    posted(cloud)


def test_a_lost_answer_without_record_is_unclear(cloud, clock):
    cloud.mock.post(skies.NOVA + ACTION, exc=requests.ConnectionError("reset"))
    history(cloud, [])
    with pytest.raises(
        errors.Unclear, match=r"migrate watch vm1 .*migrate explain vm1"
    ):
        start(cloud, clock)
    posted(cloud)


def test_unseen_migrations_stop_before_the_request(cloud, clock):
    cloud.nova("/os-migrations", 403)
    with pytest.raises(errors.MigrateError, match="os-migrations:index"):
        start(cloud, clock)
    assert not [r for r in cloud.mock.request_history if r.method == "POST"]


def test_a_hidden_project_is_no_obstacle(cloud, clock):
    hidden = {k: v for k, v in skies.server().items() if k != "tenant_id"}
    cloud.nova("/servers/detail", {"servers": [hidden]})
    mover = Mover(cloud.connection, clock)
    facts = mover.facts("vm1", "HostC")
    with pytest.raises(Unread):
        _ = facts.server.project_id
    move = mover.live(facts)
    list(move.follow())
    assert move.outcome().end is End.MOVED
