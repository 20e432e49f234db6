"""What the cloud's APIs tell: each thing read once, side by side."""

import concurrent.futures
import re
import uuid
from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeVar, cast

from osc_migrate import errors, microversions
from osc_migrate.facts import parse, placement
from osc_migrate.facts.api import ANSWER_TIMEOUT, Api
from osc_migrate.facts.body import Body, fact
from osc_migrate.model import facts
from osc_migrate.model.facts import Unread

T = TypeVar("T")


class Cloud:
    """Reads a cloud through an ``openstack.connection.Connection``."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.nova = Api(connection.compute, "Nova", microversions.NOVA)

    def server(self, ref: str) -> facts.Server:
        """The server with that ID or name, in any project if allowed.

        :raises NotFound: no such server.
        :raises Ambiguous: several have the name.
        """
        return parse.server(self._find_server(ref))

    def server_now(self, server_id: str) -> facts.Server | None:
        """The server as it is now, None when it is gone."""
        body = self._show_server(server_id)
        return parse.server(body) if body else None

    def _show_server(self, server_id: str) -> Body | None:
        try:
            return self.nova.get(
                f"/servers/{server_id}", f"show server {server_id}"
            ).inner("server")
        except errors.ApiError as error:
            if error.status == 404:
                return None
            raise
        except Unread as unread:
            raise self._odd(f"show server {server_id}", unread) from None

    def _find_server(self, ref: str) -> Body:
        if _is_uuid(ref) and (found := self._show_server(ref)):
            return found
        named = [s for s in self._servers_like(ref) if _named(s, ref)]
        if not named:
            raise errors.NotFound(
                "server", ref, "see 'openstack server list --all-projects'"
            )
        if len(named) > 1:
            raise errors.Ambiguous(
                "server", ref, [fact(s.text, "id") or "?" for s in named]
            )
        return named[0]

    def _servers_like(self, name: str) -> Iterator[Body]:
        # Nova takes the name for a regular expression of its database.
        query: dict[str, object] = {"name": f"^{re.escape(name)}$"}
        what = f"look for server '{name}'"
        try:
            rows = list(
                self.nova.pages(
                    "/servers/detail",
                    "servers",
                    what,
                    query=query | {"all_tenants": "1"},
                )
            )
        except errors.ApiError as error:
            if error.status != 403:
                raise
            # Not an admin: the servers of the user's own project.
            rows = list(
                self.nova.pages(
                    "/servers/detail", "servers", what, query=query
                )
            )
        return iter(rows)

    def hosts(self) -> dict[str, facts.Host]:
        """Name -> compute host, from the nova-compute services.

        :raises Unread: when this user may not list them.
        """
        rows = self._read(
            lambda: list(
                self.nova.pages(
                    "/os-services",
                    "services",
                    "list the compute services",
                    query={"binary": "nova-compute"},
                    marker=None,
                )
            )
        )
        hosts = [parse.host(row) for row in rows]
        return {host.name: host for host in hosts}

    def hypervisors(self) -> dict[str, facts.Hypervisor]:
        """Name of the compute host -> its hypervisor, sizes included.

        :raises Unread: when this user may not list them.
        """
        paged = self.nova.has(microversions.HYPERVISORS_PAGED)
        rows = self._read(
            lambda: list(
                self.nova.pages(
                    "/os-hypervisors/detail",
                    "hypervisors",
                    "list the hypervisors",
                    newest=microversions.LAST_WITH_SIZES,
                    marker="id" if paged else None,
                )
            )
        )
        return dict(parse.hypervisor(row) for row in rows)

    def move_facts(self, ref: str, wanted: str | None) -> facts.MoveFacts:
        """Everything about one server and the host where it should go.

        :raises NotFound, Ambiguous: as :meth:`server`.
        :raises ApiError: when the server itself cannot be read.
        """
        server = self.server(ref)
        hosts, hypervisors, last = together(
            self.hosts,
            self.hypervisors,
            lambda: self._read(lambda: self._newest_migration(server)),
        )
        destination = _of(
            hosts,
            lambda known: known.get(
                find_host(wanted, known, hypervisors) or ""
            ),
        )
        room: Any = Unread("no host was chosen")
        if isinstance(destination, facts.Host):
            room = fact(self._room, server, destination.name, hypervisors)
        return facts.MoveFacts(
            server=server,
            wanted=wanted,
            destination=destination,
            room=room,
            hosts=_of(hosts, lambda known: tuple(sorted(known))),
            last_migration=last,
        )

    def _newest_migration(self, server: facts.Server) -> int:
        project = facts.known(lambda: server.project_id)
        newest = self.migrations(server.id, project, limit=1)
        return newest[0].id if newest else 0

    def _room(
        self,
        server: facts.Server,
        host: str,
        hypervisors: dict[str, facts.Hypervisor] | Unread,
    ) -> facts.Room:
        if isinstance(hypervisors, Unread):
            raise hypervisors
        if host not in hypervisors:
            raise Unread(f"Nova lists no hypervisor of {host}")
        return self._read(
            lambda: self.placement.room(server.id, hypervisors[host])
        )

    @property
    def keystone(self) -> Api:
        return Api(self._connection.identity, "Keystone", None)

    @property
    def placement(self) -> placement.Placement:
        return placement.Placement(
            Api(
                self._connection.placement,
                "Placement",
                microversions.PLACEMENT,
            )
        )

    def migrations(
        self,
        server_id: str,
        project_id: str | None = None,
        *,
        limit: int | None = None,
        timeout: float = ANSWER_TIMEOUT,
    ) -> list[facts.Migration]:
        """A server's migration records, ended or not, newest first.

        :param project_id: lets a project's manager, who may see no others,
            list those of the own project.
        :param limit: that many are enough; ignored before 2.59.
        """
        query: dict[str, object] = {"instance_uuid": server_id}
        if limit and self.nova.has(microversions.MIGRATIONS_PAGED):
            query["limit"] = limit
        what = f"list the migrations of server {server_id}"

        def ask() -> Body:
            return self.nova.get(
                "/os-migrations", what, query=query, timeout=timeout
            )

        try:
            body = ask()
        except errors.ApiError as error:
            by_project = self.nova.has(microversions.MIGRATIONS_BY_PROJECT)
            if error.status != 403 or not project_id or not by_project:
                raise
            query["project_id"] = project_id
            body = ask()
        try:
            records = [parse.migration(row) for row in body.rows("migrations")]
        except Unread as unread:
            raise self._odd(what, unread) from None
        return sorted(records, key=lambda record: -record.id)

    def live_counters(
        self,
        server_id: str,
        migration_id: int,
        timeout: float = ANSWER_TIMEOUT,
    ) -> facts.Migration | None:
        """A live migration under way with its byte counters.

        None when Nova does not list it (any more): before it is queued, in
        post-copy, after its end (nova server_migrations.py).
        """
        what = f"show migration {migration_id} of server {server_id}"
        try:
            body = self.nova.get(
                f"/servers/{server_id}/migrations/{migration_id}",
                what,
                timeout=timeout,
            )
            return parse.migration(body.inner("migration"))
        except errors.ApiError as error:
            if error.status == 404:
                return None
            raise
        except Unread as unread:
            raise self._odd(what, unread) from None

    def _odd(self, what: str, unread: Unread) -> errors.ApiError:
        return errors.ApiError("Nova", what, None, unread.reason)

    def _read(self, read: Callable[[], T]) -> T:
        """`read`, with trouble of the API as :class:`Unread`."""
        try:
            return read()
        except errors.ApiError as error:
            raise Unread(str(error)) from error


def together(*reads: Callable[[], Any]) -> list[Any]:
    """Reads that do not need each other, side by side, each a fact."""
    with concurrent.futures.ThreadPoolExecutor(len(reads)) as pool:
        return list(pool.map(fact, reads))


def _of(value: object, pick: Callable[[Any], T]) -> T:
    """`pick` of a fact that may be Unread, which then stays what it is."""
    return cast(T, value) if isinstance(value, Unread) else pick(value)


def find_host(
    wanted: str | None,
    hosts: Collection[str],
    hypervisors: dict[str, facts.Hypervisor] | Unread,
) -> str | None:
    """The compute host with that name, or that hypervisor name or ID."""
    if wanted is None or wanted in hosts:
        return wanted
    if not isinstance(hypervisors, Unread):
        for name, hypervisor in hypervisors.items():
            known_as = (
                fact(getattr, hypervisor, "id"),
                fact(getattr, hypervisor, "name"),
            )
            if wanted in known_as and name in hosts:
                return name
    return None


def _named(body: Body, name: str) -> bool:
    return fact(body.text, "name") == name


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
