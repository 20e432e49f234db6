"""The API fails while a move is followed."""

import time
import uuid

import openstack
import pytest

# Of one server, under way, with byte counters: /servers/ID/migrations.
COUNTERS = "/migrations"


@pytest.fixture
def name():
    return f"vm-{uuid.uuid4().hex[:8]}"


def while_running(seconds, fault):
    """A fault from the first look at a running migration on."""
    begin = []

    def judge(request):
        if not begin and COUNTERS in request.path:
            begin.append(request.at)
        if begin and 1 < request.at - begin[0] < 1 + seconds:
            return fault
        return None

    return judge


@pytest.mark.parametrize("fault", [500, 503, "drop"])
def test_following_survives_it(through, proxy, boot, name, fault):
    boot(name, bandwidth_mb=64)
    proxy.fault = while_running(4, fault)
    done = through.migrate("live", name, "HostC", "-f", "json")
    assert done.code == 0, done.err
    assert done.json["status"] == "completed"
    assert "the move continues" in done.err
    assert f"{name}: the API answers again" in done.err
    assert len([r for r in proxy.requests if r.method == "POST"]) == 1


@pytest.mark.parametrize("fault", ["drop", 504])
def test_a_lost_answer_to_the_request_itself(
    through, proxy, boot, name, connection, fault
):
    """Nova got the request; its answer did not come back."""
    server = boot(name)
    posts = []

    def lose(request):
        if request.method != "POST":
            return None
        posts.append(request)
        # The move really starts, by a request that the client never sees.
        answer = connection.compute.post(
            f"/servers/{server.id}/action",
            json={
                "os-migrateLive": {"host": "HostC", "block_migration": False}
            },
            microversion="2.96",
        )
        assert answer.status_code == 202
        return fault

    proxy.fault = lose
    done = through.migrate("live", name, "HostC", "-f", "json")
    assert done.code == 0, done.err
    assert done.json["destination"] == "HostC"
    assert len(posts) == 1


def test_a_request_that_never_arrived_is_unclear(
    through, proxy, boot, name, connection
):
    server = boot(name)
    proxy.fault = lambda r: "drop" if r.method == "POST" else None
    done = through.migrate("live", name, "HostC")
    assert done.code == 1
    assert "not known whether the request arrived" in done.err
    assert connection.compute.get_server(server.id).compute_host == "HostB"


def test_the_token_expires_in_the_middle(
    through, proxy, boot, name, cloud, connection
):
    boot(name, bandwidth_mb=64)
    revoked = []

    def revoke(request):
        if COUNTERS in request.path and not revoked:
            token = request.headers["X-Auth-Token"]
            revoked.append(token)
            answer = connection.identity.delete(
                "/auth/tokens", headers={"X-Subject-Token": token}
            )
            assert answer.status_code == 204
        return None

    proxy.fault = revoke
    done = through.migrate("live", name, "HostC", "-f", "json")
    assert revoked
    assert done.code == 0, done.err
    used = {r.headers.get("X-Auth-Token") for r in proxy.requests}
    assert len(used - {None}) == 2


@pytest.mark.long
def test_the_end_is_noticed_within_a_second_at_a_request_a_second(
    through, proxy, boot, name, cloud
):
    server = boot(name, bandwidth_mb=64)
    watcher = openstack.connect(**cloud.credentials())
    with through.running("migrate", "live", name, "HostC") as run:
        while "running" not in run.read_error_line():
            pass
        path = f"/os-migrations?instance_uuid={server.id}&limit=1"
        while True:
            body = watcher.compute.get(path, microversion="2.59").json()
            if body["migrations"][0]["status"] == "completed":
                ended = time.monotonic()
                break
            time.sleep(0.02)
        done = run.end()
    assert done.code == 0
    following = proxy.asked(COUNTERS, "os-migrations?instance")
    noticed = next(
        r.at for r in reversed(following) if "os-migrations" in r.path
    )
    # A look begins every second; half of one more is for a busy machine.
    assert noticed - ended < 1.5
    looks = [request.at for request in proxy.asked(COUNTERS)]
    assert len(looks) >= 4
    assert len(looks) <= looks[-1] - looks[0] + 1.5
    print(f"the end was noticed after {noticed - ended:.2f} s")
