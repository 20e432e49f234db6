"""Reads jobs with virsh in an open shell, without libvirt's module."""

import re
from collections.abc import Mapping

from osc_migrate.facts import Unread
from osc_migrate.nodes.transport.shell import NodeLimits, Shell
from osc_migrate.nodes.transport.target import Target
from osc_migrate.text import printable

# libvirt's raw names and numbers (virsh 7.0 and later).
_COMMAND = "virsh -r -c qemu:///system domjobinfo --rawstats %s"
_FIELD = re.compile(r"(?m)^ *([a-z_]{1,40}): +(-?[0-9]{1,20}) *$")
_TYPE = re.compile(r"(?m)^Job type: +([0-9]{1,4}) *$")
# virsh's error for a guest that does not exist (virsh-util.c).
_NO_GUEST = "failed to get domain"
# Seconds for one reading.
_PATIENCE = 5.0
# A migration may take a day; an answer is about a page.
_LIMITS = NodeLimits(node=float("inf"), size=2**16)


class Virsh:
    """Like :class:`~osc_migrate.nodes.counters.libvirt_reader.Connection`."""

    def __init__(self, target: Target) -> None:
        self._shell = Shell(target.argv, target.name, _LIMITS)

    def job(self, server_id: str) -> Mapping[str, int]:
        answer = self._shell.run(_COMMAND, server_id, limit=_PATIENCE)
        if answer.status:
            message = printable(answer.err.strip(), 200)
            if _NO_GUEST in message:
                return {}
            raise Unread(f"virsh domjobinfo: {message}")
        fields = {name: int(n) for name, n in _FIELD.findall(answer.out)}
        if kind := _TYPE.search(answer.out):
            fields["type"] = int(kind[1])
        return fields

    def close(self) -> None:
        self._shell.kill()
