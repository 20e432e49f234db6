"""From Nova's names of the compute hosts to how each is reached."""

import math
import os
import pathlib
import re
from collections.abc import Callable, Mapping

import yaml

from osc_migrate.errors import MigrateError
from osc_migrate.nodes.transport import ansible
from osc_migrate.nodes.transport.target import BadTarget, Target
from osc_migrate.text import printable, size

# Bytes of an inventory.
LARGEST = 8 * 2**20
# Levels of brackets in YAML.
_DEEPEST = 20
_BRACKETS = re.compile(r"[\[\]{}]")
_NESTED_LISTS = re.compile(r"(?:[-?]\s){20}")
_LINE = re.compile(r"(\S+)\s+([a-z][a-z0-9+-]*://\S*)")
# What an entry of the native YAML may say beside its URI.
_FIELDS = {
    "sudo": bool,
    "ssh_config": str,
    "ssh_identity_file": str,
    "timeout": int,
    "user": str,
}
# Entry of an inventory -> the fields of a Target.
_Entry = Mapping[str, object]


class BadInventory(MigrateError):
    """An inventory that cannot be used."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"inventory {printable(path)}: {reason}")


def resolve(
    hosts: Mapping[str, str | None],
    inventory: str | None = None,
    ssh_config: str | None = None,
    ssh_user: str | None = None,
    ssh_identity_file: str | None = None,
    sudo: bool = False,
    connect_timeout: float | None = None,
) -> dict[str, Target]:
    """How each host is reached.

    1. A host that is in the inventory, under Nova's name for it: as that
       says.
    2. With `ssh_config`: by its own name, which that file knows.
    3. By the address of its hypervisor.
    4. Without one, by its own name.

    `ssh_config`, `ssh_user`, `ssh_identity_file`, `sudo` and
    `connect_timeout` are for all of them, an inventory's hosts included where
    it says nothing else. Ansible's
    ansible_ssh_common_args go to ssh as they are: where these switch the
    check of host keys off, it is off.

    :param hosts: Nova's name of the host -> its hypervisor's address.
    :param inventory: a file of lines ``HostB ssh://root@192.0.2.7``; or one
        in YAML, ``HostB: ssh://...`` or ``HostB: {uri: ssh://..., sudo:
        true}``, below ``hosts:`` or not; or whatever Ansible reads.
    :raises MigrateError: the inventory cannot be used, or what it or Nova
        says of a host.
    """
    known = read(inventory) if inventory else {}
    common: dict[str, object] = {
        "user": ssh_user,
        "ssh_config": _path(ssh_config),
        "ssh_identity_file": _path(ssh_identity_file),
        "sudo": sudo,
    }
    if connect_timeout is not None:
        # ssh knows whole seconds.
        common["timeout"] = math.ceil(connect_timeout)
    targets = {}
    for name, address in hosts.items():
        if name in known:
            targets[name] = _target(
                name, common | dict(known[name]), inventory
            )
        else:
            place = name if ssh_config or not address else address
            entry = {"uri": Target.at(name, place)}
            targets[name] = _target(name, common | entry)
    return targets


def read(path: str) -> Mapping[str, _Entry]:
    """An inventory's hosts, each with the fields of its Target.

    :raises MigrateError: it is not an inventory.
    """
    file = pathlib.Path(path).expanduser()
    try:
        # A script or a folder of files is Ansible's.
        if file.is_dir() or os.access(file, os.X_OK):
            return _ansible(path, file)
        if file.stat().st_size > LARGEST:
            raise BadInventory(path, f"is larger than {size(LARGEST)}")
        text = file.read_bytes().decode()
    except OSError as error:
        raise BadInventory(path, str(error.strerror)) from error
    except UnicodeDecodeError as error:
        raise BadInventory(path, "is not UTF-8 text") from error
    for reader in (_lines, _yaml):
        entries = reader(path, text)
        if entries is not None:
            return entries
    return _ansible(path, file)


def _lines(path: str, text: str) -> Mapping[str, _Entry] | None:
    """Lines of name and URI; None when it holds anything else."""
    entries: dict[str, _Entry] = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.fullmatch(stripped)
        if not match or match[1].endswith(":"):
            return None
        if match[1] in entries:
            raise BadInventory(
                path, f"line {number}: host '{printable(match[1])}' again"
            )
        entries[match[1]] = {"uri": match[2]}
    return entries or None


def _depth(text: str) -> int:
    """How deep brackets and lists are nested, or seem to be.

    PyYAML takes seconds for some thousands, and ours has two levels.
    """
    deepest = depth = 0
    for bracket in _BRACKETS.findall(text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    if _NESTED_LISTS.search(text):
        return _DEEPEST + 1
    return deepest


def _yaml(path: str, text: str) -> Mapping[str, _Entry] | None:
    """Our own YAML; None when it is nothing of ours."""
    if _depth(text) > _DEEPEST:
        return None
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    if isinstance(document, dict) and isinstance(document.get("hosts"), dict):
        document = document["hosts"]
    if not isinstance(document, dict) or not any(
        map(_has_uri, document.values())
    ):
        return None
    return {
        str(name): _entry(path, str(name), value)
        for name, value in document.items()
    }


def _has_uri(value: object) -> bool:
    """As no inventory of Ansible says it."""
    if isinstance(value, dict):
        return "uri" in value
    return isinstance(value, str) and "://" in value


def _entry(path: str, name: str, value: object) -> _Entry:
    entry = value if isinstance(value, dict) else {"uri": value}

    def invalid(reason: str) -> BadInventory:
        return BadInventory(path, f"host '{printable(name)}': {reason}")

    if not isinstance(entry.get("uri"), str):
        raise invalid("a URI is needed, such as ssh://root@192.0.2.7")
    for field, setting in entry.items():
        if field == "uri":
            continue
        kind = _FIELDS.get(field)
        if kind is None:
            shown = printable(field, 40)
            raise invalid(f"'{shown}' is not one of uri, {', '.join(_FIELDS)}")
        # bool is an int to Python, and 'yes' is a bool to YAML.
        if type(setting) is not kind:
            raise invalid(f"{field} is not of the type {kind.__name__}")
    return entry


def _ansible(path: str, file: pathlib.Path) -> Mapping[str, _Entry]:
    try:
        return ansible.read(file.absolute())
    except ansible.Unusable as error:
        raise BadInventory(path, str(error)) from error


def _target(name: str, entry: _Entry, path: str | None = None) -> Target:
    construct: Callable[..., Target] = Target
    fields = dict(entry)
    for field in ("ssh_config", "ssh_identity_file"):
        if isinstance(file := fields.get(field), str):
            fields[field] = _path(file)
    try:
        return construct(name, **fields)
    except BadTarget as error:
        if path is None:
            raise
        raise BadInventory(path, str(error)) from error


def _path(path: str | None) -> str | None:
    return os.path.expanduser(path) if path else None
