"""Plays faults on a lab of real nodes, to be looked at.

usage: python -m functional_tests.node_faults [--kind vm] [--page FILE]
       [FAULT ...]

Each is brought about, what is found is shown, then what mends it, then what
is found afterwards. Without FAULT: all of them. With --page the table of the
documentation is written, of both kinds of labs.
"""

import argparse
import pathlib
import sys
import tempfile

from functional_tests.node_faults import faults, table
from functional_tests.node_faults.lab import odd, play
from functional_tests.nodes import Lab, LabError


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", choices=("nspawn", "vm"))
    parser.add_argument("--state", type=pathlib.Path)
    parser.add_argument("--page", type=pathlib.Path)
    parser.add_argument("fault", nargs="*")
    asked = parser.parse_args()
    wanted = [f for f in faults.ALL if not asked.fault or f.key in asked.fault]
    played, broken = [], []
    for kind in [asked.kind] if asked.kind else ("nspawn", "vm"):
        mine = [fault for fault in wanted if fault.lab == kind]
        if not mine:
            continue
        state = asked.state or pathlib.Path(tempfile.mkdtemp()) / "state"
        with Lab.up(state, kind=kind) as lab:
            _show("healthy", odd(lab))
            for fault in mine:
                try:
                    played.append(play(lab, fault))
                    _tell(played[-1])
                except (OSError, RuntimeError, LabError) as error:
                    broken.append(fault.key)
                    print(f"== {fault.key} could not be played: {error}")
    wrong = [p.fault.key for p in played if not table.as_it_should(p)]
    wrong += broken
    print(f"{len(played)} faults, {len(wrong)} not as they should: {wrong}")
    if asked.page:
        asked.page.write_text(table.render(played))
    return bool(wrong)


def _tell(played):
    _show(f"{played.fault.key}: {played.fault.what}", played.found)
    for node, script in played.scripts.items():
        print(f"--- {node}:", script.rpartition("\n}\n")[2], sep="\n")
    _show("afterwards", played.left)


def _show(title, findings):
    print(f"== {title}")
    for finding in findings:
        print(
            f"{finding.status.name:8}{finding.check} ({finding.subject}):"
            f" {finding.detail}\n        {finding.remedy}"
        )


if __name__ == "__main__":
    sys.exit(main())
