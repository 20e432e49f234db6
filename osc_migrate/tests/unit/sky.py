"""A cloud made of recorded answers, behind openstacksdk's real HTTP calls."""

import types
from typing import Any

import openstack
import requests_mock as rm

NOVA = "http://nova.test/v2.1"
PLACEMENT = "http://placement.test"
KEYSTONE = "http://keystone.test/v3"
NEUTRON = "http://neutron.test/v2.0"
GLANCE = "http://glance.test/v2"
CINDER = "http://cinder.test/v3"
IMAGE = "99999999-9999-9999-9999-999999999999"
VM1 = "11111111-1111-1111-1111-111111111111"
PROJECT = "0123456789abcdef0123456789abcdef"
HOST_B = "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb"
HOST_C = "cccccccc-cccc-cccc-cccc-cccccccccccc"


class Sky:
    """Registers answers; `connection` talks to them."""

    def __init__(
        self,
        mock: rm.Mocker,
        newest: str = "2.104",
        connection: Any = None,
        **config: Any,
    ) -> None:
        self.mock = mock
        self.connection = connection or connect(**config)
        # Without Keystone a token has no roles; this one is an admin's.
        self.roles = ["admin"]
        self.connection.session.auth.get_access = lambda _session: (
            types.SimpleNamespace(role_names=self.roles)
        )
        mock.get(NOVA, json={"version": version("v2.1", NOVA, newest)})
        mock.get(
            PLACEMENT,
            json={"versions": [version("v1.0", PLACEMENT, "1.39", "1.0")]},
        )

        for name, url in (
            ("v3.14", KEYSTONE),
            ("v2.0", NEUTRON),
            ("v2.16", GLANCE),
            ("v3.0", CINDER),
        ):
            links = [{"rel": "self", "href": url}]
            known = {"id": name, "status": "CURRENT", "links": links}
            mock.get(url, json={"version": known})

    def nova(self, path: str, *answers: Any) -> Any:
        """GET of that path answers with each body in turn, then the last.

        An answer may be a body, a status, text, an exception or Raw.
        """
        # A server's migrations are not those of the whole cloud.
        only = _of_one_server if path == "/os-migrations" else None
        return self.mock.get(
            NOVA + path,
            [_answer(a) for a in answers],
            additional_matcher=only,
        )

    def under_way(self, *records: dict[str, Any]) -> None:
        """The migrations that run now, in the whole cloud."""

        def answer(request: Any, _context: Any) -> Any:
            wanted = request.qs["status"][0]
            rows = [r for r in records if r["status"] == wanted]
            return {"migrations": rows}

        self.mock.get(
            NOVA + "/os-migrations",
            json=answer,
            additional_matcher=lambda request: "status" in request.qs,
        )

    def recent(self, *records: dict[str, Any]) -> None:
        """The moves of the last hours, in the whole cloud."""

        def answer(request: Any, context: Any) -> dict[str, Any]:
            wanted = request.qs["migration_type"][0]
            rows = [r for r in records if r["migration_type"] == wanted]
            return {"migrations": rows}

        self.mock.get(
            NOVA + "/os-migrations",
            json=answer,
            additional_matcher=lambda request: (
                {"migration_type", "changes-since"} <= set(request.qs)
            ),
        )

    def placement(self, path: str, *answers: Any) -> Any:
        return self.mock.get(PLACEMENT + path, [_answer(a) for a in answers])

    def keystone(self, path: str, *answers: Any) -> Any:
        return self.mock.get(KEYSTONE + path, [_answer(a) for a in answers])

    def neutron(self, path: str, *answers: Any) -> Any:
        return self.mock.get(NEUTRON + path, [_answer(a) for a in answers])

    def glance(self, path: str, *answers: Any) -> Any:
        return self.mock.get(GLANCE + path, [_answer(a) for a in answers])

    def cinder(self, path: str, *answers: Any) -> Any:
        return self.mock.get(CINDER + path, [_answer(a) for a in answers])

    def calls(self, end: str) -> list[Any]:
        """The requests whose path ends like that."""
        return [
            request
            for request in self.mock.request_history
            if request.url.partition("?")[0].endswith(end)
        ]

    def healthy(self) -> None:
        """vm1 on HostB, HostC empty, nothing wrong."""
        self.nova(f"/servers/{VM1}", {"server": server()})
        self.nova("/servers/detail", {"servers": [server()]})
        self.nova("/servers", {"servers": [server()]})
        self.keystone("/projects", {"projects": []})
        self.nova(
            "/os-services",
            {"services": [service("HostB"), service("HostC")]},
        )
        self.nova(
            "/os-hypervisors/detail",
            {
                "hypervisors": [
                    hypervisor("HostB", HOST_B),
                    hypervisor("HostC", HOST_C),
                ]
            },
        )
        self.nova("/os-migrations", {"migrations": []})
        self.nova(
            f"/servers/{VM1}/os-instance-actions", {"instanceActions": []}
        )
        self.under_way()
        self.recent()
        self.nova("/os-aggregates", {"aggregates": []})
        self.nova(f"/servers/{VM1}/shares", {"shares": []})
        self.nova(
            f"/servers/{VM1}/topology", {"nodes": [], "pagesize_kb": None}
        )
        self.neutron("/ports", {"ports": []})
        self.neutron("/agents", {"agents": []})
        self.neutron(
            "/extensions", {"extensions": [{"alias": "binding-extended"}]}
        )
        self.glance(f"/images/{IMAGE}", {"id": IMAGE, "status": "active"})
        resources = {"VCPU": 1, "MEMORY_MB": 512, "DISK_GB": 1}
        self.placement(
            f"/allocations/{VM1}",
            {"allocations": {HOST_B: {"resources": resources}}},
        )
        self.placement(
            "/resource_providers",
            {"resource_providers": [{"name": "hostc.test", "uuid": HOST_C}]},
        )
        self.placement(
            "/allocation_candidates",
            candidates(HOST_B, HOST_C),
        )
        self.placement(
            f"/resource_providers/{HOST_C}/usages",
            {"usages": {"VCPU": 0, "MEMORY_MB": 0, "DISK_GB": 0}},
        )
        self.placement(
            f"/resource_providers/{HOST_C}/inventories",
            {"inventories": {"MEMORY_MB": inventory(16384, 512, 1.0)}},
        )


def connect(**config: Any) -> Any:
    """A connection to these services."""
    return openstack.connection.Connection(
        auth_type="none",
        auth={"endpoint": NOVA},
        compute_endpoint_override=NOVA,
        placement_endpoint_override=PLACEMENT,
        identity_endpoint_override=KEYSTONE,
        network_endpoint_override=NEUTRON,
        image_endpoint_override=GLANCE,
        block_storage_endpoint_override=CINDER,
        **config,
    )


class Raw(dict[str, Any]):
    """Keywords of requests-mock, where a body would not do."""


def _of_one_server(request: Any) -> bool:
    return "instance_uuid" in request.qs


def _answer(answer: Any) -> dict[str, Any]:
    if isinstance(answer, Exception) or (
        isinstance(answer, type) and issubclass(answer, Exception)
    ):
        return {"exc": answer}
    if isinstance(answer, Raw):
        return answer
    if isinstance(answer, int):
        message = {"message": f"said {answer}", "code": answer}
        return {"status_code": answer, "json": {"fault": message}}
    if isinstance(answer, str):
        return {"text": answer}
    return {"json": answer}


def version(
    name: str, url: str, newest: str, oldest: str = "2.1"
) -> dict[str, Any]:
    return {
        "id": name,
        "status": "CURRENT",
        "version": newest,
        "max_version": newest,
        "min_version": oldest,
        "links": [{"rel": "self", "href": url}],
    }


def server(**changes: Any) -> dict[str, Any]:
    return {
        "id": VM1,
        "name": "vm1",
        "status": "ACTIVE",
        "OS-EXT-STS:task_state": None,
        "OS-EXT-STS:power_state": 1,
        "OS-EXT-SRV-ATTR:host": "HostB",
        "hostId": "hash-of-HostB",
        "locked": False,
        "locked_reason": None,
        "image": {"id": IMAGE, "properties": {}},
        "config_drive": "",
        "metadata": {},
        "tags": [],
        "pinned_availability_zone": None,
        "os-extended-volumes:volumes_attached": [],
        "server_groups": [],
        "updated": "2026-11-23T10:00:00Z",
        "tenant_id": PROJECT,
        "flavor": flavor(),
    } | changes


def flavor(**changes: Any) -> dict[str, Any]:
    return {
        "vcpus": 1,
        "ram": 512,
        "disk": 1,
        "ephemeral": 0,
        "swap": 0,
        "extra_specs": {},
    } | changes


def service(host: str, **changes: Any) -> dict[str, Any]:
    return {
        "host": host,
        "binary": "nova-compute",
        "state": "up",
        "status": "enabled",
        "disabled_reason": None,
        "forced_down": False,
        "zone": "nova",
        "updated_at": "2026-11-23T10:00:00.000000",
    } | changes


def hypervisor(host: str, id: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": id,
        "hypervisor_hostname": f"{host.lower()}.test",
        "service": {"host": host, "id": 1, "disabled_reason": None},
        "vcpus": 16,
        "vcpus_used": 1,
        "memory_mb": 16384,
        "memory_mb_used": 1024,
        "local_gb": 200,
        "local_gb_used": 1,
        "hypervisor_type": "QEMU",
        "hypervisor_version": 8002002,
        "disk_available_least": 150,
        "cpu_info": {"arch": "x86_64", "features": ["pcid", "avx2"]},
        "host_ip": "192.0.2.1",
    } | changes


def candidates(*providers: str, **free: int) -> dict[str, Any]:
    """GET /allocation_candidates of placement."""
    amounts = {"VCPU": 15, "MEMORY_MB": 15360, "DISK_GB": 199} | free
    return {
        "allocation_requests": [
            {"allocations": {provider: {"resources": {}}}}
            for provider in providers
        ],
        "provider_summaries": {
            provider: {
                "resources": {
                    name: {"capacity": n, "used": 0}
                    for name, n in amounts.items()
                },
                "traits": [],
                "parent_provider_uuid": None,
                "root_provider_uuid": provider,
            }
            for provider in providers
        },
    }


def inventory(total: int, reserved: int, ratio: float) -> dict[str, Any]:
    return {"total": total, "reserved": reserved, "allocation_ratio": ratio}


def migration(status: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "uuid": "77777777-7777-7777-7777-777777777777",
        "status": status,
        "migration_type": "live-migration",
        "source_compute": "HostB",
        "dest_compute": "HostC",
        "created_at": "2026-11-23T10:00:00.000000",
        "updated_at": "2026-11-23T10:00:05.000000",
    } | changes


def counters(total: int, remaining: int, **changes: Any) -> dict[str, Any]:
    return (
        migration(
            "running",
            memory_total_bytes=total,
            memory_remaining_bytes=remaining,
            memory_processed_bytes=total - remaining,
            disk_total_bytes=0,
            disk_remaining_bytes=0,
            disk_processed_bytes=0,
        )
        | changes
    )


class FakeClock:
    """Time that passes only while a caller sleeps."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        if len(self.slept) > 10_000:
            raise AssertionError("this never ends")

    def interval(self) -> float:
        return 1.0
