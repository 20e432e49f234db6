"""Parses virsh's output about libvirt, QEMU and the host."""

import re
from collections.abc import Callable
from typing import Any

from osc_migrate.facts import Unread
from osc_migrate.nodes.command_output import CommandOutput, fact


def read(output: CommandOutput) -> dict[str, Any]:
    """Return facts by name; without an answer, only 'trouble' is read."""
    answer = fact(output.answer, "virsh")
    if isinstance(answer, Unread):
        # virsh was run: a hanging daemon is reported as the trouble.
        trouble, lines = answer.reason, []
    else:
        lines = answer.lines
        errors = answer.err.strip().splitlines() or ["it does not answer"]
        trouble = "" if any("<uuid>" in x for x in lines) else errors[-1]
    unknown = Unread(f"libvirt did not answer: {trouble}")

    def or_unknown(read: Callable[[list[str]], Any]) -> Any:
        return unknown if trouble else fact(read, lines)

    return {
        "trouble": trouble[:300],
        "host_uuid": or_unknown(lambda x: _text_between(x, "uuid")),
        "qemu_version": or_unknown(
            lambda x: _version(x, "Running hypervisor")
        ),
        "version": or_unknown(lambda x: _version(x, "Running against daemon")),
        "machines": or_unknown(lambda x: frozenset(_machines(x)[0])),
        "aliases": or_unknown(lambda x: _machines(x)[1]),
        "security": or_unknown(_security),
    }


def _text_between(lines: list[str], tag: str) -> str:
    for line in lines:
        _, opening, remainder = line.partition(f"<{tag}>")
        if opening:
            return remainder.partition("<")[0].strip()
    raise Unread(f"libvirt shows no {tag} of its host")


def _version(lines: list[str], label: str) -> tuple[int, ...]:
    for line in lines:
        name, _, text = line.partition(":")
        match = re.search(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})", text[:100])
        if name.strip() == label and match:
            return tuple(map(int, match.groups()))
    raise Unread(f"virsh version shows no '{label}'")


def _machines(lines: list[str]) -> tuple[set[str], dict[str, str]]:
    """Return machine types and aliases of the host's architecture."""
    names: set[str] = set()
    aliases: dict[str, str] = {}
    host = architecture = ""
    for line in lines:
        if "<arch>" in line and not host:
            host = _text_between([line], "arch")
        elif match := re.search(r"<arch name='([^']{1,40})'", line[:300]):
            architecture = match[1]
        elif architecture == host and (machine := _MACHINE.search(line[:300])):
            names.add(machine[2])
            if machine[1]:
                aliases[machine[2]] = machine[1]
    if not names:
        raise Unread("libvirt shows no machine types of its host")
    return names, aliases


_MACHINE = re.compile(
    r"<machine(?: canonical='([^']{1,64})')?[^>]{0,100}>([^<]{1,64})<"
)


def _security(lines: list[str]) -> frozenset[str]:
    """Return the security models, which precede the first guest.

    The CPU has a <model> too, inside <cpu>, before them.
    """
    models: set[str] = set()
    for line in lines:
        if "<arch name" in line:
            break
        match = re.search(r"<model>([^<]{1,40})</model>", line[:300])
        if match and match[1] in ("none", "dac", "apparmor", "selinux"):
            models.add(match[1])
    if not models:
        # A driver without effect has the model 'none'.
        raise Unread("libvirt shows no security model of its host")
    return frozenset(models - {"none"})
