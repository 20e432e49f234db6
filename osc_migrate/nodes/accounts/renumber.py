"""Remedies that change the number of a user or group.

`usermod -u` changes the owner of everything in the home directory, which
contains the shared instances directory: the user gets another home meanwhile.
Only files on the node's own filesystems change their owner.
"""

from collections.abc import Callable, Sequence

from osc_migrate.checks.findings import Fix
from osc_migrate.checks.script import Uid, UnsafeText, by_type
from osc_migrate.facts import or_none
from osc_migrate.nodes.accounts.facts import Account
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.text import command

# Returns the commands for the change or, as text, why there are none.
MakeFix = Callable[[NodeFacts, int], Fix | str]
_NOWHERE = "/nonexistent"
# The source of the number, for a reader.
OTHER_NODES = "other nodes"
# Directories that packages assign to nova.
_NOVA_PLACES = ("/etc/nova", "/var/log/nova", "/var/lock/nova", "/run/nova")
# Directories with files of QEMU's user; libvirt changes the owner of disks.
_QEMU_PLACES = (
    "/var/lib/libvirt/qemu",
    "/var/lib/libvirt/images",
    "/var/cache/libvirt/qemu",
    "/run/libvirt/qemu",
    "/etc/pki/qemu",
)


def remedy(
    nodes: Sequence[NodeFacts], number: int, make_fix: MakeFix
) -> tuple[str, list[Fix]]:
    """Return the remedy and the fixes of a verdict."""
    results = [_fix_or_instructions(node, number, make_fix) for node in nodes]
    instructions = [result for result in results if isinstance(result, str)]
    fixes = [result for result in results if isinstance(result, Fix)]
    text = "; ".join([*instructions, *map(str, fixes)]) if instructions else ""
    return text, fixes


def _fix_or_instructions(
    node: NodeFacts, number: int, make_fix: MakeFix
) -> Fix | str:
    """Return a fix, or instructions if the number is not acceptable.

    Other nodes may only suggest numbers that no account of this node has, and
    not those of system accounts: root is 0.
    """
    try:
        fix = make_fix(node, Uid(number))
        if isinstance(fix, str):
            return fix
        return fix.resting_on(OTHER_NODES, vouched=by_type(Uid(number)))
    except UnsafeText:
        return str(
            Fix(node.name, (), refused=f"{number} is the number of the system")
        )


def nova_uid(node: NodeFacts, number: int) -> Fix | str:
    nova, unit = node.accounts.nova, node.accounts.nova_unit
    return _user(node, nova, number, _nova_places(node), unit, unit)


def nova_gid(node: NodeFacts, number: int) -> Fix | str:
    nova = node.accounts.nova
    return _group(
        node, nova, number, _nova_places(node), node.accounts.nova_unit
    )


def qemu_uid(node: NodeFacts, number: int) -> Fix | str:
    accounts = node.accounts
    return _user(
        node, accounts.qemu, number, _QEMU_PLACES, accounts.libvirt_unit
    )


def qemu_gid(node: NodeFacts, number: int) -> Fix | str:
    accounts = node.accounts
    return _group(
        node, accounts.qemu, number, _QEMU_PLACES, accounts.libvirt_unit
    )


def _nova_places(node: NodeFacts) -> tuple[str, ...]:
    """Return directories of nova; filesystems mounted in them are skipped."""
    home = node.accounts.nova.home if node.accounts.nova else ""
    state = or_none(lambda: node.config.state_path)
    return tuple(dict.fromkeys(p for p in (home, state) if p)) + _NOVA_PLACES


def _user(
    node: NodeFacts,
    user: Account | None,
    number: int,
    places: tuple[str, ...],
    restart: str,
    stop: str = "",
) -> Fix | str:
    if user is None or not user.home:
        return f"on {node.name}: build the container with uid {number}"
    if holder := node.accounts.users.get(number):
        return (
            f"on {node.name}: {number} is the uid of {holder}: give {holder}"
            f" another one first, and then {user.name} this one"
        )
    # Only if the number differs: a second run must not stop any process.
    # usermod refuses users with processes.
    renamed = "; ".join(
        (
            *_stop(stop),
            command("usermod", "-u", number, "-d", _NOWHERE, user.name),
            command("usermod", "-d", user.home, user.name),
        )
    )
    return Fix(
        node.name,
        (
            f'[ "$(id -u {command(user.name)})" = {number} ]'
            f" || {{ {renamed}; }}",
            _change_owner(node, places, "-uid", user.uid, "chown", number),
        ),
        (restart,) if restart else (),
    )


def _group(
    node: NodeFacts,
    user: Account | None,
    number: int,
    places: tuple[str, ...],
    restart: str,
) -> Fix | str:
    if user is None or not user.home or not user.group:
        return f"on {node.name}: build the container with gid {number}"
    if holder := node.accounts.groups.get(number):
        return (
            f"on {node.name}: {number} is the gid of {holder}: give {holder}"
            f" another one first, and then {user.group} this one"
        )
    return Fix(
        node.name,
        (
            command("groupmod", "-g", number, user.group),
            _change_owner(node, places, "-gid", user.gid, "chgrp", number),
        ),
        (restart,) if restart else (),
    )


def _change_owner(
    node: NodeFacts,
    places: tuple[str, ...],
    test: str,
    old: int,
    change: str,
    new: int,
) -> str:
    """Return a command that changes the owner of existing files.

    -xdev stays on the filesystem of each directory, but would still visit the
    mount point of another one.
    """
    mount = or_none(lambda: node.storage.mount)
    but = ("!", "-path", mount.target) if mount and mount.shared else ()
    return (
        f'for d in {command(*places)}; do [ ! -e "$d" ] || find "$d" '
        + command("-xdev", test, old, *but, "-execdir", change, "-h", new)
        + " {} +; done"
    )


def _stop(unit: str) -> tuple[str, ...]:
    return (command("systemctl", "stop", unit),) if unit else ()
