"""A drain of HostB, as the tests of plans ask for it."""

from osc_migrate import plans
from osc_migrate.plans import Request
from osc_migrate.tests.unit.plans.fleets import fleet, place

HOSTS = [place("HostB"), place("HostC"), place("HostD")]


def drain(*servers, hosts=HOSTS, of=("HostB",), asked=None, **facts):
    return plans.drain(
        fleet(list(hosts), list(servers), **facts),
        Request(hosts=of, **(asked or {})),
    )


def only(plan):
    (one,) = (*plan.steps, *plan.stays)
    return one


OFF = {"status": "SHUTOFF", "power_state": 4}
