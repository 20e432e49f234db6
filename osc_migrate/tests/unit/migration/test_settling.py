"""Ports that need a moment after a move."""

import pytest

from osc_migrate.facts import Unread
from osc_migrate.migration.follow import Clock
from osc_migrate.migration.settling import INTERVAL, PATIENCE, settled
from osc_migrate.tests.unit import shapes


class Neutron:
    """Its answers, one after the other; the last one stays."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.network = self

    def statuses(self, server_id):
        assert server_id == shapes.server().id
        status = self.answers[0]
        if len(self.answers) > 1:
            self.answers.pop(0)
        if isinstance(status, Exception):
            raise status
        return {shapes.port().id: status}


def wait(cloud, *ports, **server):
    time = [0.0]

    def sleep(seconds):
        time[0] += seconds

    facts = shapes.move(server=shapes.server(**server), ports=ports)
    clock = Clock(now=lambda: time[0], sleep=sleep)
    return settled(cloud, facts, clock), time[0]


def test_a_port_that_comes_up():
    cloud = Neutron("DOWN", Unread("no answer"), "ACTIVE")
    facts, waited = wait(cloud, shapes.port(status="BUILD"))
    assert facts.ports_down == ()
    assert waited == 3 * INTERVAL


def test_a_port_that_stays_down():
    facts, waited = wait(Neutron("DOWN"), shapes.port(status="DOWN"))
    assert [port.status for port in facts.ports_down] == ["DOWN"]
    assert PATIENCE <= waited <= PATIENCE + INTERVAL


@pytest.mark.parametrize(
    "port, server",
    [
        ({}, {}),
        ({"status": "DOWN", "admin_up": False}, {}),
        ({"status": "DOWN"}, {"power_state": 4}),
    ],
)
def test_what_is_not_waited_for(port, server):
    _, waited = wait(Neutron(), shapes.port(**port), **server)
    assert waited == 0
