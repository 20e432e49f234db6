"""Options, and facts collected once a node: not once a test or a worker.

From a clone, conftest.py loads this module. With the wheel alone::

    pytest -p osc_migrate.validators.plugin \\
        --pyargs osc_migrate.validators --hosts=HostB,HostC
"""

import argparse
import warnings

import pytest

from osc_migrate.checks.findings import Finding, Status
from osc_migrate.nodes import node_checks, survey_file
from osc_migrate.nodes.node import ClusterFacts, PairFacts
from osc_migrate.nodes.role import Role
from osc_migrate.nodes.transport import backend
from osc_migrate.nodes.transport.shell import Shell
from osc_migrate.redact import mask_secrets
from osc_migrate.text import printable

from .gateways import places
from .gather import gather, limits_of, roles_of, targets_of

FACTS = pytest.StashKey()
# Where a worker finds what the controller collected.
SHIPPED = "migrate_facts"
# Seconds for which one node may be waited for.
LONGEST_WAIT = 3600


class ValidationWarning(UserWarning):
    """A risk: servers move, but perhaps slowly or not safely."""


def _seconds(text):
    seconds = float(text)
    # Not a number is neither.
    if not 0 < seconds <= LONGEST_WAIT:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not from 0 to {LONGEST_WAIT} seconds"
        )
    return seconds


def pytest_addoption(parser):
    # --hosts, --ssh-config, --ssh-identity-file and --sudo are testinfra's.
    group = parser.getgroup("migrate", "nodes between which servers move")
    group.addoption(
        "--inventory",
        metavar="FILE",
        help="where nodes are: lines 'HostB ssh://...', YAML, or Ansible's",
    )
    group.addoption(
        "--storage-hosts",
        metavar="NAMES",
        default="",
        help="file servers of the instances directory, with commas between",
    )
    group.addoption("--ssh-user", metavar="USER", help="log in as this user")
    group.addoption(
        "--forks", type=int, default=20, help="visit so many nodes at once"
    )
    group.addoption(
        "--connect-timeout",
        metavar="SECONDS",
        type=_seconds,
        help="wait so long for a shell on each node (default: 20)",
    )
    group.addoption(
        "--node-timeout",
        metavar="SECONDS",
        type=_seconds,
        help="wait so long for all answers of a node (default: 120)",
    )
    group.addoption(
        "--gateway",
        metavar="ID=NAMES",
        action="append",
        default=[],
        help="these nodes are visited from the --tx with that id",
    )
    group.addoption(
        "--read-only",
        action="store_true",
        help="touch nothing on the nodes: no file, no port, for a moment",
    )
    group.addoption(
        "--save-facts",
        metavar="FILE",
        help="write all that the nodes said, without secrets",
    )
    group.addoption(
        "--facts",
        metavar="FILE",
        help="judge such a file instead of visiting nodes",
    )


def pytest_configure(config):
    """Wrong usage ends here, before any node is visited."""
    if not (config.option.help or config.option.version):
        roles_of(config)
        places(config)


def pytest_collection_finish(session):
    """Visits the nodes when there is something to ask them."""
    needed = any("nodes_there" in item.fixturenames for item in session.items)
    if needed and not session.config.option.collectonly:
        facts_of(session.config)


def facts_of(config):
    """What the nodes said: collected here, or before in the controller."""
    if FACTS not in config.stash:
        shipped = getattr(config, "workerinput", {}).get(SHIPPED)
        config.stash[FACTS] = (
            survey_file.loads(shipped, "the controller's facts")
            if shipped
            else gather(config)
        )
    return config.stash[FACTS]


class Nodes:
    """The facts of a run, read once a process."""

    def __init__(self, survey):
        self.survey = survey
        self.by_name = {node.name: node for node in survey.nodes()}

    def __getitem__(self, name):
        if name in self.survey.lost:
            pytest.skip(f"{name} did not answer: see test_node_answers")
        return self.by_name[name]

    def pair(self, names):
        source, destination = names
        return PairFacts(self[source], self[destination])

    @property
    def cluster(self):
        if len(self.by_name) < 2:
            pytest.skip("it takes two nodes that answer")
        return ClusterFacts(list(self.by_name.values()))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """xdist starts a worker: it gets the facts with its orders."""
    node.workerinput[SHIPPED] = survey_file.dumps(facts_of(node.config))


@pytest.fixture(scope="session")
def nodes_there(request):
    return Nodes(facts_of(request.config))


@pytest.fixture(scope="session")
def host_of(request):
    """testinfra on a node, for your tests: all its modules over one
    shell that stays open, instead of a login a command::

        def test_mine(host_of):
            assert host_of("HostB").service("libvirtd").is_running
    """
    shells = {}

    def host(name):
        if name not in shells:
            target = targets_of(request.config, [name])[name]
            shells[name] = Shell(target.argv, name, limits_of(request.config))
        return backend.host(shells[name])

    yield host
    for shell in shells.values():
        shell.close()


@pytest.fixture
def validate(request, record_property):
    """Runs a check; its finding is the test's outcome."""

    def run(check, facts):
        settle(request.config, check.run(facts), record_property)

    return run


def settle(config, finding: Finding, record_property):
    # pytest prints these as they are, and they hold a node's words.
    row = {
        column: printable(mask_secrets(value))
        for column, value in finding.as_dict().items()
    }
    for column, value in row.items():
        record_property(column, value)
    message = f"{row['subject']}: {row['detail']}"
    if row["remedy"]:
        message += f"\nremedy: {row['remedy']}"
    if finding.status is Status.NOT_CHECKED:
        pytest.skip(f"not checked: {row['detail']}")
    if finding.status is Status.SKIP:
        pytest.skip(row["detail"])
    if finding.status is Status.WARN:
        warnings.warn(f"{finding.check}: {message}", ValidationWarning, 2)
    if finding.status > Status.WARN:
        pytest.fail(f"{finding.status.name} {message}", pytrace=False)


def pytest_generate_tests(metafunc):
    scope = getattr(metafunc.function, "scope", None)
    if scope is None:
        return
    roles = roles_of(metafunc.config)
    computes = [n for n, role in roles.items() if role is Role.COMPUTE]
    storages = [n for n, role in roles.items() if role is Role.STORAGE]
    # Nodes of two bastions do not reach each other's while they are visited.
    gateways_by_node = places(metafunc.config)
    if scope == "every":
        metafunc.parametrize("node", list(roles))
        return
    checks, subjects = {
        "node": (node_checks.NODE, computes),
        "storage": (node_checks.STORAGE, storages),
        "pair": (
            node_checks.PAIR,
            [
                (a, b)
                for a in computes
                for b in computes
                if a != b
                and gateways_by_node.get(a) == gateways_by_node.get(b)
            ],
        ),
        "cluster": (node_checks.CLUSTER, [None] if len(roles) > 1 else []),
    }[scope]
    cases = [
        pytest.param(check, subject, id=_id(check, subject))
        for check in checks
        for subject in subjects
    ]
    metafunc.parametrize(("check", "subject"), cases)


def _id(check, subject):
    if subject is None:
        return check.id
    suffix = subject if isinstance(subject, str) else "->".join(subject)
    return f"{check.id}-{suffix}"


def pytest_collection_modifyitems(config, items):
    """Leaves out tests that have nothing to look at, such as no file
    server: they would be shown as skipped."""
    empty = [item for item in items if item.name.endswith("[NOTSET]")]
    if empty:
        config.hook.pytest_deselected(items=empty)
        items[:] = [item for item in items if item not in empty]
