"""Whether a node runs a release with a known bug that affects moves.

The bugs are listed in nodes/release_bugs.py. A release alone is not a finding.
"""

import dataclasses
import re
from collections.abc import Sequence

from osc_migrate.checks.check import Check, Concern, Problem, Skip
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Facts, Unread, fact
from osc_migrate.nodes.answers import Question
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.node import NodeFacts, PairFacts
from osc_migrate.nodes.node_check import LIVE, of_node, of_pair
from osc_migrate.nodes.release_bugs import (
    DISK_COPIES,
    LIBVIRT,
    NOVA,
    PAIRS,
    Bug,
    Version,
    dotted,
    is_in_ranges,
)

_NONE = "none of the known bugs"


@dataclasses.dataclass(frozen=True, repr=False)
class NovaRelease(Facts):
    """The release of nova-compute."""

    # Such as (34, 0, 0).
    version: Version


HEALTHY = {"nova": "nova-34.0.0.dist-info\n#end"}
# Directories where deployment tools install Nova: packages, pip, kolla,
# openstack-ansible, openstack-helm, DevStack.
_ROOTS = (
    *("/usr/lib", "/usr/local/lib", "/var/lib/kolla/venv/lib"),
    *("/openstack/venvs/nova-*/lib", "/var/lib/openstack/lib"),
    "/opt/stack/data/venv/lib",
)
_LIST_PACKAGES = (
    f"for root in {' '.join(_ROOTS)}; do"
    " ls -d $root/python3*/*-packages/nova-[0-9]*-info 2>/dev/null; done"
    " | sed 's,.*/,,'; echo '#end'"
)
_METADATA = re.compile(r"nova-(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?!\d)[\w.+-]*")


def questions(
    config: Config, role: str, *, read_only: bool
) -> dict[str, Question]:
    # A container has separate packages.
    return {} if config.contained else {"nova": Question(_LIST_PACKAGES)}


def read(output: CommandOutput) -> NovaRelease:
    return NovaRelease(version=fact(_release, output))


def _release(output: CommandOutput) -> Version:
    parts = output.parts("nova")
    if "end" not in parts:
        raise Unread("the list of Nova's packages is not complete")
    matches = [_METADATA.fullmatch(line) for line in parts[""]]
    releases = {
        tuple(int(number) for number in match.groups())
        for match in matches
        if match
    }
    if len(releases) != 1:
        raise Unread(f"{len(releases)} releases of Nova are installed")
    return releases.pop()


@of_node(LIVE)
def known_bugs_of_nova_are_fixed(node: NodeFacts) -> str:
    """nova-compute has no known bug that a live move can meet there.

    The page of known bugs has all of them, with their sources.
    """
    try:
        release = node.small(NovaRelease).version
    except Unread as unread:
        raise Skip(f"Nova's release is not known: {unread.reason}") from None
    return _judge_bugs(node, release, _bugs_present(node, release, NOVA))


@of_node(LIVE)
def known_bugs_of_libvirt_are_fixed(node: NodeFacts) -> str:
    """libvirt has no known bug that a live move can meet there."""
    version = _versions(node)["libvirt"]
    return _judge_bugs(node, version, _bugs_present(node, version, LIBVIRT))


@of_node((Kind.BLOCK,))
def known_bugs_of_disk_copies_are_fixed(node: NodeFacts) -> str:
    """libvirt has no known bug that a copy of disks can meet there."""
    version = _versions(node)["libvirt"]
    return _judge_bugs(
        node, version, _bugs_present(node, version, DISK_COPIES)
    )


@of_pair(LIVE)
def known_bugs_between_releases_are_fixed(pair: PairFacts) -> str:
    """No known bug keeps guests from one release to the other."""
    left, right = _versions(pair.source), _versions(pair.destination)
    met = [
        bug
        for bug in PAIRS
        if is_in_ranges(left[bug.program], bug.source_ranges)
        and is_in_ranges(right[bug.program], bug.destination_ranges)
        and not _has_backports(pair.destination)
        and bug.applies(pair)
    ]
    if not met:
        return _NONE
    details = (
        f"{bug.program} {dotted(left[bug.program])} ->"
        f" {dotted(right[bug.program])}: {bug.effect} ({bug.source})"
        for bug in met
    )
    raise Concern("; ".join(details), "; ".join(bug.remedy for bug in met))


def _versions(node: NodeFacts) -> dict[str, Version]:
    try:
        libvirt = node.libvirt
        return {"libvirt": libvirt.version, "QEMU": libvirt.qemu_version}
    except Unread:
        raise Skip(
            f"libvirt on {node.name} did not answer: see libvirt-answers"
        ) from None


def _has_backports(node: NodeFacts) -> bool:
    """Return whether fixes are backported to an unchanged version.

    Red Hat's packages of libvirt and QEMU keep their version for years.
    """
    return node.system.red_hat


def _bugs_present(
    node: NodeFacts, version: Version, bugs: Sequence[Bug]
) -> list[Bug]:
    return [
        bug
        for bug in bugs
        if is_in_ranges(version, bug.ranges)
        and not (bug.program != "Nova" and _has_backports(node))
        and bug.applies(node)
    ]


def _judge_bugs(node: NodeFacts, version: Version, met: Sequence[Bug]) -> str:
    if not met:
        return f"{dotted(version)}: {_NONE}"
    effects = "; ".join(f"{bug.effect} ({bug.source})" for bug in met)
    remedies = "; ".join(bug.remedy for bug in met)
    verdict = Problem if any(bug.hurts(node) for bug in met) else Concern
    raise verdict(
        f"{met[0].program} {dotted(version)}: {effects}",
        f"on {node.name}: {remedies}",
    )


NODE: tuple[Check, ...] = (
    known_bugs_of_nova_are_fixed,
    known_bugs_of_libvirt_are_fixed,
    known_bugs_of_disk_copies_are_fixed,
)
PAIR: tuple[Check, ...] = (known_bugs_between_releases_are_fixed,)
