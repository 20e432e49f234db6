"""The table of the faults of nodes in the documentation.

usage: python -m functional_tests.node_faults --page [FAULT ...]

What was seen of each fault is kept in seen.json, and the page is made of it.
"""

import pathlib

from functional_tests import fault_pages as page
from functional_tests.node_faults import faults
from osc_migrate.checks import nodes

FILE = page.FOLDER / "node-checks.rst"
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
    new = {
        one.fault.key: one.mine[0].detail
        for one in played
        if as_it_should(one)
    }
    page.keep_seen(SEEN, new, faults.ALL)
    FILE.write_text(render())


def render():
    """The whole page."""
    seen = page.read_seen(SEEN)
    lines = [_HEAD]
    anchored: set[str] = set()
    for title, checks in SCOPES.items():
        if checks:
            lines += page.heading(title)
            lines += page.table(("Check", "True when it passes"))
            for check in checks:
                # One of two scopes is an anchor in the first alone.
                anchor = f"_`{check.id}`"
                if check.id in anchored:
                    anchor = f"``{check.id}``"
                anchored.add(check.id)
                lines += page.row((anchor, check.title))
            lines.append("")
    lines += _beside()
    lines += page.heading(f"{len(faults.ALL)} faults")
    lines += page.table(("Fault", "Found by", "What it said", "Mended"))
    for fault in faults.ALL:
        lines += page.row(
            (
                f"{fault.topic}: {fault.what} (``{fault.lab}``)",
                f"``{fault.check}`` {fault.status}",
                page.literal(seen[fault.key]) if fault.key in seen else "",
                "by hand" if fault.by_hand else "script",
            )
        )
    lines += ["", *page.heading("Without a fault on a real node")]
    lines += page.table(("Check", "Why"))
    for id, why in UNPROVEN.items():
        lines += page.row((f"``{id}``", why))
    return "\n".join(lines) + "\n"


def _beside():
    """What no fault of this table is of: a node that is lost, and a guest."""
    lines = page.heading("Of a server and its two hosts")
    lines += ["Beside those above, when a server is to move.", ""]
    lines += page.table(("Check", "True when it passes"))
    for check in nodes.guests.GUEST:
        lines += page.row((f"_`{check.id}`", check.title))
    lines += ["", *page.heading("Of every node")]
    lines += page.table(("Check", "True when it passes"))
    lines += page.row(
        (
            f"_`{nodes.ANSWERS}`",
            "The node can be reached, and answers within the time it has",
        )
    )
    return [*lines, ""]
