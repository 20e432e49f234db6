"""Faults of osc_migrate/nodes/storage: exports of a file server."""

from functional_tests.node_faults.fault import NodeFault

SERVED = "/srv/instances"
_PATH = "/var/lib/nova/instances"


def _exports(old, new):
    """/etc/exports, changed and brought into force."""
    return f"sed -i 's|{old}|{new}|' /etc/exports; exportfs -ra"


def awake(lab):
    """Clients find a server again that was away, in their own time."""
    for node in ("HostB", "HostC"):
        lab.run(
            node,
            "for n in 1 2 3 4 5 6 7 8 9 10 11 12; do"
            f" timeout -k 1 10 touch -c {_PATH} && break; sleep 1; done",
            timeout=150,
        )


def _fault(check, what, inject, **options):
    fields = {"node": "HostA", "lab": "vm", "topic": "nfs"} | options
    return NodeFault(check=check, what=what, inject=inject, **fields)


FAULTS: tuple[NodeFault, ...] = (
    _fault(
        "nfs-server-runs",
        "the NFS server is stopped: mounts of it hang",
        "systemctl stop nfs-server",
        undo=awake,
        # A process that touches the mount waits, on each node.
        beside=("instances-path-answers",),
    ),
    _fault(
        "exports-instances",
        "what compute nodes mount is exported no more",
        "exportfs -ua; exportfs -f",
        undo=awake,
        # The nodes that have it mounted are refused.
        beside=("instances-path-answers",),
    ),
    _fault(
        "export-names-every-compute",
        "one compute node is not among the export's clients",
        _exports("10.77.0.0/24", "10.77.0.12"),
        undo=awake,
        # That one is refused.
        beside=("instances-path-answers",),
    ),
    _fault(
        "export-is-read-write",
        "the export is read-only",
        _exports("(rw", "(ro"),
    ),
    _fault(
        "export-is-synchronous",
        "the export is async",
        _exports(",sync", ",async"),
        status="WARN",
    ),
    _fault(
        "export-keeps-root",
        "the export squashes root",
        _exports("no_root_squash", "root_squash"),
    ),
    _fault(
        "export-keeps-root",
        "the export makes everybody nobody",
        _exports("no_root_squash", "all_squash"),
        # nova is nobody, too, and says so on each node.
        beside=("instances-path-is-writable",),
        name="export-keeps-everybody",
    ),
    _fault(
        "exports-are-written-down",
        "the export is in no file",
        ": >/etc/exports",
        status="WARN",
    ),
    _fault(
        "shared-directory-is-novas",
        "the exported directory belongs to root on the file server",
        f"chown 0:0 {SERVED}",
        topic="permission",
        name="exported-directory-is-novas",
    ),
)
