"""``openstack migrate preflight`` on the embedded cloud."""

import uuid

import pytest

# What only a measurement shows does not count as a false alarm.
GOOD = {"PASS", "SKIP", "NOT_CHECKED"}


@pytest.fixture
def name():
    return f"vm-{uuid.uuid4().hex[:8]}"


def test_all_well(shell, boot, name):
    boot(name)
    words = ["preflight", name, "HostC", "--long", "-f", "json"]
    done = shell.migrate(*words)
    assert done.code == 0
    assert done.err.startswith(f"{name} can move to HostC")
    assert len(done.err.splitlines()) == 1
    # Other tests here make moves fail; the history is not this test's.
    rows = [row for row in done.json if not row["check"].startswith("recent")]
    assert {row["status"] for row in rows} <= GOOD
    assert list(done.json[0]) == [
        "check",
        "subject",
        "status",
        "detail",
        "remedy",
    ]


def test_by_id(shell, boot, name):
    server = boot(name)
    assert shell.migrate("preflight", server.id, "HostC").code == 0


def test_nothing_is_changed(through, proxy, boot, name):
    boot(name)
    through.migrate("preflight", name, "HostC")
    assert {r.method for r in proxy.requests} == {"GET"}


def test_not_safe(shell, boot, name, service):
    boot(name)
    service("HostC", status="disabled")
    done = shell.migrate("preflight", name, "HostC", "-f", "json")
    assert done.code == 3
    assert done.json[0]["check"] == "destination-is-enabled"
    assert done.json[0]["status"] == "FAIL"


@pytest.mark.parametrize(
    "version",
    [
        "2.1",
        *(
            pytest.param(version, marks=pytest.mark.long)
            for version in ("2.30", "2.53", "2.79")
        ),
        "2.87",
    ],
)
def test_old_microversions(shell, boot, name, version):
    boot(name)
    done = shell.run(
        "--os-compute-api-version",
        version,
        "migrate",
        "preflight",
        name,
        "HostC",
        "--long",
        "-f",
        "json",
    )
    statuses = {row["check"]: row["status"] for row in done.json}
    assert statuses["destination-exists"] == "PASS"
    assert "FAIL" not in statuses.values()
    assert done.code == (3 if "UNKNOWN" in statuses.values() else 0)
    for row in done.json:
        if row["status"] == "UNKNOWN":
            assert "microversion" in row["detail"], row


def test_every_host_is_a_row(shell, boot, name):
    boot(name)
    done = shell.migrate("preflight", name, "-f", "json")
    assert done.code == 0
    (row,) = done.json
    assert (row["host"], row["allowed"], row["reason"]) == ("HostC", True, "")
    assert row["memory_mb_left"] > 0


def test_may_a_host_be_emptied(shell, boot, name, connection, service):
    boot(name)
    stopped = boot(f"{name}-off")
    connection.compute.stop_server(stopped)
    connection.compute.wait_for_server(stopped, "SHUTOFF", interval=0.2)
    done = shell.migrate("preflight", "--host", "HostB", "-f", "json")
    assert done.code == 0
    kinds = {row["server"]: row["kind"] for row in done.json}
    assert kinds == {name: "live", f"{name}-off": "cold"}
    service("HostC", status="disabled")
    done = shell.migrate("preflight", "--host", "HostB", "-f", "json")
    assert done.code == 3
    for row in done.json:
        assert not row["allowed"]
        assert row["reason"].startswith("destination-is-enabled: ")


def test_the_whole_cloud(shell, boot, name, service):
    boot(name)
    done = shell.migrate("preflight")
    assert done.code == 0, done.out
    service("HostC", status="disabled", disabled_reason="disk swap")
    done = shell.migrate("preflight", "-f", "json")
    found = {row["check"]: row for row in done.json}
    assert found["no-service-is-disabled"]["status"] == "WARN"
    assert "HostC (disk swap)" in found["no-service-is-disabled"]["detail"]


def test_a_users_own_rights_are_not_enough(cloud, boot, name):
    from testbed.shell import Shell

    boot(name)
    demo = Shell(cloud.environment("demo"))
    done = demo.migrate("preflight", name, "HostC")
    assert done.code == 1  # another project's server
    assert f"no server is called '{name}'" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "words",
    [
        ["preflight", "--kind", "sideways"],
        ["live"],
        ["live", "--ignore", "nothing", "x"],
        ["live", "--timeout", "-1", "x"],
        ["describe-resource"],
    ],
)
def test_wrong_usage_is_2(shell, words):
    assert shell.migrate(*words).code == 2


@pytest.mark.parametrize("command", ["live", "preflight", "describe-resource"])
def test_help(shell, command):
    done = shell.migrate(command, "--help")
    assert done.code == 0
    assert f"openstack migrate {command}" in done.out
