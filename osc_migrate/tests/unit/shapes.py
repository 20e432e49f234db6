"""Facts of a healthy move, to change one thing of."""

import datetime
from typing import Any

from osc_migrate.cloud.hosts import Aggregate, Host, Hypervisor, Service
from osc_migrate.cloud.migrations import Migration
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.cloud.network import Agent, Port
from osc_migrate.cloud.placement import HostRoom
from osc_migrate.cloud.server_groups import Group
from osc_migrate.cloud.servers import Flavor, Server
from osc_migrate.cloud.volumes import Volume
from osc_migrate.cloud.whole_cloud import CloudFacts

NOW = datetime.datetime(2026, 11, 23, 10, tzinfo=datetime.UTC)


def server(**changes: Any) -> Server:
    return Server(
        **{
            "id": "11111111-1111-1111-1111-111111111111",
            "name": "vm1",
            "status": "ACTIVE",
            "task_state": None,
            "host": "HostB",
            "locked": False,
            "locked_reason": None,
            "project_id": "0123456789abcdef0123456789abcdef",
            "flavor": flavor(),
            "power_state": 1,
            "fault": None,
            "image_id": "99999999-9999-9999-9999-999999999999",
            "image_properties": {"hw_machine_type": "q35"},
        }
        | changes
    )


def hypervisor(**changes: Any) -> Hypervisor:
    return Hypervisor(
        **{
            "id": "cccccccc-cccc-cccc-cccc-cccccccccccc",
            "name": "hostc.test",
            "vcpus": 16,
            "vcpus_used": 1,
            "memory_mb": 16384,
            "memory_mb_used": 1024,
            "local_gb": 200,
            "local_gb_used": 1,
            "version": 8002002,
            "disk_available_least": 150,
            "cpu_features": frozenset({"pcid", "avx2"}),
        }
        | changes
    )


def host(**changes: Any) -> Host:
    return Host(
        **{
            "name": "HostC",
            "state": "up",
            "status": "enabled",
            "disabled_reason": None,
            "forced_down": False,
            "updated_at": NOW,
            "hypervisor": hypervisor(),
        }
        | changes
    )


def flavor(**extra_specs: str) -> Flavor:
    """A small one; 'hw__pmem' stands for the extra spec 'hw:pmem'."""
    specs = {k.replace("__", ":"): v for k, v in extra_specs.items()}
    return Flavor(1, 512, 1, 0, 0, specs)


def port(**changes: Any) -> Port:
    return Port(
        **{
            "id": "66666666-6666-6666-6666-666666666666",
            "vnic_type": "normal",
            "physical_network": None,
            "bindings": {"HostB": "ACTIVE"},
        }
        | changes
    )


def agent(host: str, **changes: Any) -> Agent:
    return Agent(
        **{
            "type": "Open vSwitch agent",
            "host": host,
            "alive": True,
            "physical_networks": frozenset({"physnet1"}),
        }
        | changes
    )


def volume(**changes: Any) -> Volume:
    return Volume(
        **{
            "id": "55555555-5555-5555-5555-555555555555",
            "status": "in-use",
            "multiattach": False,
            "zone": "nova",
        }
        | changes
    )


def group(policy: str, **changes: Any) -> Group:
    return Group(
        **{"name": "g1", "policy": policy, "max_per_host": 1, "members": {}}
        | changes
    )


def room(**changes: Any) -> HostRoom:
    return HostRoom(
        **{
            "asked": {"VCPU": 1, "MEMORY_MB": 512},
            "free": {"VCPU": 16, "MEMORY_MB": 4096},
            "fits": True,
            "holders": {"HostB": "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb"},
        }
        | changes
    )


def move(**changes: Any) -> MoveFacts:
    return MoveFacts(
        **{
            "server": server(),
            "wanted": "HostC",
            "source": host(name="HostB"),
            "destination": host(),
            "room": room(),
            "hosts": ("HostB", "HostC"),
            "now": NOW,
        }
        | changes
    )


def migration(status: str = "running", **changes: Any) -> Migration:
    return Migration(
        **{
            "id": 7,
            "uuid": None,
            "status": status,
            "type": "live-migration",
            "source": "HostB",
            "destination": "HostC",
        }
        | changes
    )


def service(**changes: Any) -> Service:
    return Service(
        **{
            "binary": "nova-compute",
            "host": "HostB",
            "state": "up",
            "status": "enabled",
            "forced_down": False,
            "disabled_reason": None,
            "updated_at": NOW,
        }
        | changes
    )


def cloud(**changes: Any) -> CloudFacts:
    return CloudFacts(
        **{
            "services": (service(), service(host="HostC")),
            "hosts": {"HostB": host(name="HostB"), "HostC": host()},
            "servers": (server(),),
            "under_way": (),
            "orphans": {},
            "unseen": (),
            "stale_bindings": {},
            "now": NOW,
        }
        | changes
    )


def full(**changes: Any) -> MoveFacts:
    """A healthy move of a server with one of everything."""
    return move(
        **{
            "server": server(
                image_id="99999999-9999-9999-9999-999999999999",
                volume_ids=("55555555-5555-5555-5555-555555555555",),
                pinned_zone="nova",
                group_ids=("g1",),
            ),
            "volumes": (volume(),),
            "ports": (port(physical_network="physnet1"),),
            "network_extensions": frozenset({"binding-extended"}),
            "agents": (agent("HostB"), agent("HostC")),
            "groups": (group("soft-affinity"),),
            "migrations": (migration("completed"),),
            "incoming": (migration("running", id=8),),
            "aggregates": (
                Aggregate("a1", frozenset({"HostB", "HostC"}), {}),
            ),
        }
        | changes
    )
