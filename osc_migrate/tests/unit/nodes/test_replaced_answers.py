"""Nothing that warns or fails on what a node really answered passes when an
answer is replaced, a tool is missing, or the login has no rights."""

import collections
import functools

import pytest

from osc_migrate.checks.findings import Status
from osc_migrate.facts import Unread
from osc_migrate.nodes import node_checks
from osc_migrate.nodes.node import ClusterFacts, PairFacts
from osc_migrate.tests.unit.nodes import recorded, replaced

# What those of a review were found with, and some of each subject.
SHORT = (
    "machine-ids-differ",
    "migration-ports-are-free",
    "migration-address-is-reachable",
    "qemu-forces-no-tls",
    "names-stale",
    "libvirt-lets-nova-in",
    "host-uuids-differ",
    "inbound-of-another",
    "vnc-listens-elsewhere",
    "qemu-gid-agrees",
)
FAULTS = [name for name in recorded.names() if not name.startswith("healthy")]
PLAYED = [name for name in FAULTS if not name.startswith("broken")]
TOOLS = [name for name in recorded.names() if " without " in name]
# Not judged by themselves: the clock here, and whether ports were opened.
_ASIDE = ("system.here", "reach.listen", "reach.silence")
_NODE = {
    check.id: check for check in (*node_checks.NODE, *node_checks.STORAGE)
}
_PAIR = {check.id: check for check in node_checks.PAIR}
_CLUSTER = {check.id: check for check in node_checks.CLUSTER}


@functools.cache
def true(name="", login="root"):
    """Answers, facts and findings of a recording."""
    answers = recorded.survey(name, login)
    nodes = recorded.read(answers)
    return answers, nodes, recorded.judged(nodes)


def run(key, nodes):
    check, subject = key
    if check in _PAIR:
        source, destination = subject.split(" -> ")
        pair = PairFacts(nodes[source], nodes[destination])
        return _PAIR[check].run(pair)
    if check in _CLUSTER:
        return _CLUSTER[check].run(ClusterFacts(list(nodes.values())))
    return _NODE[check].run(nodes[subject])


def false_passes(name, kinds=None):
    """(tried, false PASSes) of a recording, every answer replaced.

    :param kinds: of replacements; None for all.
    """
    answers, nodes, findings = true(name)
    bad = recorded.bad(findings)
    tried, false = 0, []
    for node, said in answers.items():
        for question in said:
            if question in _ASIDE:
                continue
            for kind, answer in replaced.bodies(question, said):
                if kinds is not None and kind not in kinds:
                    continue
                one = recorded.reread(
                    nodes[node], said | {question: answer}, question
                )
                changed = nodes | {node: one}
                for key in bad:
                    tried += 1
                    finding = run(key, changed)
                    if finding.status is Status.PASS:
                        false.append((key, node, question, kind))
    return tried, false


@pytest.mark.parametrize("name", FAULTS)
def test_a_recording_shows_its_fault(name):
    findings = true(name)[2]
    assert recorded.bad(findings) or " without " in name


def test_healthy_nodes_have_no_findings():
    _, _, findings = true()
    assert recorded.bad(findings) == set()
    assert sum(one.status is Status.PASS for one in findings.values()) > 100


def test_a_replaced_answer_lacks_its_mark():
    """What a session sees: no reader is asked about it."""
    count = 0
    for said in true()[0].values():
        for question in said:
            for kind, answer in replaced.raw(question, said):
                count += 1
                assert isinstance(answer, Unread), (question, kind)
    assert count > 1000


@pytest.mark.parametrize("name", SHORT)
def test_no_false_pass(name):
    """Where the mark is there, and the text is not what was asked for."""
    kinds = {*replaced.GARBAGE, "permission denied", "that to network.names"}
    tried, false = false_passes(name, kinds)
    assert tried > 200
    assert false == []


@pytest.mark.long
def test_no_false_pass_at_all(capsys):
    """Every recording, every answer, every replacement."""
    total, checks, wrong = 0, set(), collections.Counter()
    for name in PLAYED:
        tried, false = false_passes(name)
        total += tried
        checks |= {key[0] for key in recorded.bad(true(name)[2])}
        wrong.update(false)
    with capsys.disabled():
        print(
            f"\n{len(PLAYED)} faults, {len(checks)} checks, {total} findings"
            f" on replaced answers, {wrong.total()} false PASS"
        )
    assert wrong == {}


@pytest.mark.parametrize("name", PLAYED)
def test_no_false_pass_without_rights(name):
    bad = recorded.bad(true(name)[2])
    findings = true(name, "user")[2]
    for key in bad & findings.keys():
        finding = findings[key]
        assert finding.status is not Status.PASS, (key, finding.detail)
    # Nothing fails because the login has no rights.
    assert recorded.bad(findings) <= bad


def test_what_takes_root_is_unknown_and_says_so():
    findings = true("", "user")[2]
    assert recorded.bad(findings) == set()
    unknown = [f for f in findings.values() if f.status is Status.UNKNOWN]
    assert len(unknown) > 20
    for finding in unknown:
        assert "root" in finding.detail, (finding.check, finding.detail)


@pytest.mark.parametrize("name", TOOLS)
def test_no_false_pass_without_a_tool(name):
    state = name.partition(" without ")[0]
    bad = recorded.bad(true("broken")[2]) if state == "broken" else set()
    findings = true(name)[2]
    for key in bad & findings.keys():
        finding = findings[key]
        assert finding.status is not Status.PASS, (key, finding.detail)
    assert recorded.bad(findings) <= bad
