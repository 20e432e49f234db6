"""Checks of the users of Nova and QEMU: shared storage knows them by number.

Nova's documentation asks for the same uid and gid of nova and libvirt-qemu
on all hosts (doc/source/admin/node-down.rst, configuring-migrations.rst).
"""

import contextlib
from collections.abc import Callable, Iterable

from osc_migrate.checks.check import Check, Concern, Problem, Skip
from osc_migrate.checks.findings import Fix
from osc_migrate.facts import Unread
from osc_migrate.nodes.accounts import renumber
from osc_migrate.nodes.accounts.facts import Account
from osc_migrate.nodes.majority import differences, differing, majority
from osc_migrate.nodes.node import ClusterFacts, NodeFacts
from osc_migrate.nodes.node_check import LIVE, of_cluster, of_node
from osc_migrate.nodes.storage.facts import Mount, Place
from osc_migrate.text import command

# Fixed by Debian, Red Hat and Kolla; they decide a tie.
_NOVA_IDS = (64060, 162, 42436)
_QEMU_IDS = (64055, 107, 42427)
# Messages of libvirt and polkit for a user who may not use the socket.
_REFUSED = ("permission denied", "authentication", "access denied")


@of_node()
def nova_user_exists(node: NodeFacts) -> str:
    """The user that nova-compute runs as exists."""
    nova = node.accounts.nova
    if nova is None:
        raise Problem(
            "user nova does not exist, and nova-compute is not running",
            "install nova-compute there: its package creates the user;"
            " then check that 'id nova' is the same as on the other nodes",
        )
    return f"{nova.name}, uid {nova.uid}"


@of_node()
def nova_may_use_libvirt(node: NodeFacts) -> str:
    """Nova's user may talk to libvirt.

    By its membership in the group of libvirt's socket, or by a rule of
    polkit: tried, not guessed.
    """
    accounts = node.accounts
    if accounts.nova is None:
        raise Skip("there is no user nova")
    message = accounts.libvirt_says
    if message is None:
        raise Skip("virsh is not installed, so it cannot be tried")
    if not message:
        return "it connects to qemu:///system"
    if not any(word in message.lower() for word in _REFUSED):
        raise Skip(f"libvirt does not answer: {message}")
    group = accounts.libvirt_group
    if group in ("", "root") or group in accounts.nova.groups:
        raise Problem(
            f"libvirt replies to {accounts.nova.name}: {message}",
            "see unix_sock_group, unix_sock_rw_perms and auth_unix_rw in"
            " /etc/libvirt/libvirtd.conf, as on a node where it works",
        )
    raise Problem(
        f"{accounts.nova.name} is not in group {group}; libvirt"
        f" reports: {message}",
        "",
        Fix(
            node.name,
            (command("usermod", "-a", "-G", group, accounts.nova.name),),
            _units(accounts.nova_unit),
        ),
    )


@of_node()
def qemu_user_exists(node: NodeFacts) -> str:
    """The user and the group that QEMU runs as exist."""
    accounts = node.accounts
    if accounts.qemu is not None:
        return f"{accounts.qemu.name}, uid {accounts.qemu.uid}"
    if not accounts.qemu_is_set:
        raise Problem(
            "neither user libvirt-qemu nor user qemu exists",
            "install QEMU and libvirt's driver of it there: their packages"
            " create the user",
        )
    # Without the line, libvirt uses the user of its package.
    raise Problem(
        f"qemu.conf sets user = {accounts.qemu_name}, which does not exist"
        " on the node: no server can start or arrive",
        "",
        Fix(
            node.name,
            (
                command(
                    "line_drop",
                    "/etc/libvirt/qemu.conf",
                    "^[[:space:]]*user[[:space:]]*=",
                ),
            ),
            _units(accounts.libvirt_unit),
        ),
    )


@of_cluster()
def nova_uid_agrees(cluster: ClusterFacts) -> str:
    """Nova's user has the same number on all compute nodes.

    With another one, nova-compute may not write where the others do:
    'Permission denied', and the server ends in ERROR.
    """
    owners = [place.uid for place in _shared_places(cluster)]
    return _agree(
        cluster,
        "nova's uid",
        lambda node: node.accounts.nova,
        lambda nova: nova.uid,
        (*owners, *_numbers(cluster.storages, lambda nova: nova.uid)),
        _NOVA_IDS,
        renumber.nova_uid,
    )


@of_cluster()
def nova_gid_agrees(cluster: ClusterFacts) -> str:
    """Nova's group has the same number on all compute nodes."""
    owners = [place.gid for place in _shared_places(cluster)]
    return _agree(
        cluster,
        "nova's gid",
        lambda node: node.accounts.nova,
        lambda nova: nova.gid,
        (*owners, *_numbers(cluster.storages, lambda nova: nova.gid)),
        _NOVA_IDS,
        renumber.nova_gid,
        Concern,
    )


@of_cluster(LIVE)
def qemu_uid_agrees(cluster: ClusterFacts) -> str:
    """QEMU's user has the same number on all compute nodes.

    The destination's libvirt gives the disks to its own QEMU while the
    source's still writes: NFS judges each write by its number, others only
    the opening of a file.
    """
    return _agree(
        cluster,
        "the uid of QEMU's user",
        lambda node: node.accounts.qemu,
        lambda qemu: qemu.uid,
        (),
        _QEMU_IDS,
        renumber.qemu_uid,
        None if any(m.nfs for m in _mounts(cluster)) else Concern,
    )


@of_cluster(LIVE)
def qemu_gid_agrees(cluster: ClusterFacts) -> str:
    """QEMU's group has the same number on all compute nodes.

    Disks belong to QEMU's user, who may use them whatever their group.
    """
    return _agree(
        cluster,
        "the gid of QEMU's group",
        lambda node: node.accounts.qemu,
        lambda qemu: qemu.gid,
        (),
        _QEMU_IDS,
        renumber.qemu_gid,
        Concern,
    )


@of_cluster()
def storage_knows_nova(cluster: ClusterFacts) -> str:
    """A file server's user nova has the number that compute nodes give it.

    NFS goes by numbers, so servers move all the same, but a directory made
    there for nova belongs to another user.
    """
    compute_uids = {
        node.accounts.nova.uid
        for node in cluster.computes
        if node.accounts.nova
    }
    storage_uids = {
        node.name: node.accounts.nova.uid
        for node in cluster.storages
        if node.accounts.nova
    }
    if not storage_uids:
        raise Skip("no file server has user nova")
    if len(compute_uids) != 1:
        raise Skip("compute nodes differ")
    agreed = next(iter(compute_uids))
    outliers = differing(storage_uids, agreed)
    if not outliers:
        return f"{agreed}"
    text, fixes = renumber.remedy(
        [node for node in cluster.storages if node.name in outliers],
        agreed,
        renumber.nova_uid,
    )
    raise Concern(
        ", ".join(f"nova is {uid} on {name}" for name, uid in outliers.items())
        + f", and {agreed} on compute nodes",
        text,
        *fixes,
    )


def _agree(
    cluster: ClusterFacts,
    subject: str,
    account_of: Callable[[NodeFacts], Account | None],
    number: Callable[[Account], int],
    votes: Iterable[int],
    usual: Iterable[int],
    make_fix: renumber.MakeFix,
    mild: type[Concern] | None = None,
) -> str:
    """:param mild: raised instead of Problem if nothing breaks at once."""
    values = {}
    for node in cluster.computes:
        # If there is none, a check of the node reports it.
        if account := account_of(node):
            values[node.name] = number(account)
    if len(values) < 2:
        raise Skip("fewer than two nodes have such a user")
    agreed = majority(values, votes, usual)
    outliers = differing(values, agreed)
    if not outliers:
        return f"{agreed}"
    detail = f"{subject}: {differences(values, agreed)}"
    if not any(mount.shared for mount in _mounts(cluster)):
        raise Skip(f"{detail}; no directory of servers is shared")
    text, fixes = renumber.remedy(
        [node for node in cluster.computes if node.name in outliers],
        agreed,
        make_fix,
    )
    raise (mild or Problem)(detail, text, *fixes)


def _mounts(cluster: ClusterFacts) -> list[Mount]:
    """Return the mounts of the instances directories, where known."""
    mounts = []
    for node in cluster.computes:
        with contextlib.suppress(Unread):
            mounts.append(node.storage.mount)
    return mounts


def _shared_places(cluster: ClusterFacts) -> list[Place]:
    """Return the directory as seen by the nodes that share it."""
    places = []
    for node in cluster.computes:
        with contextlib.suppress(Unread):
            if node.storage.mount.shared and node.storage.place:
                places.append(node.storage.place)
    return places


def _numbers(
    nodes: list[NodeFacts], number: Callable[[Account], int]
) -> list[int]:
    numbers = []
    for node in nodes:
        with contextlib.suppress(Unread):
            if node.accounts.nova:
                numbers.append(number(node.accounts.nova))
    return numbers


def _units(*names: str) -> tuple[str, ...]:
    return tuple(name for name in names if name)


NODE: tuple[Check, ...] = (
    nova_user_exists,
    nova_may_use_libvirt,
    qemu_user_exists,
)
STORAGE: tuple[Check, ...] = ()
PAIR: tuple[Check, ...] = ()
CLUSTER: tuple[Check, ...] = (
    nova_uid_agrees,
    nova_gid_agrees,
    qemu_uid_agrees,
    qemu_gid_agrees,
    storage_knows_nova,
)
