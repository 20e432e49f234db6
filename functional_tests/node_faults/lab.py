"""Surveys and mends the nodes of a lab, as the tests of faults need it.

usage: python -m functional_tests.node_faults.lab [--kind vm] FAULT ...

brings each fault about on a lab that it starts, and shows what is found,
what the remedy says and what is found after it. Without FAULT: what is found
on healthy nodes.
"""

import argparse
import pathlib
import tempfile

from osc_migrate.nodes.inventory import resolve
from osc_migrate.nodes.visit import Sessions

from functional_tests.node_faults import faults
from functional_tests.nodes import Lab
from osc_migrate import remedies
from osc_migrate.checks.nodes import judge_nodes, pairs_of
from osc_migrate.model.findings import Status
from osc_migrate.model.node import Role
from osc_migrate.survey import survey

ROLES = {
    "HostA": Role.STORAGE,
    "HostB": Role.COMPUTE,
    "HostC": Role.COMPUTE,
}


def look(lab, **options):
    """A survey of all three nodes."""
    targets = resolve(
        dict.fromkeys(ROLES), ssh_config=str(lab.ssh_config), sudo=False
    )
    with Sessions(targets) as sessions:
        return survey(sessions, ROLES, **options)


def judge(found):
    nodes = found.nodes()
    return judge_nodes(nodes, found.lost, pairs_of(nodes))


def report(lab):
    return judge(look(lab))


def odd(findings):
    """What is above SKIP."""
    return [f for f in findings if f.status > Status.SKIP]


def do(lab, node, action):
    """A shell script of root on a node, or a function of the lab."""
    if not action:
        return
    if callable(action):
        action(lab)
        return
    done = lab.run(node, action)
    if done.returncode:
        raise RuntimeError(f"{node}: {action!r} failed: {done.stderr}")


def mend(lab, findings):
    """Runs the remedy scripts of the findings, each twice: the second run
    must find nothing left to do, and not fail."""
    scripts = remedies.scripts(findings)
    for node, script in scripts.items():
        for _ in range(2):
            do(lab, node, script)
    return scripts


def _main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", default="nspawn")
    parser.add_argument("--state", type=pathlib.Path)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("fault", nargs="*")
    asked = parser.parse_args()
    state = asked.state or pathlib.Path(tempfile.mkdtemp()) / "state"
    with Lab.up(state, kind=asked.kind) as lab:
        _show("healthy", report(lab) if asked.long else odd(report(lab)))
        for fault in faults.ALL:
            wanted = fault.key in asked.fault or "all" in asked.fault
            if wanted and fault.lab == asked.kind:
                _play(lab, fault)


def _play(lab, fault):
    do(lab, fault.node, fault.inject)
    found = odd(report(lab))
    _show(f"{fault.key}: {fault.what}", found)
    if fault.by_hand:
        do(lab, fault.node, fault.by_hand)
    else:
        for node, script in mend(lab, found).items():
            print(f"--- script for {node}", script.partition("# node")[2])
    do(lab, fault.node, fault.undo)
    _show("afterwards", odd(report(lab)))


def _show(title, findings):
    print(f"== {title}")
    for finding in findings:
        print(
            f"{finding.status.name:8}{finding.check} ({finding.subject}):"
            f" {finding.detail}\n        {finding.remedy}"
        )


if __name__ == "__main__":
    _main()
