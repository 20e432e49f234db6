"""openstack migrate block"""

import argparse

from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.commands import on_stall
from osc_migrate.migration.move import Move


class Block(on_stall.Stalling):
    """Live-migrate a server together with its local disks

    As 'migrate live', for hosts that do not share the disks: they are
    copied while the server runs, which takes as long as they are large and
    loads network and storage. What will be copied at most, and whether it
    fits, is said first. Volumes are never copied: the destination attaches
    them. Nova refuses it where the hosts do share the disks: 'migrate live'
    moves the server then; with --nodes that is found out before.

    A guest that writes its memory as fast as it is copied never comes to an
    end by itself: --on-stall says what to do then.

    Exit codes: 0 the server moved: the migration record, its host and its
    state all say so (with --no-wait: Nova accepted the request); 1 error; 2
    wrong usage; 3 not safe, nothing was changed; 4 the migration ended
    otherwise; 5 the time to follow ran out, the move goes on; 130 Ctrl-C,
    the move goes on.
    """

    kind = Kind.BLOCK
    telling = (
        "disks-are-there-to-copy",
        "destination-has-space-for-the-copy",
        "guest-writes-slower-than-it-is-copied",
    )

    def start(self, parsed_args: argparse.Namespace, facts: MoveFacts) -> Move:
        return self.mover.block(facts)
