"""The hosts of a drain: lock, disable and restore them."""

import re
import socket
from collections.abc import Iterable

from osc_migrate import errors
from osc_migrate.cloud.hosts import Service
from osc_migrate.facts import or_none
from osc_migrate.maintenance.running.context import Work
from osc_migrate.maintenance.running.journal import Journal
from osc_migrate.migration import follow
from osc_migrate.migration.compute_service import ComputeService, ServiceState
from osc_migrate.migration.mover import Mover
from osc_migrate.text import printable

# Disabled reasons of a service during a run, and after it.
_AT_WORK = re.compile(r"osc-migrate run (\S+) at work on (\S+)")
_RUN = re.compile(r"osc-migrate run ([^\s:]+)")


def reason(run: str, before: ServiceState) -> str:
    """Return the disabled reason during the run."""
    text = f"osc-migrate run {run} at work on {socket.gethostname()}"
    if before.reason and not _RUN.match(before.reason):
        text += f"; before: {before.reason}"
    return text


def named(text: str | None) -> str | None:
    """Return the run in progress that a disabled reason names, or None."""
    match = _AT_WORK.match(text or "")
    return match[1] if match else None


def machine_named(text: str | None) -> str:
    """Return the machine of that run, from the disabled reason."""
    match = _AT_WORK.match(text or "")
    return match[2].rstrip(";") if match else ""


def mentioned(text: str | None) -> str | None:
    """Return the run that a disabled reason names, in progress or ended."""
    match = _RUN.match(text or "")
    return match[1] if match else None


def left_by(journal: Journal, host: str) -> str | None:
    """Return the earlier run that had left the host disabled, or None."""
    for entry in journal.entries("disable"):
        if entry.data["host"] == host:
            match = _RUN.match(entry.data["reason"] or "")
            return match[1] if match else None
    return None


def _reason(row: Service) -> str | None:
    return or_none(lambda: row.disabled_reason)


def check(mover: Mover, run: str, names: Iterable[str]) -> None:
    """:raises MigrateError: another run holds one of them.
    :raises NotFound: no such host."""
    for name in names:
        _check(run, name, ComputeService(mover.cloud, name).state())


def _check(run: str, name: str, now: ServiceState) -> None:
    other_run = named(now.reason)
    if other_run and other_run != run:
        raise errors.MigrateError(
            f"{name} is disabled as '{printable(now.reason)}'; nothing was"
            f" changed. Where that run has its journal: openstack migrate"
            f" drain --resume {printable(other_run)}, or --cancel. If the"
            " journal is lost: openstack compute service set --enable"
            f" {printable(name)} nova-compute, then drain it again"
        )


class Hosts:
    """The services of the hosts of a run."""

    def __init__(
        self, mover: Mover, journal: Journal, names: Iterable[str]
    ) -> None:
        self._mover = mover
        self._journal = journal
        self.names = tuple(names)
        self._before: dict[str, ServiceState] = {}
        for entry in journal.entries("disable"):
            self._before.setdefault(
                entry.data["host"],
                ServiceState(entry.data["enabled"], entry.data["reason"]),
            )

    def close(self, work: Work) -> None:
        """Disable all of them, with the name of the run.

        :raises MigrateError: another run holds one; nothing was changed.
        """
        for name in self.names:
            service = self._service(name)
            now = service.state()
            _check(self._journal.run, name, now)
            before = self._before.get(name)
            if before is None:
                before = now
                self._journal.note(
                    "disable",
                    host=name,
                    enabled=now.enabled,
                    reason=now.reason,
                )
                self._before[name] = now
            if named(now.reason) == self._journal.run:
                continue
            self._set_state(
                service, ServiceState(False, reason(work.journal.run, before))
            )
            _check(self._journal.run, name, service.state())
            self._journal.note("disabled", host=name)
            work.report(
                f"{name}: nova-compute is disabled: no new servers will be"
                " scheduled there"
            )

    def taken(self, services: Iterable[Service]) -> str:
        """Return the problem if another run has taken one, or ''."""
        for row in services:
            if row.host in self.names and row.binary == "nova-compute":
                run = named(_reason(row))
                if run and run != self._journal.run:
                    return f"run {printable(run)} is at work on {row.host}"
        return ""

    def restore(self) -> list[str]:
        """Restore each service; return what was done.

        A service that was changed by others meanwhile is left alone.
        """
        messages = []
        for name, before in self._before.items():
            service = self._service(name)
            now = service.state()
            own_run = _RUN.match(now.reason or "")
            if not own_run or own_run[1] != self._journal.run:
                messages.append(
                    f"{name}: nova-compute was changed by others: left as it"
                    " is"
                )
                continue
            self._set_state(service, before)
            self._journal.note("restored", host=name)
            status = "enabled" if before.enabled else "disabled, as it was"
            messages.append(f"{name}: nova-compute is {status} again")
        return messages

    def finish(self, text: str) -> None:
        """Leave them disabled, without a run in progress."""
        for name in self.names:
            service = self._service(name)
            if named(service.state().reason) == self._journal.run:
                self._set_state(
                    service,
                    ServiceState(
                        False, f"osc-migrate run {self._journal.run}: {text}"
                    ),
                )

    def enable(self) -> list[str]:
        """Enable all of them, whatever the disabled reason; return which."""
        messages = []
        for name in self.names:
            service = self._service(name)
            now = service.state()
            _check(self._journal.run, name, now)
            if now.enabled:
                continue
            self._journal.note("enable", host=name, reason=now.reason)
            self._set_state(service, ServiceState(True))
            previous = f" (was: {printable(now.reason)})" if now.reason else ""
            messages.append(f"{name}: nova-compute is enabled{previous}")
        return messages

    def _service(self, name: str) -> ComputeService:
        return ComputeService(self._mover.cloud, name)

    def _set_state(self, service: ComputeService, state: ServiceState) -> None:
        """Set the state; idempotent, so that it can be repeated."""
        for _ in range(5):
            try:
                service.set_state(state)
                return
            except errors.ApiError as error:
                if not error.passing:
                    raise
                follow.Clock().sleep(follow.INTERVAL)
        service.set_state(state)
