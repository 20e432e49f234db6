"""A cloud with something of everything, some of whose answers are spoilt."""

import functools
from collections.abc import Iterable
from typing import Any

import requests_mock

from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.sky import HOST_B, HOST_C, NOVA, PROJECT, VM1
from osc_migrate.tests.unit.spoils import Spoil


@functools.cache
def connection() -> Any:
    """One for all: what it remembers is where the services are."""
    return skies.connect()


class OddSky(skies.Sky):
    """A cloud with something of everything, and some answers spoilt."""

    def __init__(self, mock: Any, spoils: Iterable[Spoil] = ()) -> None:
        self._answers: list[tuple[Any, str, list[Any]]] = []
        # What a spoilt ID leads to; whatever comes later goes first.
        mock.get(requests_mock.ANY, status_code=404, json={})
        super().__init__(mock, connection=connection())
        self.healthy()
        self._furnish()
        counted = [
            (n, m)
            for n, (*_, answers) in enumerate(self._answers)
            for m in range(len(answers))
        ]
        for spoil in spoils:
            n, m = counted[spoil.answer % len(counted)]
            answers = self._answers[n][2]
            answers[m] = spoil.body(answers[m])
        for register, path, answers in self._answers:
            register(path, *answers)

    def _kept(self, register: Any, path: str, answers: Any) -> None:
        # The last one counts, as in requests-mock.
        self._answers = [
            one for one in self._answers if one[:2] != (register, path)
        ]
        self._answers.append((register, path, list(answers)))

    def nova(self, path: str, *answers: Any) -> None:
        self._kept(super().nova, path, answers)

    def placement(self, path: str, *answers: Any) -> None:
        self._kept(super().placement, path, answers)

    def keystone(self, path: str, *answers: Any) -> None:
        self._kept(super().keystone, path, answers)

    def neutron(self, path: str, *answers: Any) -> None:
        self._kept(super().neutron, path, answers)

    def glance(self, path: str, *answers: Any) -> None:
        self._kept(super().glance, path, answers)

    def cinder(self, path: str, *answers: Any) -> None:
        self._kept(super().cinder, path, answers)

    def under_way(self, *records: dict[str, Any]) -> None:
        self._kept(self._migrations, "", [{"migrations": list(records)}])

    def _migrations(self, _path: str, answer: Any) -> None:
        self.mock.get(
            NOVA + "/os-migrations",
            **skies._answer(answer),
            additional_matcher=lambda request: "status" in request.qs,
        )

    def _furnish(self) -> None:
        volume, group, port = (c * 8 + VM1[8:] for c in "456")
        before = skies.server(
            **{
                "os-extended-volumes:volumes_attached": [{"id": volume}],
                "server_groups": [group],
                "OS-EXT-SRV-ATTR:hypervisor_hostname": "hostb.test",
                "fault": {
                    "message": "No valid host",
                    "created": "2026-11-23T10:00:04Z",
                    "code": 500,
                },
            }
        )
        after = before | {"OS-EXT-SRV-ATTR:host": "HostC"}
        stopped = skies.server(id=group, name="vm2", status="SHUTOFF")
        self.nova("/servers/detail", {"servers": [before, stopped]})
        self.nova(f"/servers/{VM1}", {"server": after})
        self.nova(
            f"/os-server-groups/{group}",
            {
                "server_group": {
                    "name": "g",
                    "policy": "anti-affinity",
                    "rules": {"max_server_per_host": 1},
                    "members": [VM1, stopped["id"]],
                }
            },
        )
        self.nova(
            f"/servers/{VM1}/topology",
            {"nodes": [{"cpu_pinning": {"0": 4}}], "pagesize_kb": 4},
        )
        self.nova(
            "/os-aggregates",
            {
                "aggregates": [
                    {
                        "name": "a",
                        "hosts": ["HostB", "HostC"],
                        "metadata": {"availability_zone": "nova"},
                    }
                ]
            },
        )
        self.under_way(
            skies.migration(
                "running", id=3, instance_uuid=stopped["id"], uuid=port
            )
        )
        self._moves()
        self.neutron(
            "/ports",
            {
                "ports": [
                    {
                        "id": port,
                        "network_id": port,
                        "binding:vnic_type": "normal",
                    }
                ]
            },
        )
        self.neutron(
            f"/networks/{port}",
            {"network": {"provider:physical_network": "physnet1"}},
        )
        self.neutron(
            f"/ports/{port}/bindings",
            {"bindings": [{"host": "HostB", "status": "ACTIVE"}]},
        )
        self.neutron(
            "/agents",
            {
                "agents": [
                    {
                        "id": port,
                        "agent_type": "Open vSwitch agent",
                        "host": "HostC",
                        "alive": True,
                        "admin_state_up": True,
                        "configurations": {
                            "bridge_mappings": {"physnet1": "br-ex"}
                        },
                    }
                ]
            },
        )
        self.cinder(
            f"/volumes/{volume}",
            {
                "volume": {
                    "status": "in-use",
                    "multiattach": False,
                    "availability_zone": "nova",
                }
            },
        )
        self.placement(
            f"/resource_providers/{HOST_B}/allocations",
            {"allocations": {VM1: {}, HOST_C: {}}},
        )
        self.keystone(
            "/projects", {"projects": [{"id": PROJECT, "name": "web"}]}
        )

    def _moves(self) -> None:
        """None before a move, a failure and its story after."""
        failed = skies.migration(
            "error",
            created_at="2026-11-23T10:00:00.000000",
            instance_uuid=VM1,
        )
        self.nova(
            "/os-migrations", {"migrations": []}, {"migrations": [failed]}
        )
        self.mock.post(
            f"{NOVA}/servers/{VM1}/action",
            status_code=202,
            headers={"x-openstack-request-id": "req-1"},
        )
        actions = f"/servers/{VM1}/os-instance-actions"
        self.nova(
            actions,
            {
                "instanceActions": [
                    {
                        "action": "live-migration",
                        "request_id": "req-1",
                        "start_time": "2026-11-23T10:00:00.000000",
                        "message": "Error",
                        "user_id": "me",
                    }
                ]
            },
        )
        self.nova(
            f"{actions}/req-1",
            {
                "instanceAction": {
                    "events": [
                        {
                            "event": "compute_pre_live_migration",
                            "result": "Error",
                            "start_time": "2026-11-23T10:00:01.000000",
                            "finish_time": "2026-11-23T10:00:02.000000",
                            "host": "HostC",
                            "traceback": "  File\n    raise OSError()\n",
                            "details": "HostC is not on shared storage",
                        }
                    ]
                }
            },
        )
