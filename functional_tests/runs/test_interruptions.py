"""A drain that is killed or interrupted, or whose API fails it."""

import random
import threading
from collections import Counter

import pytest

from functional_tests.kills import killed_and_resumed, moved_once
from testbed.proxy import Proxy
from testbed.shell import Shell


def test_killed_and_resumed(shell, crowd, few):
    before = few("host12")
    killed_and_resumed(shell, crowd, before, "host12", ": running")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_killed_at_random_and_resumed(shell, crowd, few, seed):
    before = few("host12")
    seconds = random.Random(seed).uniform(2, 16)
    killed_and_resumed(shell, crowd, before, "host12", seconds)


def test_twice_interrupted_it_leaves_them_and_says_so(shell, crowd, few):
    few("host15", dirty_mb=390)
    with shell.running("migrate", "drain", "host15") as first:
        while "running" not in first.read_error_line():
            pass
        first.interrupt()
        while "no new move begins" not in first.read_error_line():
            pass
        first.interrupt()
        done = first.end(timeout=300)
    assert done.code == 130
    assert "no longer followed" in done.err
    assert "--resume" in done.err


@pytest.mark.long
def test_an_api_that_fails_in_one_request_of_ten(
    cloud, crowd, few, state, tmp_path
):
    before = few("host13")
    dice = random.Random(7)

    def fault(request):
        if dice.random() > 0.1:
            return None
        return dice.choice([500, 503, 429, 504, "drop"])

    with Proxy(cloud.endpoints["nova"]) as proxy:
        proxy.fault = fault
        shell = Shell(proxy.environment(cloud, tmp_path) | state)
        done = shell.run(
            "migrate", "drain", "host13", "-f", "json", timeout=600
        )
    assert done.code == 0, done.err
    moved_once(crowd, before, "host13")


@pytest.mark.long
def test_the_token_is_revoked_again_and_again(
    cloud, crowd, few, state, tmp_path
):
    """As if it expired, for Nova too: it answers 401."""
    before = few("host19")
    used, revoked = Counter(), []
    one = threading.Lock()

    def fault(request):
        token = request.headers.get("X-Auth-Token")
        with one:
            used[token] += 1
            # Not before the client has used it for some time.
            if not token or used[token] != 40:
                return
        answer = crowd.connection.identity.delete(
            "/auth/tokens", headers={"X-Subject-Token": token}
        )
        revoked.append(answer.status_code)

    with Proxy(cloud.endpoints["nova"]) as proxy:
        proxy.fault = fault
        shell = Shell(proxy.environment(cloud, tmp_path) | state)
        done = shell.migrate("drain", "host19", "-f", "json")
    assert done.code == 0, done.err
    assert len(revoked) >= 3
    assert {*revoked} == {204}
    moved_once(crowd, before, "host19")


@pytest.mark.long
def test_an_api_that_hangs_in_one_request_of_forty(
    cloud, crowd, few, state, tmp_path
):
    """Until the client gives up: 20 seconds, or 60. Two are requests to
    move: Nova does the first, and never hears of the second."""
    before = few("host20")
    dice = random.Random(7)
    moves = ["lose", "hang"]

    def fault(request):
        if request.method == "POST" and moves:
            return moves.pop(0)
        return "hang" if dice.random() < 1 / 40 else None

    with Proxy(cloud.endpoints["nova"]) as proxy:
        proxy.fault = fault
        shell = Shell(proxy.environment(cloud, tmp_path) | state)
        done = shell.run(
            "migrate", "drain", "host20", "-f", "json", timeout=1200
        )
    assert done.code == 0, done.err
    assert not moves
    assert "retrying" in done.err
    moved_once(crowd, before, "host20")
