"""What a move under way is counted by when its nodes are asked."""

import argparse
import contextlib
from collections.abc import Callable, Iterator

from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.commands import base, nodes, terminal
from osc_migrate.facts import known
from osc_migrate.nodes.counters.job import Job

# The job of the move at this moment, None when unknown; never waits.
Counters = Callable[[], Job | None]


@contextlib.contextmanager
def gauge(
    parsed_args: argparse.Namespace, facts: MoveFacts, kind: Kind
) -> Iterator[Counters | None]:
    """libvirt's counters on the source, while inside; None without --nodes,
    and where there is nothing to count."""
    source = known(lambda: facts.source)
    if (
        not (parsed_args.nodes and parsed_args.wait)
        or kind is Kind.COLD
        or source is None
    ):
        yield None
        return
    # Not above: who asks no nodes needs none of it.
    from osc_migrate.nodes.counters import libvirt_reader
    from osc_migrate.nodes.counters.reader import CounterReader
    from osc_migrate.nodes.counters.virsh_reader import Virsh

    addresses = {source.name: nodes.address(source)}
    target = nodes.targets(parsed_args, addresses)[source.name]
    libvirt = libvirt_reader.installed_module()
    if libvirt is None:
        if terminal.draws():
            base.say(
                "libvirt's Python module is not installed: progress is read"
                f" with virsh on {source.name}. To read it directly:"
                " pip install 'osc-migrate[libvirt]'"
            )
        reader = CounterReader(lambda: Virsh(target), facts.server.id)
    else:
        reader = CounterReader(
            lambda: libvirt_reader.Connection(libvirt, target), facts.server.id
        )
    with reader:
        yield reader.latest
