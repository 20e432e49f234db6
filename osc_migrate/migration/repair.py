"""Steps that clean up what a move left behind."""

import dataclasses
import datetime
import enum
from collections.abc import Iterator, Mapping

from osc_migrate.checks import registry
from osc_migrate.checks.findings import Status
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.facts import Unread, or_none
from osc_migrate.migration.follow import FAILED
from osc_migrate.text import confirm_or_revert, paste


class RepairAction(enum.Enum):
    """Actions that can be carried out automatically."""

    # Reset status ERROR to active: the guest is running.
    RESET = "reset the state to active"
    # Confirm a cold migration that was never confirmed.
    CONFIRM = "confirm the migration"
    # Delete a port binding on a host that the server is not on.
    UNBIND = "delete the port binding"
    # Left to the operator.
    NONE = ""


@dataclasses.dataclass(frozen=True)
class RepairStep:
    """One leftover and what to do about it."""

    server: str
    what: str
    # Why it is safe, or why it is left to the operator.
    why: str
    action: RepairAction = RepairAction.NONE
    # 'would do', 'done' or 'left'.
    result: str = "left"
    # The command to run next; empty if there is nothing to do.
    next: str = ""
    # Port of a binding.
    port: str = ""
    host: str = ""

    COLUMNS = ("server", "what", "why", "result", "next")

    @property
    def key(self) -> tuple[object, ...]:
        """Equal if a later plan still contains the same action."""
        return self.action, self.port, self.host

    def left(self, reason: str, next: str) -> "RepairStep":
        """Return the same step as not done."""
        return dataclasses.replace(self, why=reason, result="left", next=next)

    def as_done(self) -> "RepairStep":
        return dataclasses.replace(self, result="done", next="")


# Host -> whether libvirt runs the guest there, or why that is unknown.
Runs = Mapping[str, bool | Unread]


# How long after the record's end Nova may write the server's fault: a newer
# fault has another cause.
_SAME = datetime.timedelta(minutes=2)


_LIVE = "live-migration"


_SERVICE = (
    "newer Neutron lets only a user with the role service do it: with"
    " such credentials, openstack migrate repair {name}, or DELETE"
    " /v2.0/ports/{port}/bindings/{host}"
)


def plan(
    move: MoveFacts, confirm_after: float, runs: Runs | None = None
) -> list[RepairStep]:
    """Return the steps, without carrying them out.

    :param confirm_after: minimum time awaiting confirmation, in seconds.
    :param runs: answers of the hosts themselves, if they were asked.
    """
    steps = [
        *_error(move, runs),
        *_waiting(move, confirm_after),
        *_bindings(move),
    ]
    return [*steps, *_leftovers(move, steps)]


def hosts_to_ask(move: MoveFacts) -> list[str]:
    """Return the hosts on which the guest might run."""
    last = next(iter(or_none(lambda: move.migrations) or ()), None)
    hosts = [or_none(lambda: move.server.host)]
    if last:
        hosts += [
            or_none(lambda: last.source),
            or_none(lambda: last.destination),
        ]
    return list(dict.fromkeys(filter(None, hosts)))


def _error(move: MoveFacts, runs: Runs | None) -> Iterator[RepairStep]:
    server = move.server
    if server.status != "ERROR":
        return
    name = paste(server.name, server.id)
    problem = "the server is in ERROR"
    try:
        doubt = _doubt(move, runs)
    except Unread as unread:
        doubt = f"not known: {unread.reason}"
    if doubt:
        yield RepairStep(
            server.name,
            problem,
            f"not proven to be safe: {doubt}",
            next=f"see 'openstack migrate explain {name}'; only when the"
            " guest runs on one host alone, the one that Nova shows: openstack"
            f" server set --state active {name}; else openstack server reboot"
            f" --hard {name}",
        )
        return
    last = move.migrations[0]
    evidence = (
        f"libvirt runs it there and nowhere else ({', '.join(runs)})"
        if runs is not None
        else f"Nova saw it running there, and {server.host} is up"
    )
    still = "still " if last.source == server.host else ""
    yield RepairStep(
        server.name,
        f"{problem} after live migration {last.id} to {last.destination}",
        f"that one is {last.status} and nothing else is under way; the guest"
        f" is {still}on {server.host}: {evidence}",
        RepairAction.RESET,
        "would do",
        f"openstack server set --state active {name}",
    )


def _doubt(move: MoveFacts, runs: Runs | None) -> str:
    """Return why the status may not be reset; empty if that is safe.

    Nova stops a guest that it believes to be elsewhere
    (nova/compute/manager.py, _sync_power_states).
    """
    server = move.server
    if server.task_state is not None:
        return f"Nova is busy with it ({server.task_state})"
    if move.under_way:
        return f"migration {move.under_way[0].id} is under way"
    if not move.migrations:
        return "it never migrated, so the error has another cause"
    last = move.migrations[0]
    if last.type != _LIVE or last.status not in FAILED:
        return (
            f"its newest migration, {last.id}, is not a failed live migration"
        )
    if last.destination == last.source or server.host not in (
        last.source,
        last.destination,
    ):
        return f"migration {last.id} did not begin on {server.host}"
    if last.destination == server.host and runs is None:
        return (
            f"migration {last.id} broke off when the server was on"
            f" {server.host} already: ask libvirt with --nodes"
        )
    fault = or_none(lambda: server.faulted_at)
    ended = or_none(lambda: last.updated_at)
    if fault and ended and fault - ended > _SAME:
        return f"its fault of {fault:%Y-%m-%d %H:%M} UTC is newer than that"
    if move.source is None:
        return f"Nova knows no compute host {server.host}"
    if move.source.state != "up" or move.source.forced_down:
        return f"nova-compute on {server.host} is not up"
    if server.power_state != 1:
        return "its guest is not seen running"
    return _host_objection(server.host, runs) if runs is not None else ""


def _host_objection(host: str, runs: Runs) -> str:
    """Return the objection of the hosts; all must have been asked."""
    for name, answer in runs.items():
        if isinstance(answer, Unread):
            return f"{name} could not be asked: {answer.reason}"
    running_hosts = sorted(name for name, answer in runs.items() if answer)
    if running_hosts != [host]:
        places = " and ".join(running_hosts) or "none of " + ", ".join(runs)
        return f"libvirt runs the guest on {places}, Nova shows {host}"
    return ""


def _waiting(move: MoveFacts, confirm_after: float) -> Iterator[RepairStep]:
    server = move.server
    if server.status != "VERIFY_RESIZE":
        return
    name = paste(server.name, server.id)
    try:
        finished = [m for m in move.migrations if m.status == "finished"]
        since = finished[0].updated_at if finished else None
        busy, power = server.task_state, server.power_state
        up = move.source is not None and move.source.state == "up"
    except Unread as unread:
        yield RepairStep(
            server.name,
            "it is awaiting confirmation",
            f"not known: {unread.reason}",
            next=confirm_or_revert(name),
        )
        return
    since_text = f" since {since:%Y-%m-%d %H:%M} UTC" if since else ""
    problem = f"it is awaiting confirmation{since_text}"
    age = (move.now - since).total_seconds() if since else 0.0
    doubt, command = "", confirm_or_revert(name)
    if finished and finished[0].type == "resize":
        doubt = "it was resized: only its owner can confirm that"
        command = confirm_or_revert(name, resized=True)
    elif since is None:
        doubt = "its start is not known"
    elif age < confirm_after:
        doubt = f"it waits for less than {confirm_after:.0f} s"
    elif busy is not None:
        doubt = f"Nova is busy with it ({busy})"
    elif not up or power != 1:
        doubt = "its guest is not seen running on a host that is up"
    elif not registry.judge_waiting(move).safe:
        doubt = "the checks on its new host do not pass"
    if doubt:
        yield RepairStep(server.name, problem, doubt, next=command)
        return
    yield RepairStep(
        server.name,
        problem,
        f"its guest runs on {server.host}, which is up, and its ports are"
        " bound there; it cannot be reverted afterwards",
        RepairAction.CONFIRM,
        "would do",
        f"openstack migrate cold {name} --confirm",
    )


def _bindings(move: MoveFacts) -> Iterator[RepairStep]:
    server = move.server
    ports = or_none(lambda: move.ports) or ()
    host = or_none(lambda: server.host)
    if not host or server.status == "VERIFY_RESIZE":
        return
    try:
        idle = server.task_state is None and not move.under_way
    except Unread:
        idle = False
    for port in ports:
        bindings = or_none(lambda port=port: port.bindings) or {}  # type: ignore[misc]
        for bound_host, status in sorted(bindings.items()):
            if bound_host == host:
                continue
            problem = f"port {port.id} is bound on {bound_host} ({status})"
            # An active binding on another host may carry the traffic.
            if not idle or status != "INACTIVE":
                doubt = (
                    "a migration may be under way"
                    if not idle
                    else f"the active binding is on {bound_host},"
                    f" the server on {host}"
                )
                yield RepairStep(
                    server.name,
                    problem,
                    doubt,
                    next="openstack migrate preflight"
                    f" {paste(server.name, server.id)}",
                    port=port.id,
                    host=bound_host,
                )
            elif bindings.get(host) == "ACTIVE":
                yield RepairStep(
                    server.name,
                    problem,
                    f"the active one is on {host}, where the server is, and"
                    " no migration is under way",
                    RepairAction.UNBIND,
                    "would do",
                    f"DELETE /v2.0/ports/{port.id}/bindings/{bound_host}",
                    port.id,
                    bound_host,
                )
            else:
                yield RepairStep(
                    server.name,
                    problem,
                    f"it has no active one on {host}",
                    next="openstack migrate preflight"
                    f" {paste(server.name, server.id)}",
                    port=port.id,
                    host=bound_host,
                )


def refused_binding(step: RepairStep, name: str) -> str:
    """Return the step left if Neutron refuses to delete a binding."""
    return _SERVICE.format(name=name, port=step.port, host=step.host)


def _leftovers(
    move: MoveFacts, steps: list[RepairStep]
) -> Iterator[RepairStep]:
    """Yield findings of preflight that only an operator can fix."""
    try:
        _ = move.ports
    except Unread as unread:
        yield RepairStep(
            move.server.name,
            "its ports could not be read",
            unread.reason,
            next="run it again once Neutron answers",
        )
    for finding in registry.judge_leftovers(move):
        if finding.status < Status.WARN:
            continue
        if finding.check == "ports-are-bound-where-it-is" and any(
            step.port for step in steps
        ):
            continue
        reason = "it cannot be fixed from here"
        if finding.status is Status.UNKNOWN:
            reason = "it is not known whether anything is left"
        yield RepairStep(
            move.server.name, finding.detail, reason, next=finding.remedy
        )
