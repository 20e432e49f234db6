"""A pytest plugin: which tests a tier has, and who runs them when.

Tests that share a cloud follow one another on one worker, and what takes
longest starts first.
"""

import os

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

LONG, MACHINES, LONG_MACHINES = "long", "machines", "long-machines"
_UNIT = "osc_migrate/"
#: by the beginning of a path; the first that fits
_PATHS = (
    (_UNIT, "unit"),
    ("functional_tests/test_release.py", "release"),
    ("functional_tests/node_", "nodes"),
)
#: each of its tests takes minutes and needs no other: one worker would be late
_SINGLY = "osc_migrate/tests/unit/fuzz/test_readers.py::test_many_inputs"
_ON_MACHINES = ("node_faults/test_vm.py", "test_joint_nfs_nodes.py")
#: files that share what their first one starts, those that take longest first
GROUPS = {
    "joint": (
        "functional_tests/test_joint_nodes.py",
        "functional_tests/test_joint_drain_nodes.py",
        "functional_tests/test_libvirt_nodes.py",
        # Last: a fault that is not undone would spoil the others.
        "functional_tests/test_joint_faults_nodes.py",
    ),
    # A joint cloud takes both cores for minutes when it starts; these two
    # have time.
    "release": ("functional_tests/test_release.py",),
    _UNIT: (),
    "faults": ("functional_tests/node_faults/test_nspawn.py",),
    "runs": (
        # First: it needs every host without a server.
        "functional_tests/runs/test_rebalance.py",
        "functional_tests/runs/test_interruptions.py",
        "functional_tests/runs/test_drain.py",
    ),
    "machines": (
        "functional_tests/node_lab/test_healthy.py",
        "functional_tests/node_faults/test_vm.py",
        "functional_tests/test_joint_nfs_nodes.py",
    ),
    "proofs": ("functional_tests/proofs/test_faulty.py",),
    "embedded": (
        "functional_tests/embedded/test_lifecycle.py",
        "functional_tests/embedded/test_moves.py",
    ),
    "validators": ("functional_tests/test_validators_nodes.py",),
    "preflight": ("functional_tests/test_preflight_nodes.py",),
}
_PLACES = {
    path: (group, place)
    for group, paths in GROUPS.items()
    for place, path in enumerate(paths)
}
_ORDER = list(GROUPS)


def tier_of(path: str, name: str, long: bool) -> str:
    """The tier of a test.

    :param path: of its file, below the root of the repository
    :param name: with its parameters
    """
    if path.endswith(_ON_MACHINES) or "[machines" in name:
        return LONG_MACHINES if long else MACHINES
    if long:
        return LONG
    for beginning, tier in _PATHS:
        if path.startswith(beginning):
            return tier
    return "nodes" if path.endswith("_nodes.py") else "cloud"


def group_of(nodeid: str) -> str:
    """What runs on one worker: some files, the one of a test, or a test."""
    if nodeid.startswith(_SINGLY):
        return nodeid
    path = nodeid.partition("::")[0]
    return _PLACES[path][0] if path in _PLACES else path


def place_of(nodeid: str) -> tuple[int, int]:
    """Where a test stands in the order of all, as sort() takes it."""
    path = nodeid.partition("::")[0]
    if path.startswith(_UNIT):
        return (_ORDER.index(_UNIT), 0)
    if path not in _PLACES:
        return (len(_ORDER), 0)
    group, place = _PLACES[path]
    return (_ORDER.index(group), place)


class GroupScheduling(LoadScopeScheduling):
    """Hands out groups, in the order of the tests."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--tiers", help="comma-separated: run the tests of these tiers only"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    tiers = set((config.getoption("tiers") or "").split(","))
    kept: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for item in items:
        path, _, name = item.nodeid.partition("::")
        long = item.get_closest_marker("long") is not None
        tier = tier_of(path, name, long)
        item.user_properties.append(("tier", tier))
        (kept if tier in tiers else left).append(item)
    kept.sort(key=lambda item: place_of(item.nodeid))
    if left:
        config.hook.pytest_deselected(items=left)
    items[:] = kept


def pytest_xdist_make_scheduler(
    config: pytest.Config, log: Producer
) -> GroupScheduling:
    config.option.loadscopereorder = False
    return GroupScheduling(config, log)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Show a failure when it happens: the end of a run is far away."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        lines = report.longreprtext.splitlines()
        errors = [line for line in lines if line.startswith("E ")]
        shown = "\n".join(errors[:8] or lines[-8:])
        print(f"\nFAILED {report.nodeid} ({report.when})\n{shown}", flush=True)
