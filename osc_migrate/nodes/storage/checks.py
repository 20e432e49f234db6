"""Checks of the instances directory: it exists, and Nova and QEMU can use it.

These are the steps of Nova's guide to shared storage (doc/source/admin/
configuring-migrations.rst), as far as a single node can show them; a
shared directory is judged with all nodes that share it (sharing.py).
"""

from osc_migrate.checks.check import Check, Concern, Problem, Skip
from osc_migrate.checks.findings import Fix, allowed
from osc_migrate.checks.script import DataPath
from osc_migrate.nodes.accounts.facts import Account
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.node_check import of_node
from osc_migrate.nodes.storage import exports, mounts, sharing
from osc_migrate.nodes.storage.facts import NFS, Place
from osc_migrate.nodes.storage.mounts import usable
from osc_migrate.text import command, size

MIB = 2**20
# With less, the next server or image may not fit.
_FULL = 16 * MIB
_LITTLE = 0.05
# The kernel's errors if the filesystem is full, or read-only.
_NO_SPACE = ("No space left on device", "Disk quota exceeded")
_READ_ONLY = "Read-only file system"


@of_node()
def instances_path_answers(node: NodeFacts) -> str:
    """The instances directory answers within some seconds.

    Where a file server is gone, all who touch the mount wait for it:
    nova-compute and libvirt too.
    """
    storage = node.storage
    if storage.answers and not storage.trouble:
        return f"{storage.path} answers"
    detail = (
        f"{storage.path} says: {storage.trouble}"
        if storage.answers
        else f"{storage.path} does not answer"
    )
    mount = storage.mount
    if not mount.shared:
        raise Problem(
            f"{detail} ({mount} at {mount.target})",
            f"on {node.name}: dmesg | tail, and see what is wrong with"
            f" {mount.source}",
        )
    server = mount.server or mount.source
    raise Problem(
        f"{detail}: it is mounted from {mount}",
        f"see that {server} runs, is reached from {node.name} and lets it"
        f" in; when it does: umount -f {command(mount.target)} and mount"
        f" {command(mount.target)} where the mount does not recover",
    )


@of_node()
def instances_path_exists(node: NodeFacts) -> str:
    """The instances directory exists."""
    storage = usable(node, missing=True)
    place = storage.place
    if place is None:
        raise Problem(
            f"there is no {storage.path}",
            "",
            allowed(
                node.name,
                lambda: Fix(node.name, _make_directory(storage.path)),
            ),
        )
    if place.kind != "directory":
        raise Problem(
            f"{storage.path} is a {place.kind}",
            "see what it is, and move it away; then create a directory owned"
            " by nova",
        )
    return f"{storage.path}"


@of_node()
def instances_path_owner_is_nova(node: NodeFacts) -> str:
    """The instances directory belongs to the user nova."""
    storage = usable(node)
    nova = node.accounts.nova
    if nova is None:
        raise Skip("there is no user nova")
    if storage.mount.shared:
        raise Skip("it is shared: judged with all nodes that share it")
    place = _place(node)
    if place.uid == nova.uid:
        return f"{place.owner}:{place.group}"
    owner = f"{nova.name}:{nova.group}"
    raise Problem(
        f"{storage.path} belongs to {place.owner} (uid {place.uid}), and"
        f" {nova.name} is uid {nova.uid}",
        "",
        allowed(
            node.name,
            lambda: Fix(
                node.name,
                (
                    command(
                        *("chown", "-h", "--", owner), DataPath(storage.path)
                    ),
                ),
            ),
        ),
    )


@of_node()
def instances_path_is_writable(node: NodeFacts) -> str:
    """Nova's user can make a file in the instances directory.

    The destination's Nova does so before each live migration
    (nova/virt/libvirt/driver.py, _create_shared_storage_test_file).
    """
    storage = usable(node)
    written, nova = storage.written, node.accounts.nova
    if written == "":
        return f"{storage.path}"
    if written is None or nova is None:
        raise Skip("no file was created to test it")
    place, mount = _place(node), storage.mount
    if place.uid != nova.uid:
        raise Skip("its owner is another user, which another check covers")
    if written in _NO_SPACE:
        raise Skip(f"{written}: another check covers its space")
    if "ro" in mount.options:
        raise Skip("it is mounted read-only, which another check covers")
    if written == _READ_ONLY and mount.fstype in NFS:
        raise Skip("its server lets no client write: judged with all nodes")
    detail = f"nova cannot write to {storage.path}: {written}"
    if place.mode & 0o300 != 0o300:
        raise Problem(
            f"{detail}; its mode is {place.mode:o}",
            "",
            Fix(
                node.name,
                (command("user_mode", nova.name, "u+rwx", storage.path),),
            ),
        )
    if barrier := _first_impassable(node, nova):
        raise Problem(
            f"{detail}; {barrier.path} has mode {barrier.mode:o}",
            "",
            _chmod_fix(node, nova),
        )
    raise Problem(
        detail,
        f"on {node.name}: namei -l {command(storage.path)};"
        f" findmnt -T {command(storage.path)}; lsattr -d"
        f" {command(storage.path)}",
    )


@of_node()
def instances_path_is_passable(node: NodeFacts) -> str:
    """QEMU's user gets into the instances directory.

    'chmod o+x', says Nova's guide: each directory on the way counts.
    """
    storage = usable(node)
    if storage.passable is None:
        raise Skip("QEMU's user does not exist, so it cannot be tried")
    qemu = node.accounts.qemu
    if storage.passable or qemu is None:
        return f"{storage.path}"
    barrier = _first_impassable(node, qemu)
    if barrier is None:
        raise Problem(
            f"{qemu.name} cannot enter {storage.path}",
            f"on {node.name}: namei -l {command(storage.path)}; getfacl on"
            " each directory of it",
        )
    raise Problem(
        f"{qemu.name} cannot pass {barrier.path}, whose mode is"
        f" {barrier.mode:o}",
        "",
        _chmod_fix(node, qemu),
    )


@of_node()
def instances_path_has_space(node: NodeFacts) -> str:
    """The filesystem of the instances directory is not nearly full."""
    storage = usable(node)
    space = storage.space
    detail = f"{size(space.free)} of {size(space.size)} free"
    remedy = (
        f"on {node.name}: df -h {command(storage.path)}; du -xsh"
        f" {command(storage.path)}/*; remove what no server uses, such as"
        " _base files of images that are gone, or make it larger"
    )
    if space.inodes and not space.inodes_free:
        raise Problem("no inode is free: no file can be created", remedy)
    if space.free < min(_FULL, space.size / 100) or (
        storage.written in _NO_SPACE
    ):
        raise Problem(f"{detail}: no space is left", remedy)
    if space.free < _LITTLE * space.size:
        raise Concern(detail, remedy)
    if space.inodes and space.inodes_free < _LITTLE * space.inodes:
        raise Concern(
            f"{space.inodes_free} of {space.inodes} inodes free", remedy
        )
    return detail


@of_node()
def instances_path_has_its_label(node: NodeFacts) -> str:
    """SELinux's label of the instances directory is the policy's."""
    storage = usable(node)
    _enforcing(node)
    if storage.mount.shared:
        raise Skip("a network mount is labelled as a whole")
    have, expected = storage.label, storage.label_wanted
    if not expected or expected == "<<none>>":
        raise Skip("the policy wants none there")
    if have == expected:
        return have
    raise Problem(
        f"{storage.path} is labelled {have}, and the policy says {expected}",
        "",
        Fix(node.name, (command("restorecon", "-R", storage.path),)),
    )


@of_node()
def selinux_lets_servers_use_the_mount(node: NodeFacts) -> str:
    """SELinux lets QEMU use files on that kind of filesystem.

    Each kind has its boolean (virt_selinux(8)).
    """
    storage = usable(node)
    _enforcing(node)
    kind = storage.mount.fstype
    boolean = (
        "virt_use_nfs"
        if kind in NFS
        else "virt_use_samba"
        if kind in ("cifs", "smb3")
        else "virt_use_fusefs"
        if kind.startswith("fuse.")
        else ""
    )
    if boolean not in storage.booleans:
        raise Skip(f"the policy has no boolean for {kind}")
    if storage.booleans[boolean]:
        return f"{boolean} is on"
    raise Problem(
        f"{storage.path} is {kind}, and {boolean} is off: QEMU cannot use it",
        "",
        Fix(node.name, (command("setsebool", "-P", boolean, "on"),)),
    )


def _enforcing(node: NodeFacts) -> None:
    if node.storage.selinux != "Enforcing":
        raise Skip("SELinux is not enforcing")


def _make_directory(path: str) -> tuple[str, ...]:
    """Return commands that create it; an existing one keeps its owner."""
    return (command("directory", "nova", DataPath(path)),)


def _place(node: NodeFacts) -> Place:
    place = node.storage.place
    if place is None:
        raise Skip("it does not exist")
    return place


def _first_impassable(node: NodeFacts, user: Account) -> Place | None:
    """Return the first directory of the path that the user may not enter."""
    return next(
        (p for p in node.storage.places if _missing_bit(p, user)), None
    )


def _missing_bit(place: Place, user: Account) -> str:
    """Return the class whose x bit is missing: 'u', 'g' or 'o' (chmod(1)).

    Empty if the mode permits the user to enter.
    """
    if user.uid == 0:
        return ""
    if place.uid == user.uid:
        return "" if place.mode & 0o100 else "u"
    if place.gid == user.gid or place.group in user.groups:
        return "" if place.mode & 0o010 else "g"
    return "" if place.mode & 0o001 else "o"


def _chmod_fix(node: NodeFacts, user: Account) -> Fix:
    return Fix(
        node.name,
        tuple(
            f"[ -L {command(place.path)} ] || "
            + command("chmod", f"{shut}+x", place.path)
            for place in node.storage.places
            if (shut := _missing_bit(place, user))
        ),
    )


NODE: tuple[Check, ...] = (
    instances_path_answers,
    *mounts.NODE,
    instances_path_exists,
    instances_path_owner_is_nova,
    instances_path_is_writable,
    instances_path_is_passable,
    instances_path_has_space,
    instances_path_has_its_label,
    selinux_lets_servers_use_the_mount,
)
STORAGE: tuple[Check, ...] = exports.STORAGE
PAIR: tuple[Check, ...] = sharing.PAIR
CLUSTER: tuple[Check, ...] = (*sharing.CLUSTER, *exports.CLUSTER)
