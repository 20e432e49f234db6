"""Reads the cloud's APIs: each resource once, in parallel."""

import concurrent.futures
import contextlib
import itertools
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from osc_migrate import errors, microversions
from osc_migrate.cloud import network, placement
from osc_migrate.cloud.hosts import (
    Host,
    Hypervisor,
    parse_host,
    parse_hypervisor,
)
from osc_migrate.cloud.json_fields import JsonObject
from osc_migrate.cloud.migrations import Migration, parse_migration
from osc_migrate.cloud.projects import project_names
from osc_migrate.cloud.rest import ANSWER_TIMEOUT, Api
from osc_migrate.cloud.servers import Server, parse_server
from osc_migrate.facts import Unread, fact, or_none
from osc_migrate.text import did_you_mean, paste

T = TypeVar("T")
# An ID prefix, at least as long as narrow tables show.
_ID_PREFIX = re.compile(r"[0-9A-Fa-f]{8}[0-9A-Fa-f-]{0,27}")
# How many server names are searched for similar ones.
_SUGGESTED_FROM = 2000


class Cloud:
    """Reads a cloud through an ``openstack.connection.Connection``.

    :param tries: see :class:`Api`.
    """

    def __init__(self, connection: Any, tries: int = 1) -> None:
        self._apis: list[Api] = []

        def api(name: str, service: str, newest: str | None = None) -> Api:
            # Looked up on first use: not every cloud has every service.
            new_api = Api(
                lambda: getattr(connection, name), service, newest, tries
            )
            self._apis.append(new_api)
            return new_api

        self._connection = connection
        self.nova = api("compute", "Nova", microversions.NOVA)
        self.keystone = api("identity", "Keystone")
        self.glance = api("image", "Glance")
        self.cinder = api("block_storage", "Cinder")
        self.neutron = api("network", "Neutron")
        self.network = network.Network(self.neutron)
        self.placement = placement.Placement(
            api("placement", "Placement", microversions.PLACEMENT)
        )

    def with_retries(self, tries: int) -> "Cloud":
        """Return the same cloud with that many attempts for each read."""
        for api in self._apis:
            api.tries = tries
        return self

    def roles(self) -> frozenset[str]:
        """Names of the roles in the user's token.

        :raises Unread: the authentication method has no roles.
        """
        session = self._connection.session
        try:
            access = session.auth.get_access(session)
        except Exception as error:
            raise Unread(f"the token's roles are not known: {error}") from None
        return frozenset(access.role_names)

    def server(self, ref: str) -> Server:
        """Return the server with that ID or name, from any project if allowed.

        :raises NotFound: no such server.
        :raises Ambiguous: several servers have that name.
        """
        return self.parsed(self._find_server(ref))

    def parsed(self, row: JsonObject) -> Server:
        """:raises ApiError: the row has no ID."""
        try:
            return parse_server(row)
        except Unread as unread:
            raise self._unreadable("show a server", unread) from None

    def server_now(self, server_id: str) -> Server | None:
        """Return the current state of the server; None if it is gone."""
        body = self._show_server(server_id)
        return self.parsed(body) if body else None

    def _show_server(self, server_id: str) -> JsonObject | None:
        try:
            return self.nova.get(
                f"/servers/{server_id}", f"show server {server_id}"
            ).inner("server")
        except errors.ApiError as error:
            if error.status == 404:
                return None
            raise
        except Unread as unread:
            raise self._unreadable(
                f"show server {server_id}", unread
            ) from None

    def _find_server(self, ref: str) -> JsonObject:
        if _is_uuid(ref) and (shown := self._show_server(ref)):
            return shown
        # Nova treats the name as a regular expression of its database.
        rows = self.servers({"name": f"^{re.escape(ref)}$"})
        named = [server for server in rows if _named(server, ref)]
        if not named:
            return self._by_prefix(ref)
        if len(named) > 1:
            ids = [fact(server.text, "id") or "?" for server in named]
            raise errors.Ambiguous("server", ref, ids, self._places(named))
        return named[0]

    def _by_prefix(self, ref: str) -> JsonObject:
        """Return the only server whose ID starts with that prefix.

        :raises NotFound, Ambiguous: no server, or several.
        """
        is_prefix = _ID_PREFIX.fullmatch(ref)
        names: dict[str, str] = {}
        # Without permission to list servers, nothing can be suggested.
        with contextlib.suppress(errors.ApiError, Unread):
            rows = self.servers({}, "/servers")
            names = {
                row.text("id"): row.text("name")
                for row in itertools.islice(
                    rows, None if is_prefix else _SUGGESTED_FROM
                )
            }
        ids = [id for id in names if is_prefix and id.startswith(ref.lower())]
        if len(ids) > 1:
            labels = [names[id] for id in ids]
            raise errors.Ambiguous("server", f"{ref}...", ids, labels)
        if ids and (shown := self._show_server(ids[0])):
            return shown
        remedy = self._instead_of_server(ref, set(names.values()))
        raise errors.NotFound("server", ref, remedy)

    def _places(self, rows: Sequence[JsonObject]) -> list[str]:
        """Return host and project of each server, as far as shown."""
        projects = [fact(row.text, "tenant_id") for row in rows]
        names = project_names(
            self.keystone, [p for p in projects if isinstance(p, str)]
        )
        places = []
        for row, project in zip(rows, projects, strict=True):
            host = fact(row.text, "OS-EXT-SRV-ATTR:host")
            place = [host] if isinstance(host, str) and host else []
            if isinstance(project, str):
                place.append(f"project {names.get(project, project)}")
            places.append(", ".join(place))
        return places

    def _instead_of_server(self, ref: str, names: Iterable[str]) -> str:
        """Return the next step if no server has that name.

        :param names: of servers.
        """
        if ref in (or_none(lambda: or_unread(self.hosts)) or ()):
            host = paste(ref)
            return (
                f"{host} is a compute host; did you mean: openstack migrate"
                f" drain {host}, or openstack migrate preflight --host {host}"
            )
        listing = "see 'openstack server list --all-projects'"
        return did_you_mean(ref, names) or listing

    def servers(
        self, query: dict[str, object], path: str = "/servers/detail"
    ) -> Iterator[JsonObject]:
        """Yield the matching servers, of all projects if permitted.

        At most two pages are held in memory.
        """

        def listed(query: dict[str, object]) -> Iterator[JsonObject]:
            return self.nova.pages(
                path, "servers", "list servers", query=query
            )

        rows = listed(query | {"all_tenants": "1"})
        try:
            first = list(itertools.islice(rows, 1))
        except errors.ApiError as error:
            if error.status != 403:
                raise
            return listed(query)
        return itertools.chain(first, rows)

    def hosts(self) -> dict[str, Host]:
        """Name -> compute host, from the nova-compute services.

        :raises Unread: this user may not list them.
        """
        rows = or_unread(
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
        hosts = [parse_host(row) for row in rows]
        return {host.name: host for host in hosts}

    def compute_service(self, host: str) -> JsonObject | None:
        """Return the service row of a host's nova-compute, or None."""
        body = self.nova.get(
            "/os-services",
            f"show the compute service of {host}",
            query={"binary": "nova-compute", "host": host},
        )
        try:
            return next(iter(body.rows("services")), None)
        except Unread as unread:
            description = f"show the compute service of {host}"
            raise self._unreadable(description, unread) from None

    def hypervisors(self) -> dict[str, Hypervisor]:
        """Compute host name -> its hypervisor, including sizes.

        :raises Unread: this user may not list them.
        """
        paged = self.nova.has(microversions.HYPERVISORS_PAGED)
        rows = or_unread(
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
        return dict(parse_hypervisor(row) for row in rows)

    def migrations(
        self,
        server_id: str,
        project_id: str | None = None,
        *,
        limit: int | None = None,
        timeout: float = ANSWER_TIMEOUT,
    ) -> list[Migration]:
        """Return a server's migration records, ended or not, newest first.

        :param project_id: lets a project's manager, who may list no others,
            list those of that project.
        :param limit: maximum number; ignored before 2.59.
        """
        query: dict[str, object] = {"instance_uuid": server_id}
        if limit and self.nova.has(microversions.MIGRATIONS_PAGED):
            query["limit"] = limit
        description = f"list the migrations of server {server_id}"

        def fetch() -> JsonObject:
            return self.nova.get(
                "/os-migrations", description, query=query, timeout=timeout
            )

        try:
            body = fetch()
        except errors.ApiError as error:
            by_project = self.nova.has(microversions.MIGRATIONS_BY_PROJECT)
            if error.status != 403 or not project_id or not by_project:
                raise
            query["project_id"] = project_id
            body = fetch()
        try:
            records = [parse_migration(row) for row in body.rows("migrations")]
        except Unread as unread:
            raise self._unreadable(description, unread) from None
        return sorted(records, key=lambda record: -record.id)

    def live_counters(
        self,
        server_id: str,
        migration_id: int,
        timeout: float = ANSWER_TIMEOUT,
    ) -> Migration | None:
        """Return a live migration in flight with its byte counters.

        None if Nova does not list it: before it is queued, in post-copy, and
        after its end (nova server_migrations.py). The list is requested,
        because a project's manager may not show a single migration.
        Also None if Nova rejects its own response: its schema requires each
        counter to be at least 1 (nova 33, schemas/server_migrations.py), and
        [api] response_validation = error, as set by DevStack, turns the 0 of
        a disk that has not been copied yet into HTTP 400.
        """
        description = f"list the live migrations of server {server_id}"
        try:
            body = self.nova.get(
                f"/servers/{server_id}/migrations",
                description,
                timeout=timeout,
            )
            records = [parse_migration(row) for row in body.rows("migrations")]
        except errors.ApiError as error:
            if error.status in (400, 404):
                return None
            raise
        except Unread as unread:
            raise self._unreadable(description, unread) from None
        return next((r for r in records if r.id == migration_id), None)

    def _unreadable(self, description: str, unread: Unread) -> errors.ApiError:
        return errors.ApiError("Nova", description, None, unread.reason)


def or_unread(read: Callable[[], T]) -> T:
    """Call `read`; an API error is raised as :class:`Unread`."""
    try:
        return read()
    except errors.ApiError as error:
        raise Unread(str(error)) from error


def in_parallel(*reads: Callable[[], Any]) -> list[Any]:
    """Run independent reads in parallel; each result is a fact."""
    with concurrent.futures.ThreadPoolExecutor(len(reads)) as pool:
        return list(pool.map(fact, reads))


def find_host(
    name_or_id: str, hypervisors: Mapping[str, Hypervisor | Unread | None]
) -> str | None:
    """Return the compute host with that name, or that hypervisor name or ID.

    :param hypervisors: compute host name -> its hypervisor.
    """
    if name_or_id in hypervisors:
        return name_or_id
    for name, hypervisor in hypervisors.items():
        if isinstance(hypervisor, Hypervisor) and name_or_id in (
            fact(getattr, hypervisor, "id"),
            fact(getattr, hypervisor, "name"),
        ):
            return name
    return None


def hypervisors_of(
    hosts: Mapping[str, Host],
) -> dict[str, Hypervisor | Unread | None]:
    """Return the hypervisor of each host, for :func:`find_host`."""
    return {
        name: fact(getattr, host, "hypervisor") for name, host in hosts.items()
    }


def require_host(
    name_or_id: str,
    hypervisors: Mapping[str, Hypervisor | Unread | None],
    remedy: str = "see 'openstack compute service list'",
) -> str:
    """Like :func:`find_host`.

    :raises NotFound: no such host.
    """
    name = find_host(name_or_id, hypervisors)
    if name is None:
        # Host names often differ in one digit: suggest only the nearest.
        remedy = did_you_mean(name_or_id, hypervisors) or remedy
        raise errors.NotFound("compute host", name_or_id, remedy)
    return name


def _named(body: JsonObject, name: str) -> bool:
    return fact(body.text, "name") == name


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
