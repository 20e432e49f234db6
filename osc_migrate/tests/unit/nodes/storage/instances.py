"""Two nodes, and the instances directory of one of them changed."""

import dataclasses

from osc_migrate.nodes.storage.facts import Mount
from osc_migrate.tests.unit.nodes.shapes import node, nodes, storage

PATH, LOCAL, ENTRY, GIB = (
    storage.PATH,
    storage.LOCAL,
    storage.ENTRY,
    storage.GIB,
)
ALONE = {"mount": LOCAL, "entry": None, "unit": False}
SERVERS = {"mount": LOCAL, "entry": None, "occupied": True}


def on_c(**changes):
    """HostC's storage is changed."""
    return nodes(HostC=node(storage=storage.healthy("HostC", **changes)))


def both(**changes):
    return [
        node(name, storage=storage.healthy(name, **changes))
        for name in ("HostB", "HostC")
    ]


def local(**changes):
    """Neither shares it; HostC's is changed."""
    return [
        node("HostB", storage=storage.healthy("HostB", **ALONE)),
        node(storage=storage.healthy("HostC", **(ALONE | changes))),
    ]


def mounted(*options, without=(), **changes):
    """HostC has it mounted with more options, or less."""
    mount = storage.mount()
    kept = tuple(o for o in mount.options if o not in without)
    mount = dataclasses.replace(mount, options=(*kept, *options))
    return on_c(mount=mount, **changes)


def v3(*options):
    mount = storage.mount(
        fstype="nfs",
        source="HostA:/srv/instances",
        options=("rw", "vers=3", "hard", *options),
    )
    entry = Mount(mount.source, PATH, "nfs", ("_netdev", *options))
    return both(mount=mount, entry=entry)


def enforcing(fstype="ext4", **changes):
    fields = {"selinux": "Enforcing", "label": "nova_var_lib_t"}
    fields |= {"label_wanted": "nova_var_lib_t"} | changes
    if fstype == "ext4":
        return local(**fields)
    mount = storage.mount(fstype=fstype, source="HostA:/i", options=("rw",))
    entry = Mount(mount.source, PATH, fstype, ("_netdev",))
    return both(mount=mount, entry=entry, **fields)


def shut(path, mode):
    """A directory on the way, or the last one, has that mode."""
    return tuple(
        dataclasses.replace(p, mode=mode) if p.path == path else p
        for p in storage.way()
    )
