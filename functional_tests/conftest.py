"""One cloud a worker; the tests of a worker follow one another on it."""

import contextlib
import os
import signal
import time

import openstack
import pytest
from openstack.exceptions import NotFoundException

from testbed.cloud import Cloud
from testbed.joint import Joint
from testbed.nodes import Lab
from testbed.proxy import Proxy
from testbed.warm import WarmShell

# In the background of a script Ctrl-C is ignored, and so it would be in all
# that is started here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Used for booting; what a test says itself goes before.
FAST = {"bandwidth_mb": 400, "update_seconds": 0.2}


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    state = tmp_path_factory.mktemp("cloud") / "state"
    with Cloud.up(state, network="neutron") as up:
        yield up


@pytest.fixture(scope="session")
def joint(tmp_path_factory):
    """Real guests on real nodes: that of JOINT_STATE, or a separate one.

    Each file leaves it without servers, with both computes up.
    """
    if path := os.environ.get("JOINT_STATE"):
        yield Joint.up(path)
        return
    with Joint.up(tmp_path_factory.mktemp("joint") / "state") as up:
        yield up


@pytest.fixture(scope="session")
def machines(tmp_path_factory):
    """Virtual machines; a test that changes them brings them back."""
    with Lab.up(tmp_path_factory.mktemp("vm") / "lab", "vm") as up:
        yield up


@pytest.fixture(scope="session")
def connection(cloud):
    found = openstack.connect(**cloud.credentials())
    found.compute.default_microversion = "2.96"
    return found


@pytest.fixture
def shell(cloud):
    """An admin's shell."""
    return WarmShell(cloud.environment())


@pytest.fixture
def proxy(cloud, tmp_path):
    """Stands between the shell and nova-api: see `through`."""
    with Proxy(cloud.endpoints["nova"]) as standing:
        yield standing


@pytest.fixture
def through(cloud, proxy, tmp_path):
    """An admin's shell that reaches Nova through the proxy."""
    return WarmShell(proxy.environment(cloud, tmp_path))


@pytest.fixture
def boot(connection):
    """Boots servers by the knobs of their migrations; deletes them after."""
    compute = connection.compute
    made = []

    def make(
        name,
        host="HostB",
        flavor="m1.tiny",
        image="tiny",
        networks=(),
        more=(),
        **knobs,
    ):
        """:param more: other attributes of the request to boot."""
        server = compute.create_server(
            name=name,
            image_id=connection.image.find_image(image).id,
            flavor_id=compute.find_flavor(flavor).id,
            networks=[
                {"uuid": connection.network.find_network(one).id}
                for one in networks
            ]
            or "none",
            host=host,
            **dict(more),
            metadata={
                f"lab.{key}": str(value)
                for key, value in (FAST | knobs).items()
            },
        )
        made.append(server)
        return compute.wait_for_server(server, interval=0.2, wait=300)

    yield make
    for server in made:
        end_migration(connection, server)
    for server in made:
        compute.delete_server(server, force=True, ignore_missing=True)
    for server in made:
        compute.wait_for_delete(server, interval=0.2, wait=300)


@pytest.fixture
def moving(shell, boot, connection):
    """Boots a server that moves and never ends, in that status by then."""

    def start(name, status="running", **knobs):
        server = boot(name, **({"dirty_mb": 500} | knobs))
        done = shell.migrate("live", name, "HostC", "--no-wait")
        assert done.code == 0, done.err
        path = f"/os-migrations?instance_uuid={server.id}"
        until(
            lambda: (
                connection.compute.get(path, microversion="2.59").json()[
                    "migrations"
                ][0]["status"]
                == status
            )
        )
        return server

    return start


@pytest.fixture
def settled(connection):
    """Lets a server's move end, however much the guest writes; the server
    once Nova is done with it."""

    def settle(server):
        compute = connection.compute
        compute.set_server_metadata(server, **{"lab.dirty_mb": "0"})
        return at_rest(connection, server)

    return settle


@pytest.fixture
def service(connection):
    """Changes a host's nova-compute service; takes it back after."""
    compute = connection.compute
    changed = set()

    def change(host, **body):
        changed.add(host)
        (found,) = [
            s
            for s in compute.services(binary="nova-compute")
            if s.host == host
        ]
        answer = compute.put(
            f"/os-services/{found.id}", json=body, microversion="2.53"
        )
        assert answer.status_code == 200, answer.text

    yield change
    for host in changed:
        change(host, status="enabled", forced_down=False)
    until(lambda: all_up(connection))


@pytest.fixture
def silence(cloud, connection):
    """Cuts a host off until Nova has noticed; wakes it after."""
    cut = []

    def cut_off(host):
        cut.append(host)
        cloud.silence(host)
        until(lambda: host not in up(connection))

    yield cut_off
    for host in cut:
        cloud.wake(host)
    until(lambda: all_up(connection))


def end_migration(connection, server):
    """Let a migration of the server finish.

    Nova keeps the allocation of a server that is deleted while it migrates,
    and a later test on the same cloud would find it.
    """
    compute = connection.compute
    current = compute.find_server(server.id)
    if current is None or current.task_state != "migrating":
        return
    calm = {"lab.dirty_mb": "0", "lab.bandwidth_mb": "4000"}
    compute.set_server_metadata(server, **calm)
    with contextlib.suppress(AssertionError, NotFoundException):
        at_rest(connection, server)


def up(connection):
    services = connection.compute.services(binary="nova-compute")
    return {service.host for service in services if service.state == "up"}


def all_up(connection):
    services = list(connection.compute.services(binary="nova-compute"))
    return all(service.state == "up" for service in services)


def until(check, patience=300.0):
    """Waits for a true answer, and returns it."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if answer := check():
            return answer
        time.sleep(0.2)
    raise AssertionError(f"waited {patience} s for {check}")


def at_rest(connection, server):
    """The server once Nova is done with it."""
    compute = connection.compute
    return until(
        lambda: (
            (now := compute.get_server(server.id)).task_state is None and now
        )
    )
