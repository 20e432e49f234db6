"""A small cloud in memory, behind what an engine asks a Mover for."""

import dataclasses
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from osc_migrate import errors
from osc_migrate.cloud.json_fields import JsonObject
from osc_migrate.cloud.migrations import ENDED, Migration
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.cloud.servers import Server
from osc_migrate.explain.explanation import Explanation
from osc_migrate.maintenance.planning.plan import (
    Plan,
    Purpose,
    Skipped,
    Step,
    Way,
)
from osc_migrate.maintenance.running.context import RunClock, Work
from osc_migrate.maintenance.running.engine import Engine
from osc_migrate.migration.outcome import End, Outcome
from osc_migrate.migration.progress import Progress
from osc_migrate.migration.start_gate import StartGate
from osc_migrate.tests.unit import shapes

HOSTS = ("HostB", "HostC", "HostD")


class Quick(RunClock):
    """A second is a few milliseconds."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / 200)


class Nova:
    """What is asked of the API without a Mover between."""

    def __init__(self, lab: "Lab") -> None:
        self.lab = lab

    def has(self, wanted: str) -> bool:
        return True

    def get(self, path: str, what: str, **more: Any) -> JsonObject:
        assert path == "/os-services"
        if self.lab.silent:
            self.lab.silent -= 1
            raise errors.ApiError("Nova", what, 503, "overloaded")
        rows = [
            {
                "id": host,
                "binary": "nova-compute",
                "host": host,
                "state": "up",
                "status": "disabled" if reason is not None else "enabled",
                "disabled_reason": reason or None,
                "updated_at": None,
            }
            for host, reason in self.lab.disabled.items()
        ]
        rows += [
            {
                "binary": f"nova-{name}",
                "host": "HostA",
                "state": "down" if name in self.lab.down else "up",
                "status": "enabled",
                "disabled_reason": None,
                "updated_at": None,
            }
            for name in ("conductor", "scheduler")
        ]
        return JsonObject({"services": rows}, "its answer", "Nova")

    def put(self, path: str, what: str, body: Any) -> None:
        host = path.rpartition("/")[2]
        reason = body.get("disabled_reason", "")
        enabled = body["status"] == "enabled"
        self.lab.disabled[host] = None if enabled else reason
        self.lab.calls.append(("put", host, body["status"]))


class Lab:
    """A Mover and its cloud.

    :ivar fate: server -> how its moves end, the last one for ever:
        completed, error, refused, lost (the answer), or never.
    """

    def __init__(self) -> None:
        self.nova = Nova(self)
        self.gate = StartGate()
        # Called with the server's ID where a real one waits for an answer:
        # reading facts, and while a request is being sent.
        self.reading: Callable[[str], None] = lambda id: None
        self.sending: Callable[[str], None] = lambda id: None
        self.cloud = self
        self.servers: dict[str, Server] = {}
        self.records: dict[str, list[Migration]] = defaultdict(list)
        self.disabled: dict[str, str | None] = dict.fromkeys(HOSTS)
        self.fate: dict[str, list[str]] = {}
        self.calls: list[tuple[str, ...]] = []
        self.down: set[str] = set()
        self.silent = 0
        # What is under way, and the most there ever was.
        self.under_way: set[str] = set()
        self.most = 0
        self.forbidden: set[tuple[str, str]] = set()
        self.looks = 3
        # No move ends before this many were under way at once, for a while.
        self.together = 1
        # Of moves that do not work.
        self.explanation: Explanation | None = None
        self.lock = threading.Lock()
        self._id = 0

    # Of the cloud

    def compute_service(self, host: str) -> JsonObject | None:
        rows = self.nova.get("/os-services", "show").rows("services")
        return next((r for r in rows if r.text("host") == host), None)

    def server_now(self, id: str) -> Server | None:
        return self.servers.get(id)

    def server(self, id: str) -> Server:
        return self.servers[id]

    def boot(self, name: str, host: str = "HostB", **changes: Any) -> Step:
        id = str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
        self.servers[id] = shapes.server(
            **{"id": id, "name": name, "host": host} | changes
        )
        cold = self.servers[id].status == "SHUTOFF"
        return Step(
            order=len(self.servers),
            wave=0,
            server=name,
            id=id,
            way=Way.COLD if cold else Way.LIVE,
            source=host,
            destination="HostC",
            reason="there is room",
            needs={},
        )

    # Of the mover

    def facts_after(self, id: str, clock: object) -> MoveFacts:
        return self.facts(id, None)

    def facts(self, id: str, host: str | None) -> MoveFacts:
        self.reading(id)
        if id not in self.servers:
            raise errors.NotFound("server", id, "")
        server = self.servers[id]
        found = shapes.move(
            server=server,
            wanted=host,
            source=shapes.host(name=server.host),
            destination=shapes.host(name=host) if host else None,
            room=shapes.room(
                fits=(id, host) not in self.forbidden,
                holders={server.host: "bbbbbbbb"},
            ),
            hosts=HOSTS,
            ports=(shapes.port(bindings={server.host: "ACTIVE"}),),
            migrations=tuple(reversed(self.records[id])),
        )
        return found if host else found.but(destination=None)

    def live(self, facts: MoveFacts) -> "FakeMove":
        return self._start(facts, "live")

    def block(self, facts: MoveFacts) -> "FakeMove":
        return self._start(facts, "block")

    def cold(self, facts: MoveFacts) -> "FakeMove":
        return self._start(facts, "cold")

    def _start(self, facts: MoveFacts, kind: str) -> "FakeMove":
        with self.gate.passing():
            self.sending(facts.server.id)
            return self._sent(facts, kind)

    def _sent(self, facts: MoveFacts, kind: str) -> "FakeMove":
        id = facts.server.id
        fates = self.fate.get(id, ["completed"])
        fate = fates.pop(0) if len(fates) > 1 else fates[0]
        with self.lock:
            self.calls.append(("move", id, facts.wanted or ""))
            assert id not in self.under_way, "a second move"
            if fate == "refused":
                raise errors.ApiError("Nova", "move it", 409, "no")
            if fate == "lost":
                raise errors.Unclear("nobody knows")
            self._id += 1
            self.records[id].append(
                shapes.migration(
                    "running",
                    id=self._id,
                    type="migration" if kind == "cold" else "live-migration",
                    source=facts.server.host,
                    destination=facts.wanted or "HostD",
                )
            )
            self.under_way.add(id)
            self.most = max(self.most, len(self.under_way))
        return FakeMove(self, facts, fate, kind)

    def taken_up(
        self, facts: MoveFacts, record: Migration, kind: str
    ) -> "FakeMove":
        self.calls.append(("taken up", facts.server.id))
        fate = record.status if record.status in ENDED else "completed"
        return FakeMove(self, facts, fate, kind)

    def waiting(self, server: Server) -> Migration:
        return self.records[server.id][-1]

    def decide(self, server: Server, record: Any, verb: Any) -> "FakeDecision":
        self.calls.append(("confirm", server.id))
        return FakeDecision(self, server)

    def activate(self, server: Server) -> Server:
        self.calls.append(("reset", server.id))
        self.servers[server.id] = server.but(status="ACTIVE")
        return self.servers[server.id]

    def shut_down(self, server: Server) -> None:
        with self.gate.passing():
            self.calls.append(("stop", server.id))
            off = server.but(status="SHUTOFF", power_state=4)
            self.servers[server.id] = off


class FakeMove:
    request_id = "req-1"

    def __init__(
        self, lab: Lab, facts: MoveFacts, fate: str, kind: str
    ) -> None:
        self.lab, self.before, self.fate = lab, facts, fate
        self.kind = kind
        self.id = facts.server.id
        self.aborted = False

    def count_by(self, counters: Any) -> None:
        self.lab.calls.append(("counted", self.id, counters()))

    @property
    def record(self) -> Migration:
        return self.lab.records[self.id][-1]

    @property
    def migration_id(self) -> int:
        return self.record.id

    def abort(self) -> None:
        self.aborted = True
        self.fate = "error"

    def force(self) -> None:
        self.fate = "completed"

    def follow(self, timeout: Any = None, stall_after: Any = 15) -> Any:
        look = 0
        while look < self._looks or self.fate == "never":
            look += 1
            yield Progress(
                "running", "running", look, stalled=self.fate == "never"
            )
            self.lab_clock.sleep(1)
        self._end()
        yield Progress("ended", self.record.status, look)

    lab_clock = Quick()

    def _end(self) -> None:
        lab, id = self.lab, self.id
        cold = self.record.type == "migration"
        with lab.lock:
            lab.under_way.discard(id)
            server = lab.servers[id]
            good = self.fate in ("completed", "finished", "confirmed")
            status = "finished" if cold and good else self.fate
            if self.record.status not in ENDED:
                lab.records[id][-1] = self.record.but(status=status)
            if good:
                to = self.record.destination
                changes: dict[str, Any] = {"host": to}
                if cold and server.status != "ACTIVE":
                    changes["status"] = "VERIFY_RESIZE"
                lab.servers[id] = server.but(**changes)
            elif self.fate == "error":
                lab.servers[id] = server.but(status="ERROR")

    @property
    def _looks(self) -> int:
        alone = self.lab.most < self.lab.together
        return 4000 if alone else self.lab.looks

    def outcome(self) -> Outcome:
        now, record = self.lab.servers[self.id], self.record
        end, why = End.NOT_MOVED, self.lab.explanation
        if now.host == record.destination:
            waits = now.status == "VERIFY_RESIZE"
            end, why = End.WAITS if waits else End.MOVED, None
        return Outcome(
            end=end,
            server=now.name,
            id=now.id,
            kind=self.kind,
            source=record.source,
            destination=record.destination,
            status=record.status,
            migration_id=record.id,
            seconds=1.0,
            memory_bytes=None,
            disk_bytes=None,
            reason="" if end is not End.NOT_MOVED else "the copy failed",
            next=why.next if why else "",
            explanation=why,
        )


class FakeDecision:
    def __init__(self, lab: Lab, server: Server) -> None:
        self.lab, self.server = lab, server

    def follow(self) -> Any:
        id = self.server.id
        record = self.lab.records[id][-1]
        self.lab.records[id][-1] = record.but(status="confirmed")
        self.lab.servers[id] = self.server.but(status="SHUTOFF")
        yield Progress("confirming", "confirmed", 1)

    def outcome(self) -> Outcome:
        found = FakeMove(self.lab, shapes.move(server=self.server), "", "cold")
        return dataclasses.replace(found.outcome(), end=End.MOVED)


def plan(*steps: Step, stays: tuple[Skipped, ...] = ()) -> Plan:
    return Plan(
        purpose=Purpose.DRAIN,
        cloud="test",
        made_at="2026-11-23T10:00:00+00:00",
        sources=("HostB",),
        steps=tuple(
            dataclasses.replace(step, order=n) for n, step in enumerate(steps)
        ),
        stays=stays,
        room={},
    )


def never_again(step, excluding):
    return Skipped(step.server, step.id, step.source, ("no room elsewhere",))


def work(lab, journal, again=never_again, **options):
    return Work(lab, journal, Quick(), again, **options)


def done(lab, journal, *steps, again=never_again, hosts=None, **options):
    """The engine at its end, and all events that it reported."""
    made = work(lab, journal, again, **options)
    engine = Engine(made, plan(*steps), hosts)
    events = [str(e) for look in engine.looks() for e in look.events]
    return engine, events
