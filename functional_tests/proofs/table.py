"""The table of all checks in the documentation.

usage: python -m functional_tests.proofs.table > FILE
"""

from functional_tests import fault_pages as page
from functional_tests.proofs import faults
from functional_tests.proofs.fault import EDITED, REAL, RECORDED
from osc_migrate import checks
from osc_migrate.checks import check

FILE = page.FOLDER / "checks.rst"
_HEAD = """\
.. made by functional_tests/proofs/table.py; do not edit

==========
All checks
==========

Each is a statement that is true when the check passes. For each, a fault was
made and exactly that finding seen, and no other (but who is no admin may not
read everything, and a shelved server has no host to compare with: that is
UNKNOWN besides):

real
   on the embedded cloud (real Nova, Placement, Glance, Keystone and Neutron),
   by their APIs or by what a host or an agent reports
real, edited
   there too, by a row in Nova's or Neutron's database, where no API of a
   cloud without hypervisors and devices leads to such a state
recorded
   not there, only with API answers in the unit tests

The last column is what Nova, or the hypervisor, says to who does not check
first; often it is less.
"""


def render() -> str:
    """The whole page."""
    return "\n".join(
        [
            _HEAD,
            *_section("Of a server and a destination", checks.MOVE),
            "",
            *_section("Of a whole cloud", checks.CLOUD),
            "",
        ]
    )


def missing() -> set[str]:
    """Checks without a fault, and faults of checks that do not exist."""
    there = {one.id for one in (*checks.MOVE, *checks.CLOUD)}
    return there ^ {fault.check for fault in faults.ALL}


def _section(title: str, found: tuple[check.Check, ...]) -> list[str]:
    lines = page.heading(title, "-")
    lines += page.table(
        ("Check", "Finding", "Fault", "Proof", "Nova says"), "40 10 25 10 25"
    )
    for one in found:
        mine = [fault for fault in faults.ALL if fault.check == one.id]
        for number, fault in enumerate(mine):
            # The first row is the check's anchor.
            name = f"``{one.id}``" if number else f"_`{one.id}`"
            nova = f"*{fault.nova}*" if fault.nova else ""
            lines += page.row(
                (
                    f"{name}: {one.title}",
                    # The one that never finds anything is only ever skipped.
                    fault.status,
                    fault.what,
                    fault.how,
                    nova,
                )
            )
    return lines


def counted() -> dict[str, int]:
    """How many checks were proven how; the best proof of each counts."""
    best: dict[str, str] = {}
    order = (REAL, EDITED, RECORDED)
    for fault in faults.ALL:
        known = best.get(fault.check, RECORDED)
        best[fault.check] = min(known, fault.how, key=order.index)
    return {how: list(best.values()).count(how) for how in order}


if __name__ == "__main__":
    print(render(), end="")
