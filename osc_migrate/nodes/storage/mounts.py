"""Checks of the mount of the instances directory and its line in fstab."""

from osc_migrate.checks.check import Check, Concern, Problem, Skip
from osc_migrate.checks.findings import Fix, allowed
from osc_migrate.checks.script import DataPath, UnsafeText
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.node_check import LIVE, of_node
from osc_migrate.nodes.storage import mount_options
from osc_migrate.nodes.storage.facts import Mount, Storage
from osc_migrate.text import command

FSTAB = "/etc/fstab"
# Filesystems that are mounted by their own tools, without fstab.
_OWN_TABLE = ("zfs",)


def usable(node: NodeFacts, *, missing: bool = False) -> Storage:
    """Return the storage of a node, if its directory can be judged.

    :param missing: whether the directory may be missing.
    :raises Skip: another check reports a problem first.
    """
    storage = node.storage
    if not storage.answers or storage.trouble:
        raise Skip("the directory does not answer")
    if storage.missing:
        raise Skip(f"nothing is mounted on {storage.missing.target}")
    if storage.place is None and not missing:
        raise Skip(f"there is no {storage.path}")
    return storage


@of_node()
def instances_path_is_mounted(node: NodeFacts) -> str:
    """What fstab says to mount on the instances directory is mounted.

    Without it Nova finds the local directory below: with 'auto' it copies
    the disks into it, without an error.
    """
    storage = node.storage
    missing = storage.missing
    if not storage.answers:
        raise Skip("the directory does not answer")
    if storage.entry is None:
        raise Skip(f"fstab has nothing for {storage.path}")
    if missing is None:
        return f"{storage.entry}"
    detail = f"{missing} is not mounted on {missing.target}"
    if storage.occupied:
        raise Problem(
            f"{detail}, and the local directory below contains servers",
            f"on {node.name}: move these servers away, see that"
            f" {command(storage.path)} is empty, then: mount"
            f" {command(missing.target)}",
        )
    raise Problem(
        detail,
        "",
        allowed(node.name, lambda: Fix(node.name, mounted(missing))),
    )


@of_node()
def instances_mount_is_read_write(node: NodeFacts) -> str:
    """The instances directory is not mounted read-only."""
    storage = usable(node)
    mount = storage.mount
    if "ro" not in mount.options:
        return f"{mount}"
    entry = storage.entry

    def fix() -> Fix:
        target = DataPath(mount.target)
        lines = [command("mount", "-o", "remount,rw", target)]
        if entry and entry.target == mount.target and "ro" in entry.options:
            lines = [command("fstab_drop", FSTAB, target, "ro"), *lines]
        return Fix(node.name, tuple(lines))

    raise Problem(
        f"{mount} is mounted read-only on {mount.target}",
        "",
        allowed(node.name, fix),
    )


@of_node()
def instances_mount_is_the_only_one(node: NodeFacts) -> str:
    """Nothing is mounted below the mount of the instances directory.

    libvirt goes by the first of two mounts of FUSE, and may call the
    migration unsafe (src/util/virfile.c, virFileIsSharedFixFUSE); a umount
    would bring the other one to light.
    """
    storage = usable(node)
    if storage.stacked < 2 or storage.mount.target == "/":
        return f"{storage.mount}"
    target = storage.mount.target
    raise Concern(
        f"{storage.stacked} mounts are stacked on {target}",
        f"on {node.name}, when no server runs there: umount"
        f" {command(target)} until findmnt {command(target)} shows none,"
        f" then mount {command(target)}",
    )


@of_node()
def instances_mount_is_persistent(node: NodeFacts) -> str:
    """What is mounted on the instances directory comes back after a boot."""
    storage = usable(node)
    mount, entry = storage.mount, storage.entry
    if mount.target == "/":
        raise Skip("it is on the root filesystem")
    if storage.contained:
        raise Skip("nova-compute's container has separate mounts")
    if mount.fstype in _OWN_TABLE:
        raise Skip(f"{mount.fstype} mounts itself")
    if entry and entry.target == mount.target:
        if "noauto" not in entry.options or storage.unit:
            return f"{FSTAB} has {entry}"
        raise Concern(
            f"{FSTAB} says noauto for {mount.target}",
            "",
            allowed(
                node.name,
                lambda: Fix(
                    node.name,
                    (
                        command(
                            "fstab_drop",
                            FSTAB,
                            DataPath(entry.target),
                            "noauto",
                        ),
                    ),
                ),
            ),
        )
    if storage.unit:
        return "systemd mounts it"
    raise Concern(
        f"{mount} is mounted on {mount.target} by hand: after a reboot it"
        " is gone, and Nova uses the local directory below",
        "",
        allowed(
            node.name,
            lambda: Fix(
                node.name,
                (command("line_add", FSTAB, line(mount, storage.path)),),
            ),
        ),
    )


@of_node()
def instances_mount_is_what_fstab_says(node: NodeFacts) -> str:
    """What is mounted is what the next boot will mount."""
    storage = usable(node)
    mount, entry = storage.mount, storage.entry
    if entry is None or entry.target != mount.target or storage.contained:
        raise Skip(f"{FSTAB} has no line for it")
    if not (mount.server and entry.server):
        raise Skip("it is not a server's directory")
    if entry.path == mount.path and (
        entry.server.lower() == mount.server.lower()
    ):
        return f"{entry}"
    raise Concern(
        f"{mount} is mounted on {mount.target}, and {FSTAB} says"
        f" {entry.source}: which applies at the next boot",
        "",
        allowed(
            node.name,
            lambda: Fix(
                node.name,
                (
                    command(
                        "fstab_source",
                        FSTAB,
                        DataPath(entry.target),
                        mount_options.source(mount.source),
                    ),
                ),
            ),
        ),
    )


@of_node(LIVE)
def instances_mount_is_safe(node: NodeFacts) -> str:
    """The mount has no option that loses data of running servers.

    soft: 'can cause silent data corruption'; nolock: two hosts may write
    one disk, as QEMU's locks stay on one (nfs(5)).
    """
    storage = usable(node)
    mount = storage.mount
    if not mount.nfs:
        raise Skip("it is not NFS")
    options = [o for o in mount.options if o in _unsafe(mount)]
    if not options:
        return f"NFS {mount.option('vers')}, {_hardness(mount)}"
    entry = storage.entry

    def build() -> Fix:
        target = DataPath(mount.target)
        remount = (
            f"! grep -q {command(f' {target} nfs4* .*{options[0]}[, ]')}"
            f" /proc/mounts || {{ umount {target} && mount {target}; }}"
        )
        lines: tuple[str, ...] = ()
        if entry and entry.target == mount.target:
            lines = (command("fstab_drop", FSTAB, target, ",".join(_UNSAFE)),)
        return Fix(node.name, (*lines, remount))

    fix = allowed(node.name, build)
    raise Concern(
        f"{mount} is mounted with {', '.join(options)}: when the file"
        " server is slow or unreachable, running servers lose what they write",
        "" if fix.refused else f"when no server runs there, {fix}",
        fix,
    )


# With 'soft', slow writes fail.
_UNSAFE = ("soft", "softerr", "nolock", "local_lock=all", "local_lock=posix")


def _unsafe(mount: Mount) -> tuple[str, ...]:
    """Return unsafe options. NFSv4 has built-in locks but shows some."""
    v4 = mount.option("vers").startswith("4") or mount.fstype == "nfs4"
    return _UNSAFE[:2] if v4 else _UNSAFE


def _hardness(mount: Mount) -> str:
    return "hard" if "hard" in mount.options else "not soft"


def line(mount: Mount, path: str) -> str:
    """Return the line of fstab for the mounted instances directory.

    :raises UnsafeText: it is mounted elsewhere, by another user, or with
        options that scripts do not write.
    """
    if mount.target != path:
        raise UnsafeText("it is not mounted on the instances directory itself")
    if mount.option("user_id") not in ("", "0"):
        raise UnsafeText("another user than root mounted it")
    options = tuple(
        option
        for option in dict.fromkeys(mount.options)
        if option.partition("=")[0] not in mount_options.DETERMINED
    )
    fields = (
        mount_options.source(mount.source),
        DataPath(mount.target),
        mount_options.file_system(mount.fstype),
        mount_options.option_list(
            (*options, *(("_netdev",) if mount.shared else ()))
        ),
    )
    return " ".join(fields) + " 0 0"


def mounted(entry: Mount) -> tuple[str, ...]:
    """Return a command that mounts the entry of fstab, if necessary."""
    target = DataPath(entry.target)
    return (f"mountpoint -q {target} || mount {target}",)


def grep_escape(text: str) -> str:
    """Escape `text` for an extended regular expression of grep."""
    return "".join(
        f"[{c}]" if c in ".*+?(){}|$" else f"\\{c}" if c in "[]^\\" else c
        for c in text.replace(" ", "\\040")
    )


NODE: tuple[Check, ...] = (
    instances_path_is_mounted,
    instances_mount_is_read_write,
    instances_mount_is_the_only_one,
    instances_mount_is_persistent,
    instances_mount_is_what_fstab_says,
    instances_mount_is_safe,
)
STORAGE: tuple[Check, ...] = ()
PAIR: tuple[Check, ...] = ()
CLUSTER: tuple[Check, ...] = ()
