"""What Nova keeps of moves, to change one thing of."""

import datetime
from typing import Any

from osc_migrate.cloud.actions import Action, Event
from osc_migrate.cloud.history import Attempt, History
from osc_migrate.cloud.migrations import Migration
from osc_migrate.facts import Unread
from osc_migrate.tests.unit import shapes

CONDUCTOR = "conductor_live_migrate_instance"
CHECK = "compute_check_can_live_migrate_destination"
CHECK_SOURCE = "compute_check_can_live_migrate_source"
QUEUE = "compute_live_migration"
PREPARE = "compute_pre_live_migration"
NO_HOST = "No valid host was found. There are not enough hosts available."


def at(seconds: float) -> datetime.datetime:
    noon = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
    return noon + datetime.timedelta(seconds=seconds)


def record(status: str = "error", when: float = 1, **changes: Any):
    return shapes.migration(
        **{
            "status": status,
            "created_at": at(when),
            "updated_at": at(when + 4),
        }
        | changes
    )


def action(name: str = "live-migration", when: float = 0, **changes: Any):
    return Action(
        **{
            "request_id": f"req-{when:g}",
            "name": name,
            "start": at(when),
            "failed": False,
            "user_id": "me",
        }
        | changes
    )


def event(
    name: str,
    host: str = "HostC",
    message: str | None = None,
    when: float = 1,
    **changes: Any,
) -> Event:
    return Event(
        **{
            "name": name,
            "failed": message is not None,
            "start": at(when),
            "finish": at(when + 1),
            "host": host,
            "message": message,
            "raised": None,
        }
        | changes
    )


def refused(message: str, host: str = "HostC") -> tuple[Event, ...]:
    """A check fails, and the conductor sums up."""
    return (
        event(CHECK, host, message, 2),
        event(CONDUCTOR, "controller", NO_HOST, 1, finish=at(4)),
    )


def prepared(**changes: Any) -> tuple[Event, ...]:
    """Every step with an event went well."""
    return (
        event(PREPARE, "HostC", when=4, **changes),
        event(QUEUE, "HostB", when=3),
        event(CHECK_SOURCE, "HostB", when=2),
        event(CHECK, "HostC", when=2),
        event(CONDUCTOR, "controller", when=1),
    )


def attempt(*events: Event, **changes: Any) -> Attempt:
    return Attempt(
        **{"record": record(), "action": action(), "events": events} | changes
    )


def history(
    records: tuple[Migration, ...] | Unread = (),
    actions: tuple[Action, ...] | Unread = (),
    **changes: Any,
) -> History:
    return History(
        **{
            "server": shapes.server(),
            "now": shapes.server(),
            "records": records,
            "actions": actions,
            "hosts": {"HostB": shapes.host(name="HostB")},
        }
        | changes
    )
