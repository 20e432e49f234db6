"""Ansible's inventories, as its own program reads them."""

import json
import pathlib
import shlex
import subprocess
import typing
from collections.abc import Mapping

from osc_migrate.errors import MigrateError
from osc_migrate.nodes.transport.target import Target
from osc_migrate.text import printable

_PROGRAM = "ansible-inventory"
# Seconds that it may take: a script may ask a cloud for its servers.
_PATIENCE = 60
_CONNECTIONS = {
    "ssh": "ssh",
    "smart": "ssh",
    "paramiko": "ssh",
    "paramiko_ssh": "ssh",
    "local": "local",
    "docker": "docker",
    "podman": "podman",
}
_YES = {"true", "yes", "on", "1", "y", "t"}
_NO = {"false", "no", "off", "0", "n", "f", ""}


class Unusable(MigrateError):
    """It cannot be used, and why; whoever asked knows the file."""


def read(path: pathlib.Path) -> dict[str, dict[str, object]]:
    """The hosts of an inventory, each with the fields of its Target.

    :param path: absolute, so that it is no option and no list of hosts.
    :raises Unusable: Ansible is not there, or does not read it, or a host
        is reached in a way that we have not.
    """
    return {
        name: _fields(name, variables)
        for name, variables in _hosts(_list(path)).items()
    }


def _list(path: pathlib.Path) -> typing.Any:
    try:
        done = subprocess.run(  # noqa: S603 - argv, no shell
            [_PROGRAM, "-i", str(path), "--list"],  # found as usual
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
        )
    except FileNotFoundError as error:
        raise Unusable(
            "it is none of ours, and to read one of Ansible's the program "
            f"{_PROGRAM} is needed: install ansible-core, or write lines "
            "such as 'HostB ssh://root@192.0.2.7'"
        ) from error
    except OSError as error:
        raise Unusable(f"{_PROGRAM}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise Unusable(f"{_PROGRAM} took over {_PATIENCE} s") from error
    said = done.stderr.decode(errors="replace").strip()
    if done.returncode:
        raise Unusable(f"{_PROGRAM} failed: {printable(said, 300)}")
    try:
        listed = json.loads(done.stdout)
    except ValueError as error:
        raise Unusable(f"{_PROGRAM} printed no JSON") from error
    if not isinstance(listed, dict) or not _hosts(listed):
        # It warns of what it cannot read, and lists nothing.
        raise Unusable(f"it names no hosts. {printable(said, 300)}".strip())
    return listed


def _hosts(listed: typing.Any) -> dict[str, Mapping[str, object]]:
    """Host -> its variables. Those without any are in groups only."""
    groups = {k: v for k, v in listed.items() if k != "_meta"}
    found: dict[str, Mapping[str, object]] = {
        host: {}
        for group in groups.values()
        for host in group.get("hosts", ())
    }
    found.update(listed.get("_meta", {}).get("hostvars", {}))
    return found


def _fields(name: str, variables: Mapping[str, object]) -> dict[str, object]:
    def said(*names: str) -> str:
        """The first of these that is set, as text."""
        for one in names:
            if (value := variables.get(one)) is not None:
                text = str(value)
                if "{{" in text:
                    raise bad(f"{one} is a template, which we cannot fill in")
                return text
        return ""

    def bad(why: str) -> Unusable:
        return Unusable(f"host '{printable(name, 80)}': {why}")

    connection = said("ansible_connection").rpartition(".")[2] or "ssh"
    scheme = _CONNECTIONS.get(connection)
    if scheme is None:
        raise bad(
            f"ansible_connection={printable(connection, 40)} is none of ours"
        )
    host = said("ansible_host", "ansible_ssh_host") or name
    user = said("ansible_user", "ansible_ssh_user")
    fields: dict[str, object] = {}
    if scheme == "ssh":
        port = said("ansible_port", "ansible_ssh_port")
        fields["uri"] = Target.at(name, host, port)
        if user:
            fields["user"] = user
        options = " ".join(
            (said("ansible_ssh_common_args"), said("ansible_ssh_extra_args"))
        )
        try:
            fields["ssh_options"] = tuple(shlex.split(options))
        except ValueError as error:
            raise bad(f"ansible_ssh_common_args: {error}") from error
        key = said("ansible_ssh_private_key_file", "ansible_private_key_file")
        if key:
            fields["ssh_identity_file"] = key
    elif scheme == "local":
        fields["uri"] = "local://"
    else:
        fields["uri"] = f"{scheme}://{user}{'@' if user else ''}{host}"
    become = said("ansible_become").lower()
    if become not in _YES | _NO:
        raise bad(f"ansible_become={printable(become, 40)} is no truth")
    if "ansible_become" in variables:
        fields["sudo"] = become in _YES
    method = said("ansible_become_method")
    if become in _YES and method.rpartition(".")[2] not in ("", "sudo"):
        raise bad(f"become by {printable(method, 40)} is not supported")
    return fields
