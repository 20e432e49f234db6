import pytest

from osc_migrate.checks import move_scope
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread
from osc_migrate.tests.unit import shapes


def towards(name, free=4096, **host):
    return shapes.move(
        wanted=name,
        destination=shapes.host(name=name, **host),
        room=shapes.room(free={"VCPU": 16, "MEMORY_MB": free}),
    )


def names(answers):
    return [one.host for one in answers]


def test_most_memory_first_and_names_last():
    moves = [towards("C"), towards("B"), towards("D", 9999)]
    found = move_scope.best_first(move_scope.answer(move) for move in moves)
    assert names(found) == ["D", "B", "C"]


def test_not_allowed_comes_last():
    moves = [towards("B", 9999, status="disabled"), towards("C")]
    found = move_scope.best_first(move_scope.answer(move) for move in moves)
    assert names(found) == ["C", "B"]


def test_what_stands_in_the_way_everywhere_is_the_reason():
    locked = shapes.server(locked=True)
    moves = [
        towards("B", status="disabled").but(server=locked),
        towards("C").but(server=locked),
    ]
    found = move_scope.judge_leaving(moves)
    assert not found.allowed
    assert found.reason == "server-is-unlocked: the server is locked"


def test_else_the_best_hosts_reason():
    moves = [
        towards("B", status="disabled"),
        towards("C", forced_down=True, state="down"),
    ]
    found = move_scope.judge_leaving(moves)
    assert found.reason.startswith("B: destination-is-enabled")


def test_kinds():
    stopped = shapes.move(server=shapes.server(status="SHUTOFF"))
    assert move_scope.kind_of(stopped) is Kind.COLD
    assert move_scope.kind_of(shapes.move()) is Kind.LIVE
    hidden = Unread("hidden")
    unknown = shapes.move(server=shapes.server(status=hidden))
    assert move_scope.kind_of(unknown) is Kind.LIVE


def recommended(*moves):
    found = move_scope.best_first(map(move_scope.answer, moves))
    return move_scope.recommendation(found)


@pytest.mark.parametrize(
    "moves, why",
    [
        (
            [towards("C"), towards("D", 9999)],
            "can move to 2 of 2 hosts; recommended: D (most memory left:"
            " 9487 MB): openstack migrate live vm1 D",
        ),
        ([towards("C"), towards("B")], "recommended: B (first of equals"),
        (
            [towards("C", zone="az2"), towards("B")],
            "recommended: B (the only one without a warning)",
        ),
        (
            [towards("C", zone="az2"), towards("B", status="disabled")],
            "1 of 2 hosts; recommended: C (the only one, with a warning)",
        ),
        (
            [towards("B", status="disabled")],
            "vm1 can move to none of 1 host; nearest: B, destination-is-enab",
        ),
        ([], "there is no other host"),
    ],
)
def test_a_host_is_recommended_with_the_reason(moves, why):
    pinned = shapes.server(pinned_zone=Unread("not shown"))
    moves = [move.but(server=pinned, nova=(2, 90)) for move in moves]
    assert why in recommended(*moves)


def test_where_no_host_helps_the_remedy_stands_once():
    locked = shapes.server(locked=True)
    moves = [towards(host).but(server=locked) for host in ("B", "C")]
    assert recommended(*moves).endswith(
        "none of 2 hosts; no host helps: server-is-unlocked: the server is"
        " locked; ask its owner; openstack server unlock vm1"
    )
