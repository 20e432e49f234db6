"""Fixtures: the nodes, as testinfra hosts.

All nodes are connected in parallel, and each test uses a shell that stays
open; testinfra alone would log in for each command.
"""

import configparser
import re

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.role import Role
from osc_migrate.nodes.transport import backend
from osc_migrate.nodes.transport.sessions import Sessions

from ..gather import limits_of, roles_of, targets_of

# nova-compute's configuration; the last two for containers.
NOVA_CONF = (
    "/etc/nova/nova.conf",
    "/etc/kolla/nova-compute/nova.conf",
    "/var/lib/config-data/ansible-generated/nova_libvirt/etc/nova/nova.conf",
)


def pytest_generate_tests(metafunc):
    """Run a test with `host` for each compute node, and one with `storage`
    for each file server."""
    roles = roles_of(metafunc.config)
    for fixture, role in ("host", Role.COMPUTE), ("storage", Role.STORAGE):
        if fixture in metafunc.fixturenames:
            names = [name for name in roles if roles[name] is role]
            metafunc.parametrize(fixture, names, indirect=True)


@pytest.fixture(scope="session")
def nodes(request):
    """Name -> node, or the reason why it does not answer."""
    names = roles_of(request.config)
    targets = targets_of(request.config, names)
    forks = request.config.getoption("forks")
    with Sessions(targets, forks, limits_of(request.config)) as sessions:
        yield sessions.each(backend.host)


@pytest.fixture(scope="session")
def roots(nodes):
    """Names of the nodes where this login is root."""
    return {
        name
        for name, node in nodes.items()
        if not isinstance(node, Unread) and node.check_output("id -u") == "0"
    }


@pytest.fixture(scope="session")
def host(request, nodes, roots):
    """A compute node."""
    return _usable(request.param, nodes, roots)


@pytest.fixture(scope="session")
def storage(request, nodes, roots):
    """A file server."""
    return _usable(request.param, nodes, roots)


def _usable(name, nodes, roots):
    node = nodes[name]
    if isinstance(node, Unread):
        pytest.fail(f"{name} does not answer: {node}", pytrace=False)
    if name not in roots:
        pytest.skip(f"{name}: this login is not root; try --sudo")
    return node


@pytest.fixture(scope="session")
def computes(request, nodes, roots):
    """Name -> node, for all compute nodes that answer."""
    roles = roles_of(request.config)
    return {
        name: nodes[name]
        for name in roles
        if roles[name] is Role.COMPUTE and name in roots
    }


@pytest.fixture
def neighbours(host, computes):
    """Name -> node, for the next two compute nodes in --hosts.

    All pairs of 50 nodes would be 2450 connections; 'openstack migrate
    preflight --nodes' tries them.
    """
    names = list(computes)
    position = names.index(name_of(host))
    following = (names[position + 1 :] + names[:position])[:2]
    return {name: computes[name] for name in following}


@pytest.fixture
def first(computes):
    """The compute node that the others are compared with."""
    return next(iter(computes.values()))


@pytest.fixture
def nova(host):
    """nova.conf of this node: nova("libvirt", "images_type")."""
    return options_of(host)


@pytest.fixture
def instances(nova):
    """The directory with the disks of the servers."""
    return nova("DEFAULT", "instances_path", "/var/lib/nova/instances")


def name_of(node):
    """Return the name in --hosts."""
    return node.backend.hostname


def options_of(node):
    """Return a function that reads an option of a node's nova.conf."""
    files = [file for path in NOVA_CONF if (file := node.file(path)).exists]
    assert files, f"{name_of(node)} has none of: {', '.join(NOVA_CONF)}"
    parser = configparser.ConfigParser(
        default_section="", interpolation=None, strict=False
    )
    try:
        parser.read_string(files[0].content_string)
    except configparser.ParsingError as error:
        # The lines themselves may contain passwords.
        numbers = [number for number, _ in error.errors]
        pytest.fail(f"{files[0].path}: lines {numbers}", pytrace=False)
    except configparser.Error as error:
        pytest.fail(f"{files[0].path}: {type(error).__name__}", pytrace=False)

    def option(section, name, default=""):
        return parser.get(section, name, fallback=default)

    return option


def addresses_of(node):
    """Return the addresses of a node's interfaces, without loopback."""
    return set(node.check_output("hostname -I").split())


def inbound_of(node):
    """Return the address or name that other nodes send servers to.

    It comes from one node and is passed to a shell of another: no other
    characters are allowed.
    """
    option = options_of(node)
    place = option("libvirt", "live_migration_inbound_addr", name_of(node))
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.:-]{0,252}", place):
        pytest.fail(f"live_migration_inbound_addr is {place!r}")
    return place


def transport_of(option):
    """Return how Nova connects to libvirt on other hosts: tcp, tls or ssh."""
    uri = option("libvirt", "live_migration_uri")
    scheme = option("libvirt", "live_migration_scheme", "tcp")
    return uri.partition("+")[2].partition(":")[0] if uri else scheme
