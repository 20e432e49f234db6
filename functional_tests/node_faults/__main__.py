"""Plays faults on a lab of real nodes, to be looked at.

usage: python -m functional_tests.node_faults [--kind vm] [--page] [FAULT ...]

Each is brought about, what is found is shown, then what fixes it, then what
is found afterwards. Without FAULT: all of them, on both kinds of labs at
once. With --page the table of the documentation is written.
"""

import argparse
import functools
import pathlib
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from functional_tests.node_faults import faults, table
from functional_tests.node_faults.lab import odd, play
from testbed.nodes import Lab, LabError

KINDS = ("nspawn", "vm")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--page", action="store_true")
    parser.add_argument("fault", nargs="*")
    asked = parser.parse_args()
    kinds = [asked.kind] if asked.kind else KINDS
    with ThreadPoolExecutor() as pool:
        played = [
            one
            for some in pool.map(functools.partial(_kind, asked.fault), kinds)
            for one in some
        ]
    wrong = [p.fault.key for p in played if not table.as_it_should(p)]
    count = sum(len(faults.of(kind)) for kind in kinds)
    print(
        f"{len(played)} of {count} faults were played,"
        f" {len(wrong)} not as they should: {wrong}"
    )
    if asked.page:
        table.keep(played)
    return bool(wrong) or (len(played) < count and not asked.fault)


def _kind(wanted, kind):
    """Plays the faults of one kind of lab; those that could be."""
    mine = [f for f in faults.of(kind) if not wanted or f.key in wanted]
    played = []
    if not mine:
        return played
    with (
        tempfile.TemporaryDirectory() as folder,
        Lab.up(pathlib.Path(folder) / "state", kind=kind) as lab,
    ):
        print(_shown(f"healthy {kind}", odd(lab)))
        for fault in mine:
            try:
                # See test_vm.py: one look there, as each takes long.
                played.append(play(lab, fault, again=kind != "vm"))
                print(_told(played[-1]), flush=True)
            except (OSError, RuntimeError, LabError) as error:
                print(f"== {fault.key} could not be played: {error}")
    return played


def _told(played):
    scripts = [
        f"--- {node}:\n{script.rpartition(chr(10) + '}' + chr(10))[2]}"
        for node, script in played.scripts.items()
    ]
    return "\n".join(
        [
            _shown(f"{played.fault.key}: {played.fault.what}", played.found),
            *scripts,
            _shown("afterwards", played.left),
        ]
    )


def _shown(title, findings):
    return "\n".join(
        [
            f"== {title}",
            *(
                f"{f.status.name:8}{f.check} ({f.subject}): {f.detail}\n"
                f"        {f.remedy}"
                for f in findings
            ),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
