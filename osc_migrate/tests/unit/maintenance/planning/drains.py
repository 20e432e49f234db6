"""A drain of HostB, as the tests of plans ask for it."""

from osc_migrate.maintenance import planning
from osc_migrate.maintenance.planning import Request
from osc_migrate.tests.unit.maintenance.planning.fleets import fleet, place

HOSTS = [place("HostB"), place("HostC"), place("HostD")]


def drain(*servers, hosts=HOSTS, of=("HostB",), asked=None, **facts):
    return planning.drain(
        fleet(list(hosts), list(servers), **facts),
        Request(hosts=of, **(asked or {})),
    )


def only(plan):
    (one,) = (*plan.steps, *plan.stays)
    return one


OFF = {"status": "SHUTOFF", "power_state": 4}
