"""openstack migrate block"""

import argparse

from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.commands import on_stall
from osc_migrate.migration.move import Move


class Block(on_stall.Stalling):
    """Live-migrate a server together with its local disks

    As 'migrate live', for hosts that do not share the disks: they are
    copied while the server runs, which takes time by their size and loads
    network and storage. The amount to copy at most, and whether it fits,
    is shown first. Volumes are never copied: the destination attaches
    them. Nova refuses it where the hosts do share the disks: use
    'migrate live' then; --nodes detects that before the move.

    A guest that writes its memory as fast as it is copied never converges:
    --on-stall selects what to do then.

    Exit codes: 0 the server moved: the migration record, its host and its
    state confirm it (with --no-wait: Nova accepted the request); 1 error; 2
    wrong usage; 3 not safe, nothing was changed; 4 the migration failed; 5
    timeout, the move continues; 130 Ctrl-C, the move continues.
    """

    kind = Kind.BLOCK
    announced_checks = (
        "disks-are-there-to-copy",
        "destination-has-space-for-the-copy",
        "guest-writes-slower-than-it-is-copied",
    )

    def start(self, parsed_args: argparse.Namespace, facts: MoveFacts) -> Move:
        return self.mover.block(facts)
