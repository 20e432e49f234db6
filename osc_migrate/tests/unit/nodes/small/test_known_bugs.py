"""Known bugs by release: only where a node has what the bug needs."""

import re

import pytest

from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread
from osc_migrate.nodes import release_bugs
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.small import known_bugs as subject
from osc_migrate.tests.unit.nodes.proof import (
    FAIL,
    PASS,
    SKIP,
    WARN,
    Case,
    findings,
    prove,
)
from osc_migrate.tests.unit.nodes.shapes import (
    config,
    libvirt,
    node,
    nodes,
    storage,
    system,
)

NOVA = "known-bugs-of-nova-are-fixed"
LIBVIRT = "known-bugs-of-libvirt-are-fixed"
COPIES = "known-bugs-of-disk-copies-are-fixed"
BETWEEN = "known-bugs-between-releases-are-fixed"
LOCAL = {"mount": storage.LOCAL}


def compute(name="HostC", nova=(34, 0, 0), **changes):
    """A node of that release; changes are facts of its subjects."""
    options = changes.pop("options", {})
    shapes = {"libvirt": libvirt, "storage": storage, "system": system}
    subjects = {
        key: shapes[key].healthy(name).but(**facts)
        for key, facts in changes.items()
    }
    return node(
        name,
        config=config.healthy(name, **options),
        smalls={"known_bugs": subject.NovaRelease(nova)},
        **subjects,
    )


def alone(**changes):
    return nodes(HostC=compute(**changes))


PINNED = {"compute__cpu_dedicated_set": "4-15"}
PARALLEL = {
    "libvirt__live_migration_parallel_connections": "4",
    "libvirt__live_migration_permit_post_copy": "false",
}
TLS = {"libvirt__live_migration_with_native_tls": "true"}
NEWER = ("destination-has-as-new-a-libvirt",)


def found(case_nodes, check, kind=None):
    """The worst status of a check, without those of others."""
    mine = [f for f in findings(case_nodes, kind) if f.check == check]
    return mine[0]


@pytest.mark.parametrize(
    "case",
    [
        Case(NOVA, nodes(), PASS, "34.0.0: none"),
        Case(NOVA, alone(nova=Unread("2 releases")), SKIP, "2 releases"),
        # The fix of each series, and the release before.
        Case(NOVA, alone(nova=(27, 5, 1)), PASS),
        Case(NOVA, alone(nova=(27, 5, 0)), WARN, "2080436", "27.5.1"),
        Case(NOVA, alone(nova=(28, 3, 0)), WARN, "2080436"),
        Case(NOVA, alone(nova=(28, 0, 1)), PASS),
        Case(NOVA, alone(nova=(29, 2, 1)), PASS),
        # Pinned servers have the topology that the bug needs.
        Case(
            NOVA,
            alone(nova=(29, 1, 0), options=PINNED),
            FAIL,
            "Nova 29.1.0: after a live move of a server with a NUMA topology",
        ),
        Case(NOVA, alone(nova=(33, 0, 2)), PASS),
        Case(NOVA, alone(nova=(33, 0, 2), options=PINNED), WARN, "2152697"),
        Case(
            NOVA,
            alone(
                nova=(30, 1, 0), options={"pci__report_in_placement": "true"}
            ),
            WARN,
            "2098496",
        ),
        Case(NOVA, alone(nova=(30, 1, 0)), PASS),
        Case(NOVA, alone(nova=(25, 0, 1)), FAIL, "1982284"),
        Case(LIBVIRT, nodes(), PASS, "9.0.0: none"),
        Case(COPIES, nodes(), PASS, "9.0.0: none"),
        Case(BETWEEN, nodes(), PASS, "none"),
    ],
    ids=str,
)
def test_known_bugs(case):
    prove(case)


@pytest.mark.parametrize(
    "version, changes, status, detail",
    [
        ((10, 2, 0), {}, WARN, "incompatible CPU definition"),
        ((10, 3, 0), {}, WARN, "Unknown error 255"),
        ((10, 3, 0), {"storage": LOCAL}, PASS, ""),
        ((10, 4, 0), {}, PASS, ""),
        ((8, 8, 0), {}, WARN, "crashes"),
        ((8, 9, 0), {}, PASS, ""),
        # Red Hat's packages have the fixes.
        ((10, 2, 0), {"system": {"os_id": "rhel"}}, PASS, ""),
    ],
)
def test_bugs_of_libvirt(version, changes, status, detail):
    finding = found(alone(libvirt={"version": version}, **changes), LIBVIRT)
    assert finding.status is status, finding
    assert detail in finding.detail


@pytest.mark.parametrize(
    "version, changes, status, detail",
    [
        ((7, 5, 0), {"storage": LOCAL}, FAIL, "the guest's data is lost"),
        ((7, 6, 0), {"storage": LOCAL}, PASS, ""),
        ((7, 5, 0), {}, PASS, ""),
        (
            (7, 5, 0),
            {"storage": LOCAL, "options": {"libvirt__images_type": "rbd"}},
            PASS,
            "",
        ),
        ((8, 7, 0), {"storage": LOCAL}, WARN, "while libvirt prepares it"),
        ((9, 0, 0), {"options": PARALLEL | TLS}, WARN, "does not match"),
        ((9, 0, 0), {"options": PARALLEL}, PASS, ""),
        ((10, 3, 0), {"options": PARALLEL | TLS}, PASS, ""),
    ],
)
def test_bugs_of_copies_of_disks(version, changes, status, detail):
    changed = alone(libvirt={"version": version}, **changes)
    finding = found(changed, COPIES, Kind.BLOCK)
    assert finding.status is status, finding
    assert detail in finding.detail
    # Live moves on shared storage are not concerned.
    assert not [f for f in findings(changed, Kind.LIVE) if f.check == COPIES]


@pytest.mark.parametrize(
    "source, destination, options, flags, words",
    [
        ({"version": (9, 0, 0)}, {"version": (10, 0, 0)}, {}, "vmx", "vmx-"),
        ({"version": (9, 0, 0)}, {"version": (10, 2, 0)}, {}, "vmx", ""),
        ({"version": (9, 10, 0)}, {"version": (10, 0, 0)}, {}, "vmx", ""),
        ({"version": (9, 0, 0)}, {"version": (10, 0, 0)}, {}, "svm", ""),
        (
            {"qemu_version": (8, 2, 2)},
            {"qemu_version": (9, 2, 0)},
            PARALLEL,
            "svm",
            "issues/2720",
        ),
        (
            {"qemu_version": (8, 2, 2)},
            {"qemu_version": (9, 2, 1)},
            PARALLEL,
            "svm",
            "",
        ),
        (
            {"qemu_version": (8, 2, 2)},
            {"qemu_version": (9, 2, 0)},
            {},
            "svm",
            "",
        ),
    ],
)
def test_bugs_between_releases(source, destination, options, flags, words):
    def with_cpu(name, facts):
        cpu = system.healthy(name).cpu
        cpu = cpu.__class__(**(vars(cpu) | {"flags": frozenset({flags})}))
        return compute(
            name, libvirt=facts, system={"cpu": cpu}, options=options
        )

    pair = nodes(
        HostB=with_cpu("HostB", source), HostC=with_cpu("HostC", destination)
    )
    forth = [
        f
        for f in findings(pair)
        if f.check == BETWEEN and f.subject == "HostB -> HostC"
    ]
    assert forth[0].status is (WARN if words else PASS), forth[0]
    assert words in forth[0].detail


def read(text, status=0):
    answers = {"known_bugs.nova": Answer(status, text)}
    return subject.read(CommandOutput(answers, "known_bugs")).version


@pytest.mark.parametrize(
    "text, version",
    [
        ("nova-34.0.0.dist-info\n#end", (34, 0, 0)),
        # Debian, Red Hat, and one that two paths lead to.
        ("nova-26.2.2.egg-info\n#end", (26, 2, 2)),
        ("nova-27.5.1-py3.9.egg-info\n#end", (27, 5, 1)),
        ("nova-31.3.1.dist-info\nnova-31.3.1.dist-info\n#end", (31, 3, 1)),
        ("nova-34.0.0.0rc1.dist-info\n#end", (34, 0, 0)),
    ],
)
def test_the_release_that_packages_show(text, version):
    assert read(text) == version


@pytest.mark.parametrize(
    "text, why",
    [
        ("#end", "0 releases"),
        ("nova-27.5.1.dist-info\nnova-34.0.0.dist-info\n#end", "2 releases"),
        ("nova-34.0.0.dist-info", "not complete"),
        ("", "not complete"),
        ("nova-x.y.z.dist-info\n#end", "0 releases"),
    ],
)
def test_a_release_that_is_not_known(text, why):
    with pytest.raises(Unread, match=why):
        read(text)


def test_a_container_has_its_own_packages():
    ask = subject.questions
    assert ask(Config((), {}, contained=True), "compute", read_only=True) == {}
    assert set(ask(Config((), {}), "compute", read_only=True)) == {"nova"}


def test_each_bug_has_ranges_a_source_and_a_remedy():
    assert 10 <= len(release_bugs.ALL) <= 20
    for bug in release_bugs.ALL:
        assert re.match(r"https://", bug.source) and len(bug.remedy) > 10
    for bug in (
        *release_bugs.NOVA,
        *release_bugs.LIBVIRT,
        *release_bugs.DISK_COPIES,
    ):
        for first, fixed in bug.ranges:
            assert len(first) == len(fixed) == 3 and first < fixed
