from osc_migrate.facts import Unread
from osc_migrate.nodes.storage.export_facts import Export, NfsServer
from osc_migrate.nodes.storage.facts import Mount, Place, Space, Storage

PATH = "/var/lib/nova/instances"
ADDRESSES = {
    "HostA": "10.77.0.11",
    "HostB": "10.77.0.12",
    "HostC": "10.77.0.13",
}
OPTIONS = ("rw", "sync", "no_root_squash", "no_subtree_check", "fsid=0")
EXPORT = Export("/srv/instances", "10.77.0.0/24", OPTIONS)
ENTRY = Mount("HostA:/", PATH, "nfs4", ("_netdev", "nofail"))
GIB = 2**30


def place(path=PATH, mode=0o755, uid=64060, **changes):
    fields = {"gid": uid, "owner": "nova" if uid else "root", "inode": 2}
    fields |= {"group": fields["owner"], "kind": "directory"} | changes
    return Place(path, mode, uid, **fields)


def mount(name="HostC", **changes):
    fields = {"source": "HostA:/", "target": PATH, "fstype": "nfs4"}
    fields["options"] = (
        *("rw", "relatime", "vers=4.2", "hard", "proto=tcp", "sec=sys"),
        f"clientaddr={ADDRESSES[name]}",
        f"addr={ADDRESSES['HostA']}",
    )
    return Mount(**(fields | changes))


LOCAL = Mount("/dev/vda", "/", "ext4", ("rw", "noatime"))
WAY = (
    *(place(path, uid=0) for path in ("/", "/var", "/var/lib")),
    place("/var/lib/nova"),
)


def way(uid=64060, **changes):
    """To a directory of that owner."""
    return (*WAY, place(uid=uid, **changes))


def server(**changes):
    fields = {
        "unit": "nfs-server",
        "state": "active",
        "exports": (EXPORT,),
        "configured": (
            Export(EXPORT.path, EXPORT.client, OPTIONS, "/etc/exports"),
        ),
        "addresses": frozenset({ADDRESSES["HostA"]}),
        "names": frozenset({"HostA"}),
    }
    return NfsServer(**(fields | changes))


def serving(**changes):
    """The storage of a file server."""
    none = Unread("it is asked of compute nodes only")
    fields = dict.fromkeys(Storage.__dataclass_fields__, none)
    return Storage(**(fields | {"serves": server(**changes)}))


def healthy(name, **changes):
    if name == "HostA" and not changes:
        return serving()
    fields = {
        "path": PATH,
        "answers": True,
        "trouble": "",
        "places": (*WAY, place()),
        "mount": mount(name),
        "stacked": 1,
        "entry": ENTRY,
        "unit": True,
        "contained": False,
        "space": Space(100 * GIB, 60 * GIB, 10**6, 9 * 10**5),
        "written": "",
        "passable": True,
        "occupied": False,
        "selinux": "",
        "label": "",
        "label_wanted": "",
        "booleans": {},
    }
    return Storage(**(fields | changes))
