"""Remedies that give a user or group another number.

`usermod -u` gives away all that is in the home directory, which holds the
mounted directory of all nodes' servers: it gets another home while it works.
Only files of the node's own filesystems change their owner.
"""

from collections.abc import Callable, Sequence

from osc_migrate.checks.findings import Fix
from osc_migrate.checks.script import Uid, UnsafeText, by_type
from osc_migrate.facts import or_none
from osc_migrate.nodes.accounts.facts import Account
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.text import command

# The commands that make the change; or, as text, why there are none.
MakeFix = Callable[[NodeFacts, int], Fix | str]
_NOWHERE = "/nonexistent"
# Whose word the number is, for a reader.
OTHER_NODES = "other nodes"
# Which packages give to nova.
_NOVA_PLACES = ("/etc/nova", "/var/log/nova", "/var/lock/nova", "/run/nova")
# Which hold files of QEMU's user; its servers' disks are renamed by libvirt.
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
    """A verdict's remedy and its fixes."""
    results = [_fix_or_instructions(node, number, make_fix) for node in nodes]
    instructions = [result for result in results if isinstance(result, str)]
    fixes = [result for result in results if isinstance(result, Fix)]
    text = "; ".join([*instructions, *map(str, fixes)]) if instructions else ""
    return text, fixes


def _fix_or_instructions(
    node: NodeFacts, number: int, make_fix: MakeFix
) -> Fix | str:
    """Other nodes may ask for a number that no account of this one has, and
    for none of the system's first ones: root is 0."""
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
    """With the home directory: what is mounted below it is left alone."""
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
    # Only while the number is another one: a second run must not stop
    # a process. usermod refuses a user who has processes.
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
    """Of what is there. -xdev stays on each place's own filesystem, but
    would still look at the directory where another one is mounted."""
    mount = or_none(lambda: node.storage.mount)
    but = ("!", "-path", mount.target) if mount and mount.shared else ()
    return (
        f'for d in {command(*places)}; do [ ! -e "$d" ] || find "$d" '
        + command("-xdev", test, old, *but, "-execdir", change, "-h", new)
        + " {} +; done"
    )


def _stop(unit: str) -> tuple[str, ...]:
    return (command("systemctl", "stop", unit),) if unit else ()
