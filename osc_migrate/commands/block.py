"""openstack migrate block"""

import argparse

from osc_migrate.checks import storage
from osc_migrate.checks.check import Skip
from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.commands import on_stall, options, prompt
from osc_migrate.facts import Unread
from osc_migrate.migration.move import Move

# GiB to copy from which a terminal is asked: minutes on a 1 Gbit/s link.
LARGE = 20


class Block(on_stall.Stalling):
    """Live-migrate a server together with its local disks

    Like 'migrate live', for hosts without shared storage. The disks are copied
    while the server runs; how long that takes depends on their size, and it
    loads the network and the storage. The maximum amount to copy, and whether
    it fits on the destination, is shown first. Volumes are not copied: the
    destination attaches them. Nova refuses a block migration between hosts
    with shared storage: use 'migrate live' instead. With --nodes that is
    detected beforehand. On a terminal it asks before it copies 20 GiB or more,
    unless --auto-approve is given.

    If the guest writes memory as fast as it is copied, the migration does not
    converge; --on-stall selects what to do then.

    Exit codes: 0 the server moved, as its migration record, host and status
    confirm (with --no-wait: Nova accepted the request); 1 error; 2 wrong
    usage; 3 not safe, or you declined, nothing was changed; 4 the migration
    failed; 5 timeout, the move continues; 130 Ctrl-C, the move continues.
    """

    kind = Kind.BLOCK
    announced_checks = (
        "disks-are-there-to-copy",
        "destination-has-space-for-the-copy",
        "guest-writes-slower-than-it-is-copied",
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        options.add_auto_approve(parser)
        return parser

    def approve(
        self, parsed_args: argparse.Namespace, facts: MoveFacts
    ) -> None:
        size = _size(facts)
        if size is None or size >= LARGE:
            amount = "an unknown amount" if size is None else f"{size} GiB"
            prompt.approve(parsed_args, [f"up to {amount} of disks to copy"])

    def start(self, parsed_args: argparse.Namespace, facts: MoveFacts) -> Move:
        return self.mover.block(facts)


def _size(facts: MoveFacts) -> int | None:
    """Return the GiB to copy; None if unknown."""
    try:
        return storage.local_gib(facts)
    except (Skip, Unread):
        return None
