"""How moves of an embedded cloud end, well or badly."""

import pytest

from functional_tests.conftest import until

# How the driver of the embedded cloud behaves; what depends on it is shown by
# the tests of the commands.
pytestmark = pytest.mark.long


def test_there_and_back(user):
    uuid = user.boot(bandwidth_mb=128)
    user.live(uuid)
    migration = user.running(uuid)
    seen = until(
        lambda: [
            one
            for one in user.call("get", f"/servers/{uuid}/migrations").json()[
                "migrations"
            ]
            if one["memory_processed_bytes"]
        ]
    )[0]
    assert seen["id"] == migration["id"]
    assert seen["memory_total_bytes"] == 512 * 1024**2
    assert 0 < seen["memory_remaining_bytes"] < 512 * 1024**2
    assert user.end(uuid) == ("completed", "ACTIVE", "HostC")
    user.live(uuid, "HostB")
    assert user.end(uuid, 2) == ("completed", "ACTIVE", "HostB")


def test_newest_microversion(user):
    newest = user.call("get", "/").json()["version"]["version"]
    uuid = user.boot()
    answer = user.compute.post(
        f"/servers/{uuid}/action",
        json={"os-migrateLive": {"host": None, "block_migration": "auto"}},
        microversion=newest,
    )
    assert answer.status_code == 202
    assert user.end(uuid) == ("completed", "ACTIVE", "HostC")


def test_cold_migration_and_confirmation(user):
    uuid = user.boot()
    user.call(
        "post", f"/servers/{uuid}/action", json={"migrate": {"host": "HostC"}}
    )
    until(lambda: user.server(uuid)["status"] == "VERIFY_RESIZE")
    user.compute.confirm_server_resize(uuid)
    assert user.end(uuid) == ("confirmed", "ACTIVE", "HostC")


def test_a_second_migration_is_queued(user):
    first, second = user.boot(dirty_mb=9999), user.boot()
    user.live(first)
    user.running(first)
    user.live(second)
    until(lambda: user.status(second) == "queued")
    force(user, first)
    assert user.end(first) == ("completed", "ACTIVE", "HostC")
    assert user.end(second) == ("completed", "ACTIVE", "HostC")


def force(user, uuid):
    path = f"/servers/{uuid}/migrations/{user.running(uuid)['id']}/action"
    answer = user.call("post", path, json={"force_complete": None})
    assert answer.status_code == 202


def test_force_complete_by_post_copy(user):
    uuid = user.boot(dirty_mb=9999, bandwidth_mb=128, post_copy=True)
    user.live(uuid)
    force(user, uuid)
    until(lambda: user.status(uuid) == "running (post-copy)")
    assert user.end(uuid) == ("completed", "ACTIVE", "HostC")


def test_metadata_steer_a_running_migration(user):
    uuid = user.boot(dirty_mb=9999)
    user.live(uuid)
    user.running(uuid)
    user.compute.set_server_metadata(uuid, **{"lab.dirty_mb": "0"})
    assert user.end(uuid) == ("completed", "ACTIVE", "HostC")


PHASES = {
    "check_destination": ("error", "ACTIVE", "HostB"),
    "check_source": ("error", "ACTIVE", "HostB"),
    "pre_live_migration": ("failed", "ACTIVE", "HostB"),
    "live_migration": ("error", "ERROR", "HostB"),
    "post_live_migration": ("error", "ERROR", "HostC"),
}
COLD_PHASES = {
    "migrate_disk": ("error", "ERROR", "HostB"),
    "finish_migration": ("error", "ERROR", "HostC"),
}


@pytest.mark.parametrize("phase", PHASES)
def test_live_migration_fails_in(user, phase):
    uuid = user.boot(fail=phase, fail_message="the moon is full")
    user.live(uuid)
    assert user.end(uuid) == PHASES[phase]
    if PHASES[phase][1] == "ACTIVE":
        assert "the moon is full" in user.events(uuid)


@pytest.mark.parametrize("phase", COLD_PHASES)
def test_cold_migration_fails_in(user, phase):
    uuid = user.boot(fail=phase)
    user.call(
        "post", f"/servers/{uuid}/action", json={"migrate": {"host": "HostC"}}
    )
    assert user.end(uuid) == COLD_PHASES[phase]


def test_confirmation_fails(user):
    uuid = user.boot(fail="confirm_migration")
    user.call(
        "post", f"/servers/{uuid}/action", json={"migrate": {"host": "HostC"}}
    )
    until(lambda: user.server(uuid)["status"] == "VERIFY_RESIZE")
    user.compute.confirm_server_resize(uuid)
    assert user.end(uuid) == ("error", "ERROR", "HostC")


def test_boot_fails(user):
    uuid = user.boot(wait=False, fail="spawn")
    until(lambda: user.server(uuid)["status"] == "ERROR")


def test_error_follows_the_rollback(user):
    uuid = user.boot(fail="live_migration", settle_seconds=3)
    user.live(uuid)
    until(lambda: user.status(uuid) == "failed")
    assert user.server(uuid)["status"] == "ACTIVE"
    until(lambda: user.server(uuid)["status"] == "ERROR")
    assert user.status(uuid) == "error"


@pytest.mark.parametrize(
    ("old", "end"),
    [
        (False, ("error", "ERROR", "HostB")),
        (True, ("cancelled", "ACTIVE", "HostB")),
    ],
)
def test_abort(user, old, end):
    uuid = user.boot(dirty_mb=9999, old_nova=old)
    user.live(uuid)
    number = user.running(uuid)["id"]
    path = f"/servers/{uuid}/migrations/{number}"
    assert user.call("delete", path).status_code == 202
    assert user.end(uuid) == end


@pytest.mark.parametrize(
    ("action", "end"),
    [
        ("abort", ("error", "ERROR", "HostB")),
        ("force_complete", ("completed", "ACTIVE", "HostC")),
    ],
)
def test_completion_timeout(user, action, end):
    uuid = user.boot(
        dirty_mb=9999, completion_timeout=0.5, timeout_action=action
    )
    user.live(uuid)
    assert user.end(uuid) == end


def test_storage(shared, user):
    uuid = user.boot()
    user.live(uuid, block=True)
    assert user.end(uuid) == ("error", "ACTIVE", "HostB")
    refusal = "Block migration can not be used with shared storage."
    assert refusal in user.events(uuid)
    shared.configure("HostC", shared_storage=False)
    try:
        user.live(uuid, block=False)
        assert user.end(uuid, 2) == ("error", "ACTIVE", "HostB")
        assert "Shared storage live-migration requires" in user.events(uuid)
        # Another host's name here was a fault of this cloud once.
        assert "from HostB to host HostC" in user.events(uuid)
        user.live(uuid)
        disks = until(lambda: user.running(uuid)["disk_total_bytes"])
        assert disks == 1024**3
        assert user.end(uuid, 3) == ("completed", "ACTIVE", "HostC")
    finally:
        shared.configure("HostC", shared_storage=None)


def test_an_older_processor(shared, user):
    shared.configure("HostC", cpu_model="Nehalem")
    uuid = user.boot()

    def model():
        path = "/os-hypervisors/detail?hypervisor_hostname_pattern=HostC"
        answer = user.compute.get(path, microversion="2.53")
        return answer.json()["hypervisors"][0]["cpu_info"]["model"]

    try:
        until(lambda: model() == "Nehalem", 300)
        user.live(uuid)
        assert user.end(uuid) == ("error", "ACTIVE", "HostB")
        assert "Unacceptable CPU info" in user.events(uuid)
    finally:
        shared.configure("HostC", cpu_model=None)
        until(lambda: model() != "Nehalem", 300)


@pytest.mark.parametrize("change", ["status", "forced_down"])
def test_a_destination_out_of_service(user, change):
    values = {"status": ("disabled", "enabled"), "forced_down": (True, False)}
    path = f"/os-services/{user.state('HostC')['id']}"
    uuid = user.boot()
    user.call("put", path, json={change: values[change][0]})
    try:
        user.live(uuid)
        assert user.end(uuid) == ("error", "ACTIVE", "HostB")
    finally:
        user.call("put", path, json={change: values[change][1]})


def test_a_full_destination(user):
    uuid = user.boot("HostB", "m1.huge")
    user.boot("HostC", "m1.huge")
    user.live(uuid)
    assert user.end(uuid) == ("error", "ACTIVE", "HostB")
