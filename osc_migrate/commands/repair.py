"""openstack migrate repair"""

import argparse
from collections.abc import Iterable, Sequence

from osc_lib.command import command

from osc_migrate import errors
from osc_migrate.cloud import surroundings
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.commands import base, drawing, nodes, options, prompt
from osc_migrate.commands.ending import Ending, steps_of
from osc_migrate.facts import Unread
from osc_migrate.migration import guest_location, repair
from osc_migrate.migration.confirm import Verb
from osc_migrate.migration.follow import TimeUp
from osc_migrate.migration.mover import Mover
from osc_migrate.migration.outcome import End
from osc_migrate.migration.repair import RepairAction, RepairStep
from osc_migrate.text import paste

# A day, in seconds; preflight uses the same limit.
CONFIRM_AFTER = 86400.0
# Seconds for nova-compute to clean up the source.
CONFIRMED_WITHIN = 300.0


class Repair(base.Base, command.Lister):
    """Clean up what an earlier move of a server left behind

    Three things are repaired, and only where that is proven to be safe. First,
    status ERROR of a server whose live migration failed or was aborted while
    its guest still runs on the source (Nova 32.2 and later leaves it so) or,
    with --nodes, on the destination if Nova already shows it there. Second, a
    cold migration that has not been confirmed for a day (--confirm-after).
    Third, an inactive port binding on a host that the server is not on.
    Anything else that is left over, or not proven to be safe, is listed with
    the command to run.

    The steps are shown, and confirmed, before anything is changed; --yes is
    required without a terminal. --dry-run changes nothing. With --nodes, the
    hosts are asked whether the guest runs there, and the status is reset only
    if it runs on exactly one of them, the one that Nova shows.

    In newer releases of Neutron, deleting a port binding needs a user with the
    service role and is refused for an admin; the other steps are still carried
    out.

    Exit codes: 0 nothing is left over; 1 error; 2 wrong usage; 3 something is
    left over (with --dry-run: there is something to repair); 130 Ctrl-C.
    """

    changes = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        options.add_server(parser, "Server to repair")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="Show the steps and change nothing",
        )
        parser.add_argument(
            "--yes",
            "--auto-approve",
            action="store_true",
            help="Do not ask for confirmation (required non-interactively)",
        )
        parser.add_argument(
            "--confirm-after",
            metavar="<seconds>",
            type=options.positive,
            default=CONFIRM_AFTER,
            help=(
                "Confirm a cold migration that has been waiting for more"
                " than this many seconds (default: 86400, one day)"
            ),
        )
        options.add_nodes(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        if not parsed_args.nodes:
            nodes.refuse_alone(parsed_args, "inventory")
        base.begin(f"looking for leftovers of moves of {parsed_args.server}")
        facts = self.mover.facts(parsed_args.server, None)
        runs = self._runs(parsed_args, facts)
        after = parsed_args.confirm_after
        steps = repair.plan(facts, after, runs)
        to_do = any(step.action is not RepairAction.NONE for step in steps)
        if to_do and not parsed_args.dry_run and _agreed(parsed_args, steps):
            # The user may have taken a long time to answer.
            facts = self.mover.facts(facts.server.id, None)
            steps = carry_out(
                self.mover,
                facts,
                repair.plan(facts, after, runs),
                {step.key for step in steps},
            )
        self.ending = _verdict(facts.server.name, steps)
        if any(step.result != "done" for step in steps):
            self.exit_code = base.NOT_SAFE
        names = base.table_columns(parsed_args, RepairStep.COLUMNS)
        return names, [base.fields(parsed_args, s, names) for s in steps]

    def _runs(
        self, parsed_args: argparse.Namespace, facts: MoveFacts
    ) -> repair.Runs | None:
        """Return where the hosts report the guest; None if it is irrelevant,
        or without --nodes."""
        if not parsed_args.nodes or facts.server.status != "ERROR":
            return None
        names = repair.hosts_to_ask(facts)
        try:
            hosts = surroundings.hosts_of(self.mover.cloud)
        except Unread:
            hosts = {}  # the inventory may have the addresses
        addresses = {
            name: nodes.address(hosts[name]) if name in hosts else None
            for name in names
        }
        with nodes.sessions(parsed_args, addresses) as opened:
            return guest_location.runs_on(opened, names, facts.server.id)


def _verdict(server: str, steps: Sequence[RepairStep]) -> Ending:
    """Return how many steps were done, and what to do about the others."""
    if not steps:
        return Ending(f"{server}: nothing is left over from its moves")
    left = [step for step in steps if step.result != "done"]
    if not left:
        return Ending(f"{server} is repaired: {len(steps)} done")
    repaired = len(steps) - len(left)
    return Ending(
        f"{server} was not repaired: {repaired} done, {len(left)} left",
        tuple(dict.fromkeys(text for s in left for text in steps_of(s.next))),
    )


def _agreed(
    parsed_args: argparse.Namespace, steps: Iterable[RepairStep]
) -> bool:
    """Print the steps and ask for approval.

    :raises MigrateError: the command is not interactive.
    """
    for step in steps:
        if step.action is not RepairAction.NONE:
            base.say(f"  {step.what}: {step.action.value}, as {step.why}")
    if parsed_args.yes:
        return True
    if not prompt.is_interactive():
        raise errors.MigrateError(
            "nothing was changed: not a terminal, so the steps cannot be"
            " confirmed; add --yes to run them, or --dry-run to show them"
        )
    return prompt.agreed("Do it?")


def carry_out(
    mover: Mover,
    facts: MoveFacts,
    steps: Iterable[RepairStep],
    agreed: Iterable[tuple[object, ...]],
) -> list[RepairStep]:
    """Carry out the approved steps; a failed one is reported as left."""
    agreed_keys, name = set(agreed), paste(facts.server.name, facts.server.id)
    results = []
    for step in steps:
        result = step
        if step.action is not RepairAction.NONE and step.key in agreed_keys:
            try:
                result = _carry_out_one(mover, facts, step)
            except errors.ApiError as error:
                command = step.next
                if step.action is RepairAction.UNBIND and error.status == 403:
                    command = repair.refused_binding(step, name)
                result = step.left(str(error), command)
            base.say(f"{facts.server.name}: {step.what}: {result.result}")
        results.append(result)
    return results


def _carry_out_one(
    mover: Mover, facts: MoveFacts, step: RepairStep
) -> RepairStep:
    """Carry out one step.

    :raises ApiError: it was refused, or the API does not respond.
    """
    if step.action is RepairAction.UNBIND:
        mover.unbind(step.port, step.host)
        return step.as_done()
    if step.action is RepairAction.RESET:
        now = mover.activate(facts.server)
        if now is not None and now.status != "ERROR":
            return step.as_done()
        status = now.status if now else "deleted"
        return step.left(f"the server is still {status}", step.next)
    record = mover.waiting(facts.server)
    decision = mover.decide(facts.server, record, Verb.CONFIRM)
    try:
        drawing.draw(facts.server.name, decision.follow(CONFIRMED_WITHIN))
    except TimeUp:
        return step.left("it is still being confirmed", "look again later")
    outcome = decision.outcome()
    if outcome.end is End.MOVED:
        return step.as_done()
    return step.left(outcome.reason, outcome.next)
