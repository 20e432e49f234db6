"""Determines how each compute host is reached."""

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

# Maximum size of an inventory in bytes.
LARGEST = 8 * 2**20
# Maximum nesting in YAML.
_DEEPEST = 20
_BRACKETS = re.compile(r"[\[\]{}]")
_NESTED_LISTS = re.compile(r"(?:[-?]\s){20}")
_LINE = re.compile(r"(\S+)\s+([a-z][a-z0-9+-]*://\S*)")
# Allowed fields of an entry in our YAML, besides the URI.
_FIELDS = {
    "sudo": bool,
    "ssh_config": str,
    "ssh_identity_file": str,
    "timeout": int,
    "user": str,
}
# An entry of an inventory: the fields of a Target.
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
    """Return how each host is reached.

    1. A host in the inventory (by its name in Nova): as specified there.
    2. With `ssh_config`: by its name, as configured there.
    3. By the address of its hypervisor.
    4. Otherwise by its name.

    `ssh_config`, `ssh_user`, `ssh_identity_file`, `sudo` and `connect_timeout`
    apply to all hosts, unless the inventory specifies otherwise. Ansible's
    ansible_ssh_common_args are passed to ssh unchanged, even if they disable
    the verification of host keys.

    :param hosts: name in Nova -> address of the hypervisor.
    :param inventory: a file of lines ``HostB ssh://root@192.0.2.7``; or one
        in YAML, ``HostB: ssh://...`` or ``HostB: {uri: ssh://..., sudo:
        true}``, below ``hosts:`` or not; or whatever Ansible reads.
    :raises MigrateError: the inventory or a value in it or from Nova is
        invalid.
    """
    known = read(inventory) if inventory else {}
    common: dict[str, object] = {
        "user": ssh_user,
        "ssh_config": _path(ssh_config),
        "ssh_identity_file": _path(ssh_identity_file),
        "sudo": sudo,
    }
    if connect_timeout is not None:
        # ssh only accepts whole seconds.
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
    """Read the hosts of an inventory, each with the fields of its Target.

    :raises MigrateError: it is not an inventory.
    """
    file = pathlib.Path(path).expanduser()
    try:
        # Scripts and directories are Ansible inventories.
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
    """Parse lines of name and URI; None if there is anything else."""
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
    """Return the apparent nesting depth of brackets and lists.

    PyYAML takes seconds for thousands of levels; ours has two.
    """
    deepest = depth = 0
    for bracket in _BRACKETS.findall(text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    if _NESTED_LISTS.search(text):
        return _DEEPEST + 1
    return deepest


def _yaml(path: str, text: str) -> Mapping[str, _Entry] | None:
    """Parse our own YAML format; None if it is another format."""
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
    """Return whether it has a URI, unlike Ansible's inventories."""
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
        # In Python, bool is an int; in YAML, 'yes' is a bool.
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
