"""libvirt's counters for a move in flight, read from the nodes."""

import argparse
import contextlib
from collections.abc import Iterator

from osc_migrate import errors
from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.commands import base, nodes, terminal
from osc_migrate.facts import or_none
from osc_migrate.maintenance.running.context import CountersOf
from osc_migrate.migration.move import Counters


@contextlib.contextmanager
def gauge(
    parsed_args: argparse.Namespace, facts: MoveFacts, kind: Kind
) -> Iterator[Counters | None]:
    """Read libvirt's counters on the source within the context; None without
    --nodes, and if there is nothing to count."""
    if not (parsed_args.nodes and parsed_args.wait):
        yield None
        return
    with _read_counters(parsed_args, facts, kind) as counters:
        yield counters


def of_run(parsed_args: argparse.Namespace) -> CountersOf | None:
    """Return the same for each move of a run; None without --nodes."""
    if not parsed_args.nodes:
        return None

    @contextlib.contextmanager
    def count(facts: MoveFacts, kind: Kind) -> Iterator[Counters | None]:
        with contextlib.ExitStack() as stack:
            counters: Counters | None = None
            # Without the node, only the precise counters are missing.
            with contextlib.suppress(errors.MigrateError):
                counters = stack.enter_context(
                    _read_counters(parsed_args, facts, kind, by_many=True)
                )
            yield counters

    return count


@contextlib.contextmanager
def _read_counters(
    parsed_args: argparse.Namespace,
    facts: MoveFacts,
    kind: Kind,
    *,
    by_many: bool = False,
) -> Iterator[Counters | None]:
    """Read the counters on the source.

    :raises MigrateError: it is not known how to connect to the source.
    """
    source = or_none(lambda: facts.source)
    if kind is Kind.COLD or source is None:
        yield None
        return
    # Imported here, as it is only needed with --nodes.
    from osc_migrate.nodes.counters import libvirt_reader
    from osc_migrate.nodes.counters.reader import CounterReader
    from osc_migrate.nodes.counters.virsh_reader import Virsh

    addresses = {source.name: nodes.address(source)}
    target = nodes.targets(parsed_args, addresses)[source.name]
    libvirt = libvirt_reader.installed_module()
    if libvirt is None:
        if terminal.draws() and not by_many:
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
