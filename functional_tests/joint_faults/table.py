"""The table of real faults in the documentation.

usage: python -m functional_tests.joint_faults --page [FAULT ...]

What was seen of each fault is kept in seen.json, and the page is made of it.
"""

import json
import pathlib
import re

from functional_tests import fault_pages as page
from functional_tests.joint_faults import faults

FILE = page.FOLDER / "real-faults.rst"
SEEN = pathlib.Path(__file__).with_name("seen.json")
_HEAD = """\
.. made by python -m functional_tests.joint_faults --page; do not edit

===========
Real faults
===========

Each was made on a cloud with a real Nova 34, libvirt 9.0 and QEMU 7.2, and a
guest was then moved from HostB to HostC, or was just being copied there.
*Found*: what ``openstack migrate preflight --nodes`` said beforehand. *Nova*:
its own words, in its API or in the log of nova-compute. *Explained*: the cause
that ``openstack migrate explain --nodes`` named, and what it means. *Code*:
the exit code of ``openstack migrate live`` (``block``, ``cold``), which moved
it without ``--nodes``, so that it did not know. *Guest*: where libvirt has
it afterwards, of both nodes.

"""
_BEFORE = "Before the move"
_DURING = "While the guest is copied"
_TEXT = """\
Nothing is there to be found before. What has died is started again after
some seconds, as systemd would, and then the guest is copied at full speed.
"""


def as_it_should(played):
    """Foreseen, explained, and the guest runs exactly once."""
    fault = played.fault
    foreseen = (
        played.before == 3 and fault.check in played.found
        if fault.check
        else played.before is None
    )
    there = "HostC" if fault.moves else "HostB"
    end = (played.code, played.told.get("cause", ""))
    ends = [(fault.code, fault.cause), *((4, c) for c in fault.otherwise)]
    return {
        "foreseen": foreseen,
        "exit code and cause": end in ends,
        "words": fault.words in json.dumps(played.told),
        "guest": played.guest == {there: "running"},
    }


def keep(played):
    """Writes what was seen of faults that went as they should, beside what
    earlier runs saw of others."""
    new = {
        one.fault.key: _steady(one.row)
        for one in played
        if all(as_it_should(one).values())
    }
    page.keep_seen(SEEN, new, faults.ALL)
    FILE.write_text(render())


def _steady(value):
    """Without what differs from run to run: IDs, names, times."""
    if isinstance(value, dict):
        return {name: _steady(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_steady(one) for one in value]
    if not isinstance(value, str):
        return value
    value = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", value)
    value = re.sub(r"\bvm-[0-9a-f]{6}\b", "vm1", value)
    value = re.sub(r"\btmp[a-z0-9_]{8}\b", "tmp...", value)
    value = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", value)
    return re.sub(r"\bmigration \d+\b", "migration N", value)


def render():
    """The whole page."""
    seen = page.read_seen(SEEN)
    lines = [_HEAD]
    for title, text, during in (
        (_BEFORE, "", False),
        (_DURING, _TEXT, True),
    ):
        lines += [*page.heading(title), *([text] if text else [])]
        lines += page.table(
            (
                *("Fault", *(() if during else ("Found",))),
                *("Nova", "Explained", "Code", "Guest"),
            )
        )
        for fault in faults.ALL:
            if fault.during == during:
                lines += page.row(_cells(fault, seen.get(fault.key)))
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _cells(fault, one):
    kind = "" if fault.kind == "live" else f" (``{fault.kind}``)"
    what = f"{fault.what}{kind}"
    if one is None:
        return (what, *([""] * (4 if fault.during else 5)))
    found = () if fault.during else (f"``{fault.check}``: {one['found']}",)
    guest = ", ".join(f"{node}: {how}" for node, how in one["guest"].items())
    cause = f"``{one['cause']}``: " if one["cause"] else ""
    return (
        what,
        *map(_safe, found),
        page.literal(one["message"] or f"nothing; migration {one['status']}"),
        f"{cause}{_safe(one['meaning'])}",
        str(one["code"]),
        guest,
    )


def _safe(text):
    """Words of ours with words of a node in them, as plain text."""
    head, mark, tail = text.partition("``: ")
    if mark:
        return f"{head}{mark}{_escaped(tail)}"
    return _escaped(text)


def _escaped(text):
    return re.sub(r"([\\*`_|<>])", r"\\\1", text)
