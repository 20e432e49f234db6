"""A cloud of 20 hosts, and servers on it; each test takes its own away."""

import uuid

import openstack
import pytest

from testbed.cloud import Cloud
from testbed.crowd import Crowd
from testbed.warm import WarmShell

HOSTS = [f"host{n:02}" for n in range(1, 21)]
LARGE = {"memory_mb": 65536, "vcpus": 64}


@pytest.fixture(scope="package")
def cloud(tmp_path_factory):
    state = tmp_path_factory.mktemp("cloud") / "state"
    with Cloud.up(state, HOSTS, settings=LARGE, timeout=300.0) as up:
        yield up


@pytest.fixture(scope="module")
def crowd(cloud):
    found = openstack.connect(**cloud.credentials())
    found.compute.default_microversion = "2.96"
    return Crowd(found)


@pytest.fixture
def prefix():
    return f"vm{uuid.uuid4().hex[:6]}"


@pytest.fixture
def state(tmp_path):
    return {"XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.fixture
def shell(cloud, state):
    return WarmShell(cloud.environment() | state)


@pytest.fixture
def few(crowd, prefix):
    """Six servers on a host, one of them stopped."""
    made = []

    def make(host, **knobs):
        made.append(host)
        crowd.boot(prefix, host, 6, **knobs)
        crowd.ready(prefix, 6)
        crowd.act([f"{prefix}-6"], "os-stop", "SHUTOFF")
        return crowd.servers(prefix=prefix)

    yield make
    crowd.quiet(prefix)
    crowd.delete(prefix)
    for host in made:
        crowd.enable(host)
