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
    """It cannot be used, and why; the caller knows the file."""


def read(path: pathlib.Path) -> dict[str, dict[str, object]]:
    """Return the hosts of an inventory, each with the fields of its Target.

    :param path: absolute, so that it is neither an option nor a list of hosts.
    :raises Unusable: Ansible is missing or cannot read it, or a host has an
        unsupported connection.
    """
    return {
        name: _fields(name, variables)
        for name, variables in _hosts(_list(path)).items()
    }


def _list(path: pathlib.Path) -> typing.Any:
    try:
        result = subprocess.run(  # noqa: S603 - argv, no shell
            [_PROGRAM, "-i", str(path), "--list"],  # found as usual
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
        )
    except FileNotFoundError as error:
        raise Unusable(
            "it is not supported, and to read one of Ansible's the program "
            f"{_PROGRAM} is needed: install ansible-core, or write lines "
            "such as 'HostB ssh://root@192.0.2.7'"
        ) from error
    except OSError as error:
        raise Unusable(f"{_PROGRAM}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise Unusable(f"{_PROGRAM} took over {_PATIENCE} s") from error
    message = result.stderr.decode(errors="replace").strip()
    if result.returncode:
        raise Unusable(f"{_PROGRAM} failed: {printable(message, 300)}")
    try:
        listed = json.loads(result.stdout)
    except ValueError as error:
        raise Unusable(f"{_PROGRAM} printed no JSON") from error
    if not isinstance(listed, dict) or not _hosts(listed):
        # For an unreadable inventory, it warns and lists nothing.
        raise Unusable(f"it names no hosts. {printable(message, 300)}".strip())
    return listed


def _hosts(listed: typing.Any) -> dict[str, Mapping[str, object]]:
    """Return host -> variables. Hosts without any are only in groups."""
    if not isinstance(listed, dict):
        return {}
    groups = [v for k, v in listed.items() if k != "_meta"]
    variables: dict[str, Mapping[str, object]] = {
        host: {}
        for group in groups
        if isinstance(group, dict) and isinstance(group.get("hosts"), list)
        for host in group["hosts"]
        if isinstance(host, str)
    }
    meta = listed.get("_meta")
    host_variables = meta.get("hostvars") if isinstance(meta, dict) else None
    if isinstance(host_variables, dict):
        variables.update(
            (host, fields)
            for host, fields in host_variables.items()
            if isinstance(fields, dict)
        )
    return variables


def _fields(name: str, variables: Mapping[str, object]) -> dict[str, object]:
    def variable(*names: str) -> str:
        """Return the first of these variables that is set, as text."""
        for option in names:
            if (value := variables.get(option)) is not None:
                text = str(value)
                if "{{" in text:
                    raise unusable(
                        f"{option} is a template, which we cannot fill in"
                    )
                return text
        return ""

    def unusable(reason: str) -> Unusable:
        return Unusable(f"host '{printable(name, 80)}': {reason}")

    connection = variable("ansible_connection").rpartition(".")[2] or "ssh"
    scheme = _CONNECTIONS.get(connection)
    if scheme is None:
        raise unusable(
            f"ansible_connection={printable(connection, 40)} is not supported"
        )
    host = variable("ansible_host", "ansible_ssh_host") or name
    user = variable("ansible_user", "ansible_ssh_user")
    fields: dict[str, object] = {}
    if scheme == "ssh":
        port = variable("ansible_port", "ansible_ssh_port")
        fields["uri"] = Target.at(name, host, port)
        if user:
            fields["user"] = user
        options = " ".join(
            (
                variable("ansible_ssh_common_args"),
                variable("ansible_ssh_extra_args"),
            )
        )
        try:
            fields["ssh_options"] = tuple(shlex.split(options))
        except ValueError as error:
            raise unusable(f"ansible_ssh_common_args: {error}") from error
        key = variable(
            "ansible_ssh_private_key_file", "ansible_private_key_file"
        )
        if key:
            fields["ssh_identity_file"] = key
    elif scheme == "local":
        fields["uri"] = "local://"
    else:
        fields["uri"] = f"{scheme}://{user}{'@' if user else ''}{host}"
    become = variable("ansible_become").lower()
    if become not in _YES | _NO:
        raise unusable(
            f"ansible_become={printable(become, 40)} is not a boolean"
            " (yes or no)"
        )
    if "ansible_become" in variables:
        fields["sudo"] = become in _YES
    method = variable("ansible_become_method")
    if become in _YES and method.rpartition(".")[2] not in ("", "sudo"):
        raise unusable(f"become by {printable(method, 40)} is not supported")
    return fields
