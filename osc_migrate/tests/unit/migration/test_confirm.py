"""A cold migration that is confirmed or taken back."""

import pytest

from osc_migrate.migration.confirm import Verb
from osc_migrate.migration.follow import TimeUp
from osc_migrate.migration.mover import Mover
from osc_migrate.migration.outcome import End
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.sky import VM1


@pytest.fixture
def decide(healthy, clock):
    """Asks for it; the server waits on HostC since."""
    healthy.mock.post(skies.NOVA + f"/servers/{VM1}/action", status_code=202)

    def ask(verb, records, server):
        mover = Mover(healthy.connection, clock)
        waiting = skies.server(status="VERIFY_RESIZE")
        healthy.nova(f"/servers/{VM1}", {"server": waiting})
        found = mover.cloud.server_now(VM1)
        first = skies.migration("finished", migration_type="migration")
        healthy.nova("/os-migrations", {"migrations": [first]})
        decision = mover.decide(found, mover.waiting(found), verb)
        healthy.nova(
            "/os-migrations",
            *(
                {"migrations": [first | {"status": status}]}
                for status in records
            ),
        )
        healthy.nova(f"/servers/{VM1}", {"server": skies.server(**server)})
        return decision

    return ask


ON_C = {"OS-EXT-SRV-ATTR:host": "HostC"}


@pytest.mark.parametrize(
    ("verb", "records", "server", "end"),
    [
        (Verb.CONFIRM, ["confirming", "confirmed"], ON_C, End.MOVED),
        (Verb.REVERT, ["reverting", "reverted"], {}, End.REVERTED),
        (Verb.REVERT, ["error"], {"status": "ERROR"}, None),
        (Verb.CONFIRM, ["confirmed"], {}, None),
    ],
)
def test_record_and_server_say_what_became_of_it(
    decide, verb, records, server, end
):
    decision = decide(verb, records, server)
    looks = list(decision.follow(60))
    assert looks[-1].status == records[-1]
    outcome = decision.outcome()
    assert outcome.end is (end or End.NOT_MOVED)
    assert bool(outcome.reason) == (end is None)


def test_a_host_that_is_down_is_named(healthy, decide):
    """Nova has taken the request, which waits in its queue."""
    down = skies.service("HostB", state="down")
    healthy.nova("/os-services", {"services": [down]})
    waiting = ON_C | {"status": "VERIFY_RESIZE"}
    decision = decide(Verb.CONFIRM, ["confirming"], waiting)
    looks = []
    with pytest.raises(TimeUp):
        for look in decision.follow(300):
            looks.append(look)
    assert looks[0].silence == ""
    assert "nova-compute on HostB is down" in looks[-1].silence
