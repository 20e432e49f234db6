"""Converts the facts of a fleet to those of a move, for the checks."""

import datetime
from typing import Any

from osc_migrate.cloud.fleet import Fleet
from osc_migrate.cloud.hosts import Host
from osc_migrate.cloud.migrations import Migration
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.cloud.servers import Server
from osc_migrate.facts import Unread, fact, or_none

# Read by preflight for a single server, but not for a plan.
_LATER: Any = Unread("plans do not check it")


class FleetMoveFacts:
    """Facts of the moves of one fleet."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._aggregates: Any = ()
        try:
            self._aggregates = fleet.aggregates
        except Unread as unread:
            self._aggregates = unread
        try:
            self._roles: Any = fleet.roles
        except Unread as unread:
            self._roles = unread
        self._records: dict[str, list[Migration]] = {}
        for record in fleet.under_way:
            self._records.setdefault(record.server_id or "", []).append(record)
        self._now: datetime.datetime = fleet.now

    def move(self, server: Server, destination: Host | None) -> MoveFacts:
        places = self._fleet.places
        source = places.get(or_none(lambda: server.host) or "")
        pause = self._fleet.paused.get(server.id)
        return MoveFacts(
            server=server,
            wanted=destination.name if destination else "(a host)",
            source=source.host if source else None,
            destination=destination,
            room=_LATER,
            hosts=(),
            migrations=(
                fact(getattr, pause, "migrations")
                if pause
                else tuple(self._records.get(server.id, ()))
            ),
            paused_at=fact(getattr, pause, "paused_at") if pause else None,
            aggregates=self._aggregates,
            groups=_LATER,
            ports=_LATER,
            network_extensions=_LATER,
            agents=_LATER,
            volumes=_LATER,
            image_exists=_LATER,
            shares=_LATER,
            topology=_LATER,
            incoming=_LATER,
            recent=_LATER,
            nova=self._fleet.nova,
            roles=self._roles,
            now=self._now,
        )
