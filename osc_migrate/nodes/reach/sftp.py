"""Checks sftp as user nova, which scp uses to copy disks."""

import re

from osc_migrate.checks.check import Concern, NotChecked, Problem, Skip
from osc_migrate.checks.findings import Gap
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import or_none
from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.node import NodeFacts, PairFacts
from osc_migrate.nodes.node_check import of_pair
from osc_migrate.nodes.reach.facts import CommandResult
from osc_migrate.text import printable

# Since then, scp uses sftp (release notes of OpenSSH), as does Red Hat's 8.7.
_ALWAYS = (9, 0)
_PERHAPS = (8, 7)
_VERSION = re.compile(r"OpenSSH_(\d{1,3})\.(\d{1,3})")
# Errors of ssh if sshd has no such subsystem, or of the shell that sshd starts
# if the program of the subsystem is missing.
_MISSING = re.compile(r"subsystem request failed|[Nn]o such file|not found")


def _copies_nothing(node: NodeFacts) -> bool:
    images = or_none(lambda: node.config.get("libvirt", "images_type"))
    if images == "rbd":
        return True
    return bool(or_none(lambda: node.storage.mount.shared))


@of_pair([Kind.COLD])
def nova_can_copy_by_sftp(pair: PairFacts) -> str:
    """sshd on the destination has sftp, by which Nova's scp copies disks.

    Nova runs 'scp -r' (nova/virt/libvirt/volume/remotefs.py), and scp of
    OpenSSH 9.0 and later needs the subsystem sftp there. ssh logs in without.
    """
    config = config_of(pair.source)
    if config.get("libvirt", "remote_filesystem_transport") == "rsync":
        raise Skip("Nova copies by rsync")
    if _copies_nothing(pair.source) and _copies_nothing(pair.destination):
        raise Skip("the disks are on shared storage: none is copied")
    reach, name = pair.reach, pair.destination.name
    if reach.nova_ssh.status not in range(124):
        raise Skip("see nova-can-ssh")
    attempt = reach.sftp
    if attempt is None:
        raise Skip(f"sshd of {name} has it, by its configuration")
    if attempt.status == 0:
        return f"sftp to {reach.copy}"
    version = _VERSION.match(reach.openssh)
    number = (int(version[1]), int(version[2])) if version else _ALWAYS
    if number < _PERHAPS:
        return f"scp of {reach.openssh} on {pair.source.name} needs none"
    if not _MISSING.search(attempt.output) and attempt.status != 127:
        raise NotChecked(
            f"sftp to {reach.copy} ended with status {attempt.status}:"
            f" {printable(attempt.output, 200)}",
            Gap("sftp to the destination", "a cold migration shows it"),
        )
    verdict = Problem if number >= _ALWAYS else Concern
    raise verdict(
        f"sftp to {reach.copy} does not work, and scp of"
        f" {printable(reach.openssh, 60) or 'the source'} needs it:"
        f" {_last_words(attempt)}",
        _remedy(pair),
    )


def _last_words(attempt: CommandResult) -> str:
    return printable(attempt.output, 200) or f"status {attempt.status}"


def _remedy(pair: PairFacts) -> str:
    name = pair.destination.name
    config = or_none(lambda: pair.destination.config)
    if config and config.contained:
        return (
            f"install sftp-server in the container of {name} where sshd runs"
            " for Nova (kolla: nova_ssh), and set Subsystem sftp in its"
            " sshd_config"
        )
    return (
        f"on {name}: Subsystem sftp /usr/lib/openssh/sftp-server (Red Hat:"
        " /usr/libexec/openssh/sftp-server) in /etc/ssh/sshd_config; see that"
        " the program is there; then systemctl reload ssh (Red Hat: sshd)"
    )
