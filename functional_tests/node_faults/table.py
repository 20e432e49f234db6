"""The table of the faults of nodes in the documentation.

usage: python -m functional_tests.node_faults --page [FAULT ...]

What was seen of each fault is kept in seen.json, and the page is made of it.
"""

import json
import pathlib

from functional_tests.node_faults import faults
from osc_migrate.checks import nodes

FILE = (
    pathlib.Path(__file__).parents[2] / "doc/source/reference/node-checks.rst"
)
SEEN = pathlib.Path(__file__).with_name("seen.json")
_HEAD = """\
.. made by python -m functional_tests.node_faults --page; do not edit

===============
Checks of nodes
===============

Each is a statement that is true when the check passes. Below, each fault was
made on a real node (systemd, sshd, libvirt, QEMU; a shared instances
directory), exactly that check spoke, and after the remedy none did: nodes
``nspawn`` are containers, nodes ``vm`` virtual machines with NFS in their
kernels. *script*: mended by what ``--remedy-script`` wrote, run twice. *by
hand*: no script can do it, and its words were followed.

"""
# Checks without a fault of their own on a real node, and why: these are
# proven with recorded answers alone, in the unit tests.
_TWIN = "the same code as its namesake without 'qemu-', on other files"
_SELINUX = "Debian's nodes have no SELinux"
UNPROVEN = {
    "destination-has-the-security-driver": "the nodes have no AppArmor",
    "hosts-have-equal-qemu": "seen beside destination-has-as-new-a-qemu",
    "inbound-addresses-differ": "inbound-address-is-local tells before",
    "instances-path-answers": "seen beside nfs-server-runs",
    "instances-path-has-its-label": _SELINUX,
    "iscsid-runs-where-it-is-used": "the nodes have no iSCSI session",
    "qemu-tls-ca-is-in-date": _TWIN,
    "qemu-tls-client-certificate-is-fit": _TWIN,
    "qemu-tls-client-certificate-is-in-date": _TWIN,
    "qemu-tls-client-certificate-is-signed": _TWIN,
    "qemu-tls-client-key-fits": _TWIN,
    "qemu-tls-server-certificate-is-fit": _TWIN,
    "selinux-lets-servers-use-the-mount": _SELINUX,
}
SCOPES = {
    "Of a compute node": nodes.NODE,
    "Of a file server": nodes.STORAGE,
    "Of a source and a destination": nodes.PAIR,
    "Of all nodes together": nodes.CLUSTER,
}


def as_it_should(played):
    """Exactly that check spoke, and nothing is left."""
    fault = played.fault
    return (
        {f.status.name for f in played.mine} == {fault.status}
        and played.others == set(fault.beside)
        and bool(played.scripts or fault.by_hand)
        and not played.left
    )


def unproven():
    """Checks of nodes without a fault on a real node, and what is not yet
    a check."""
    there = {check.id for scope in SCOPES.values() for check in scope}
    proven = {fault.check for fault in faults.ALL}
    return there - proven, proven - there


def keep(played):
    """Writes what was seen of faults that went as they should, beside what
    earlier runs saw of others."""
    seen = json.loads(SEEN.read_text()) if SEEN.exists() else {}
    for one in played:
        if as_it_should(one):
            seen[one.fault.key] = one.mine[0].detail
    known = {fault.key for fault in faults.ALL}
    kept = {key: seen[key] for key in sorted(seen) if key in known}
    SEEN.write_text(json.dumps(kept, indent=1) + "\n")
    FILE.write_text(render())


def render():
    """The whole page."""
    seen = json.loads(SEEN.read_text())
    lines = [_HEAD]
    anchored: set[str] = set()
    for title, checks in SCOPES.items():
        if checks:
            lines += [title, "=" * len(title), ""]
            lines += _list(("Check", "True when it passes"))
            for check in checks:
                # One of two scopes is an anchor in the first alone.
                anchor = f"_`{check.id}`"
                if check.id in anchored:
                    anchor = f"``{check.id}``"
                anchored.add(check.id)
                lines += _row((anchor, check.title))
            lines.append("")
    lines += _beside()
    title = f"{len(faults.ALL)} faults"
    lines += [title, "=" * len(title), ""]
    lines += _list(("Fault", "Found by", "What it said", "Mended"))
    for fault in faults.ALL:
        lines += _row(
            (
                f"{fault.topic}: {fault.what} (``{fault.lab}``)",
                f"``{fault.check}`` {fault.status}",
                _literal(seen[fault.key]) if fault.key in seen else "",
                "by hand" if fault.by_hand else "script",
            )
        )
    title = "Without a fault on a real node"
    lines += ["", title, "=" * len(title), "", *_list(("Check", "Why"))]
    for id, why in UNPROVEN.items():
        lines += _row((f"``{id}``", why))
    return "\n".join(lines) + "\n"


def _beside():
    """What no fault of this table is of: a node that is lost, and a guest."""
    title = "Of a server and its two hosts"
    lines = [title, "=" * len(title), ""]
    lines += ["Beside those above, when a server is to move.", ""]
    lines += _list(("Check", "True when it passes"))
    for check in nodes.guests.GUEST:
        lines += _row((f"_`{check.id}`", check.title))
    title = "Of every node"
    lines += ["", title, "=" * len(title), ""]
    lines += _list(("Check", "True when it passes"))
    lines += _row(
        (
            f"_`{nodes.ANSWERS}`",
            "The node can be reached, and answers within the time it has",
        )
    )
    return [*lines, ""]


def _literal(text):
    """Words of a node, whatever is in them."""
    return f"``{text.replace('`', chr(39)).strip()}``"


def _list(head):
    return [".. list-table::", "   :header-rows: 1", "", *_row(head)]


def _row(cells):
    return [
        f"   {'* -' if number == 0 else '  -'} {' '.join(cell.split())}"
        for number, cell in enumerate(cells)
    ]
