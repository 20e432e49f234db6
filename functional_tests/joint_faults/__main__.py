"""Plays real faults on a joint cloud, to be looked at.

usage: python -m functional_tests.joint_faults [--state DIR] [--page] [FAULT..]

Each is brought about, a guest is moved, and what was said before and after is
shown.  Without FAULT: all of them.  With --page the table of the
documentation is written.  --state names a joint cloud that is up, and stays.
"""

import argparse
import contextlib
import json
import pathlib
import sys
import tempfile
import time

from functional_tests.joint_faults import faults, table
from functional_tests.joint_faults.play import Stage
from testbed.joint import Joint


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--state")
    parser.add_argument("--page", action="store_true")
    parser.add_argument("fault", nargs="*")
    asked = parser.parse_args()
    chosen = [f for f in faults.ALL if not asked.fault or f.key in asked.fault]
    with contextlib.ExitStack() as stack:
        state = asked.state
        if not state:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            state = pathlib.Path(folder) / "state"
        joint = Joint.up(
            state,
            report=lambda text: print(text, flush=True),
            lasting=bool(asked.state),
        )
        if not asked.state:
            stack.enter_context(joint)
        stage = Stage(joint)
        stack.callback(stage.close)
        played = []
        for fault in chosen:
            played.append(_play(stage, fault))
            if asked.page:
                table.keep(played[-1:])
    wrong = [p.fault.key for p in played if not _well(p)]
    print(f"{len(played)} played, {len(wrong)} not as they should: {wrong}")
    return bool(wrong)


def _play(stage, fault):
    begin = time.monotonic()
    played = stage.play(fault)
    took = time.monotonic() - begin
    print(f"== {fault.key}: {fault.what} ({took:.0f} s)")
    print(json.dumps(played.row, indent=1), flush=True)
    judged = table.as_it_should(played)
    print("-- not as it should:", [k for k, v in judged.items() if not v])
    return played


def _well(played):
    return all(table.as_it_should(played).values())


if __name__ == "__main__":
    sys.exit(main())
