"""``openstack migrate block`` on an embedded cloud with local disks, and on
one that shares them."""

import uuid

import pytest

from functional_tests.conftest import FAST
from testbed.cloud import Cloud
from testbed.warm import WarmShell


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """A cloud whose hosts share no disks."""
    state = tmp_path_factory.mktemp("local") / "state"
    with Cloud.up(state, settings={"shared_storage": False}) as up:
        yield up


@pytest.fixture
def name():
    return f"vm-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def local_shell(local):
    return WarmShell(local.environment())


@pytest.fixture
def there(local_shell, name):
    """A server on HostB, with a local disk."""
    knobs = [f"lab.{key}={value}" for key, value in FAST.items()]
    made = local_shell.run(
        *("server", "create", name, "--image", "tiny", "--host", "HostB"),
        *("--flavor", "m1.tiny", "--nic", "none", "--wait"),
        *("--os-compute-api-version", "2.96"),
        *(word for knob in knobs for word in ("--property", knob)),
    )
    assert made.code == 0, made.err
    yield name
    local_shell.run("server", "delete", name, "--wait")


def test_disks_are_copied(local_shell, there):
    done = local_shell.migrate("block", there, "HostC", "-f", "json")
    assert done.code == 0, done.err
    row = done.json
    assert (row["kind"], row["status"]) == ("block", "completed")
    assert (row["source"], row["destination"]) == ("HostB", "HostC")
    assert row["disk_bytes"] > 0
    # What will be copied, before it is.
    assert "The server has a local disk to copy: 1 GiB" in done.err


def test_live_is_refused_by_nova_and_explained(local_shell, there):
    done = local_shell.migrate("live", there, "HostC")
    assert done.code == 4
    assert "shared-storage-missing" in done.err
    assert "migrate block" in done.err


def test_a_drain_names_its_own_option(local_shell, there, tmp_path):
    journals = ["--journal-dir", str(tmp_path), "-f", "json"]
    failed = local_shell.migrate("drain", "HostB", *journals)
    assert failed.code == 4, failed.err
    (row,) = failed.json
    assert (row["server"], row["outcome"]) == (there, "failed")
    assert "replan with --block" in row["next"]
    assert "migrate block" not in row["next"]
    done = local_shell.migrate("drain", "HostB", "--block", *journals)
    assert done.code == 0, done.err
    # As that run knows, without being asked again.
    back = local_shell.migrate("return", "HostB", *journals)
    assert back.code == 0, back.err
    assert [(r["how"], r["outcome"]) for r in back.json] == [
        ("block", "moved")
    ]


def test_shared_disks_are_not_copied(shell, boot, name):
    boot(name)
    done = shell.migrate("block", name, "HostC")
    assert done.code == 4
    assert "shared-storage-copied" in done.err
    assert "migrate live" in done.err
    assert shell.migrate("live", name, "HostC").code == 0


def test_help_tells_what_it_copies(shell):
    done = shell.run("help", "migrate", "block")
    assert "local disks" in done.out
