"""Which host can move servers to which."""

import pytest

from osc_migrate.checks import host_matrix
from osc_migrate.checks.findings import Finding, Status
from osc_migrate.checks.host_matrix import Possibility
from osc_migrate.cloud.host_pairs import HostPairs
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread
from osc_migrate.tests.unit import shapes

NAMES = ("HostB", "HostC", "HostD")


def pairs(kind=Kind.LIVE, ignored=(), under_way=(), recent=(), **changes):
    """Three hosts; `changes` are those of HostC."""
    hosts = {name: shapes.host(name=name) for name in NAMES}
    hosts["HostC"] = hosts["HostC"].but(**changes)
    facts = HostPairs(hosts, under_way, recent)
    return {
        (pair.source, pair.destination): pair
        for pair in host_matrix.judge(facts, kind, ignored)
    }


def test_every_host_with_every_other():
    matrix = pairs()
    assert len(matrix) == 6
    assert {pair.verdict for pair in matrix.values()} == {Possibility.YES}
    assert all(pair.open and not pair.reasons for pair in matrix.values())


@pytest.mark.parametrize(
    "changes, to_it, from_it, check",
    [
        ({"status": "disabled"}, "no", "yes", "destination-is-enabled"),
        ({"state": "down"}, "no", "no", "destination-is-up"),
        ({"forced_down": True, "state": "down"}, "no", "no",
         "destination-is-not-forced-down"),
        ({"zone": "az2"}, "warning", "warning",
         "destination-zone-suits-the-server"),
        ({"hypervisor": Unread("403")}, "unknown", "unknown",
         "destination-has-the-same-hypervisor"),
        ({"status": Unread("403")}, "unknown", "yes",
         "destination-is-enabled"),
    ],
)  # fmt: skip
def test_what_one_host_means_for_the_others(changes, to_it, from_it, check):
    matrix = pairs(**changes)
    assert matrix["HostB", "HostC"].verdict == to_it
    assert matrix["HostC", "HostB"].verdict == from_it
    assert matrix["HostB", "HostD"].verdict == Possibility.YES
    assert f"{check}: " in matrix["HostB", "HostC"].reasons


def test_an_ignored_check_is_a_warning():
    matrix = pairs(ignored=["destination-is-enabled"], status="disabled")
    assert matrix["HostB", "HostC"].verdict == Possibility.WARNING


def test_moves_that_failed_and_that_arrive_are_seen():
    failed = tuple(
        shapes.migration("error", id=n, server_id=f"s{n}") for n in range(3)
    )
    arriving = tuple(shapes.migration(id=n) for n in range(3))
    matrix = pairs(recent=failed, under_way=arriving)
    assert "recent-moves-succeeded" in matrix["HostB", "HostC"].reasons
    assert "receives-few" in matrix["HostD", "HostC"].reasons
    assert matrix["HostC", "HostB"].verdict == Possibility.YES
    cold = pairs(Kind.COLD, recent=failed)
    assert cold["HostB", "HostC"].verdict == Possibility.YES


def test_an_unread_list_of_moves_hides_no_other_reason():
    matrix = pairs(under_way=Unread("403"), status="disabled")
    assert matrix["HostB", "HostC"].verdict == Possibility.NO
    assert matrix["HostC", "HostB"].verdict == Possibility.UNKNOWN


def test_what_nodes_say_counts():
    def node_findings(source, destination, kind):
        if (source, destination) == ("HostB", "HostC"):
            yield Finding("port", "HostB -> HostC", Status.FAIL, "closed")
            yield Finding("clock", "HostB", Status.PASS, "in time")

    hosts = {name: shapes.host(name=name) for name in NAMES}
    matrix = list(
        host_matrix.judge(HostPairs(hosts), extra_findings=node_findings)
    )
    blocked = [pair for pair in matrix if not pair.open]
    assert [pair.reasons for pair in blocked] == ["port: closed"]


@pytest.mark.parametrize("hosts", [{}, {"HostB": shapes.host(name="HostB")}])
def test_fewer_than_two_hosts(hosts):
    assert list(host_matrix.judge(HostPairs(hosts))) == []
