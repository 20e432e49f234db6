"""Generate rows as the services send them, each from its number alone."""

from collections.abc import Iterable
from typing import Any

SERVERS_A_HOST = 10
VERSIONS = ("v2.1", "v3", "v2.0", "v2", "v1")
IMAGE = "99999999-0000-4000-8000-000000000000"
# Traits of compute and hardware: current hypervisors report as many.
_TRAITS = [f"HW_CPU_X86_FEATURE_{n}" for n in range(40)] + [
    f"COMPUTE_ABILITY_{n}" for n in range(40)
]
_CPU = {
    "arch": "x86_64",
    "model": "EPYC-Milan",
    "vendor": "AMD",
    "topology": {"cells": 2, "sockets": 1, "cores": 64, "threads": 2},
    "features": [f"feature-{n}" for n in range(110)],
}
_SERVICES = {
    "identity": ("v3.14", "v3", None),
    "compute": ("v2.1", "v2.1", "2.104"),
    "placement": ("v1.0", "", "1.39"),
    "network": ("v2.0", "v2.0", None),
    "image": ("v2.16", "v2", None),
}


def uid(kind: int, n: int) -> str:
    """Return the UUID of the nth object of a kind."""
    return f"{n:08x}-0000-4000-8000-{kind:012x}"


def project_of(n: int) -> str:
    return f"{n % 50:032x}"


def host(n: int) -> str:
    return f"compute{n:04}"


def discovery(service: str, url: str) -> Any:
    name, path, newest = _SERVICES[service]
    version: dict[str, Any] = {
        "id": name,
        "status": "CURRENT",
        "links": [{"rel": "self", "href": f"{url}/{path}".rstrip("/")}],
    }
    if newest:
        oldest = newest.partition(".")[0] + ".1"
        version |= {
            "version": newest,
            "max_version": newest,
            "min_version": oldest if service == "compute" else "1.0",
        }
    if service == "placement":
        return {"versions": [version]}
    return {"version": version}


def token(root: str) -> Any:
    types = {
        "identity": "identity",
        "compute": "compute",
        "placement": "placement",
        "network": "network",
        "image": "image",
    }
    domain = {"id": "default", "name": "Default"}
    return {
        "token": {
            "methods": ["password"],
            "user": {"id": "a" * 32, "name": "admin", "domain": domain},
            "project": {"id": "b" * 32, "name": "admin", "domain": domain},
            "roles": [{"id": "c" * 32, "name": "admin"}],
            "is_domain": False,
            "audit_ids": ["made-up"],
            "issued_at": "2026-11-23T10:00:00.000000Z",
            "expires_at": "2099-11-23T10:00:00.000000Z",
            "catalog": [
                {
                    "id": service,
                    "type": type_,
                    "name": service,
                    "endpoints": [
                        {
                            "id": f"{service}-{interface}",
                            "interface": interface,
                            "region": "RegionOne",
                            "region_id": "RegionOne",
                            "url": f"{root}/{service}/"
                            f"{_SERVICES[service][1]}".rstrip("/"),
                        }
                        for interface in ("public", "internal", "admin")
                    ],
                }
                for service, type_ in types.items()
            ],
        }
    }


def projects() -> list[Any]:
    return [
        {
            "id": project_of(n),
            "name": f"project{n}",
            "domain_id": "default",
            "enabled": True,
        }
        for n in range(50)
    ]


def server(n: int, hosts: int) -> dict[str, Any]:
    """Return a row of GET /servers/detail at 2.104: about 2.5 kB."""
    ref = uid(1, n)
    where = host(n % hosts)
    return {
        "id": ref,
        "name": f"vm{n}",
        "status": "ACTIVE",
        "tenant_id": project_of(n),
        "user_id": "a" * 32,
        "metadata": {},
        "hostId": f"{n:056x}",
        "image": {
            "id": IMAGE,
            "properties": {
                "hw_machine_type": "pc-q35-8.2",
                "hw_disk_bus": "virtio",
                "hw_vif_model": "virtio",
                "base_image_ref": IMAGE,
                "min_disk": "20",
                "min_ram": "0",
                "container_format": "bare",
                "disk_format": "raw",
            },
            "links": _link(f"images/{IMAGE}"),
        },
        "flavor": {
            "vcpus": 4,
            "ram": 8192,
            "disk": 40,
            "ephemeral": 0,
            "swap": 0,
            "original_name": "m1.large",
            "extra_specs": {"hw:cpu_policy": "shared"},
        },
        "created": "2026-10-01T10:00:00Z",
        "updated": "2026-11-23T10:00:00Z",
        "addresses": {
            "internal": [
                {
                    "version": 4,
                    "addr": f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}",
                    "OS-EXT-IPS:type": "fixed",
                    "OS-EXT-IPS-MAC:mac_addr": (
                        f"fa:16:3e:00:{n >> 8 & 255:02x}:{n & 255:02x}"
                    ),
                }
            ]
        },
        "accessIPv4": "",
        "accessIPv6": "",
        "links": _link(f"servers/{ref}"),
        "OS-DCF:diskConfig": "AUTO",
        "progress": 0,
        "OS-EXT-AZ:availability_zone": "nova",
        "config_drive": "",
        "key_name": "ops",
        "OS-SRV-USG:launched_at": "2026-10-01T10:01:00.000000",
        "OS-SRV-USG:terminated_at": None,
        "OS-EXT-SRV-ATTR:host": where,
        "OS-EXT-SRV-ATTR:instance_name": f"instance-{n:08x}",
        "OS-EXT-SRV-ATTR:hypervisor_hostname": f"{where}.example.org",
        "OS-EXT-SRV-ATTR:reservation_id": f"r-{n:08x}",
        "OS-EXT-SRV-ATTR:launch_index": 0,
        "OS-EXT-SRV-ATTR:hostname": f"vm{n}",
        "OS-EXT-SRV-ATTR:kernel_id": "",
        "OS-EXT-SRV-ATTR:ramdisk_id": "",
        "OS-EXT-SRV-ATTR:root_device_name": "/dev/vda",
        "OS-EXT-SRV-ATTR:user_data": None,
        "OS-EXT-STS:task_state": None,
        "OS-EXT-STS:vm_state": "active",
        "OS-EXT-STS:power_state": 1,
        "os-extended-volumes:volumes_attached": [],
        "locked": False,
        "locked_reason": None,
        "description": None,
        "tags": [],
        "trusted_image_certificates": None,
        "host_status": "UP",
        "security_groups": [{"name": "default"}],
        "server_groups": [],
        "pinned_availability_zone": None,
        "scheduler_hints": {},
    }


def _link(path: str) -> list[dict[str, str]]:
    return [
        {"rel": "self", "href": f"http://127.0.0.1/compute/v2.1/{path}"},
        {"rel": "bookmark", "href": f"http://127.0.0.1/compute/{path}"},
    ]


def service(n: int) -> dict[str, Any]:
    return {
        "id": uid(2, n),
        "binary": "nova-compute",
        "host": host(n),
        "zone": "nova",
        "status": "enabled",
        "state": "up",
        "updated_at": "2026-11-23T10:00:00.000000",
        "disabled_reason": None,
        "forced_down": False,
    }


def controllers() -> list[dict[str, Any]]:
    return [
        service(n) | {"binary": binary, "host": f"control{n}"}
        for n in range(3)
        for binary in ("nova-conductor", "nova-scheduler")
    ]


def hypervisor_name(n: int, _hosts: int) -> dict[str, Any]:
    return {
        "id": uid(3, n),
        "hypervisor_hostname": f"{host(n)}.example.org",
        "state": "up",
        "status": "enabled",
    }


def hypervisor(n: int, hosts: int) -> dict[str, Any]:
    """Return a row of GET /os-hypervisors/detail at 2.87: about 3 kB."""
    used = SERVERS_A_HOST
    return hypervisor_name(n, hosts) | {
        "cpu_info": _CPU,
        "current_workload": 0,
        "disk_available_least": 3000,
        "free_disk_gb": 3600,
        "free_ram_mb": 400000,
        "host_ip": f"192.0.{n >> 8 & 255}.{n & 255}",
        "hypervisor_type": "QEMU",
        "hypervisor_version": 8002002,
        "local_gb": 4000,
        "local_gb_used": used * 40,
        "memory_mb": 515000,
        "memory_mb_used": used * 8192 + 512,
        "running_vms": used,
        "service": {"id": uid(2, n), "host": host(n), "disabled_reason": None},
        "vcpus": 256,
        "vcpus_used": used * 4,
    }


def aggregates(hosts: range) -> list[dict[str, Any]]:
    """Return ten aggregates (racks) with equal shares of the hosts."""
    return [
        {
            "id": n,
            "uuid": uid(4, n),
            "name": f"rack{n}",
            "availability_zone": None,
            "hosts": [host(h) for h in hosts[n::10]],
            "metadata": {},
            "created_at": "2026-01-01T00:00:00.000000",
            "updated_at": None,
            "deleted": False,
            "deleted_at": None,
        }
        for n in range(10)
    ]


def allocations(n: int, hosts: int) -> Any:
    held = {"VCPU": 4, "MEMORY_MB": 8192, "DISK_GB": 40}
    return {
        "allocations": {
            uid(3, n % hosts): {"generation": 1, "resources": held}
        },
        "project_id": project_of(n),
        "user_id": "a" * 32,
        "consumer_generation": 1,
        "consumer_type": "INSTANCE",
    }


def candidates(hosts: Iterable[int]) -> Any:
    names = [uid(3, n) for n in hosts]
    used = SERVERS_A_HOST
    amounts = {
        "VCPU": {"capacity": 1024, "used": used * 4},
        "MEMORY_MB": {"capacity": 514000, "used": used * 8192},
        "DISK_GB": {"capacity": 4000, "used": used * 40},
    }
    asked = {"VCPU": 4, "MEMORY_MB": 8192, "DISK_GB": 40}
    return {
        "allocation_requests": [
            {
                "allocations": {name: {"resources": asked}},
                "mappings": {"": [name]},
            }
            for name in names
        ],
        "provider_summaries": {
            name: {
                "resources": amounts,
                "traits": _TRAITS,
                "parent_provider_uuid": None,
                "root_provider_uuid": name,
            }
            for name in names
        },
    }


def port(device: str) -> dict[str, Any]:
    return {
        "id": uid(5, 1),
        "device_id": device,
        "network_id": uid(6, 1),
        "binding:vnic_type": "normal",
        "binding:vif_type": "ovs",
        "status": "ACTIVE",
    }


def bindings() -> list[dict[str, Any]]:
    return [{"host": host(1), "status": "ACTIVE", "vif_type": "ovs"}]


def network(ref: str) -> dict[str, Any]:
    return {
        "id": ref,
        "name": "internal",
        "provider:network_type": "vlan",
        "provider:physical_network": "physnet1",
        "mtu": 1500,
    }


def extensions() -> list[dict[str, Any]]:
    aliases = ["binding-extended", "agent", "port-security"]
    aliases += [f"extension-{n}" for n in range(97)]
    return [
        {"alias": alias, "name": alias, "description": alias, "links": []}
        for alias in aliases
    ]


def agent(n: int) -> dict[str, Any]:
    return {
        "id": uid(7, n),
        "agent_type": "Open vSwitch agent",
        "binary": "neutron-openvswitch-agent",
        "host": host(n),
        "topic": "N/A",
        "availability_zone": None,
        "alive": True,
        "admin_state_up": True,
        "created_at": "2026-01-01 00:00:00",
        "started_at": "2026-11-01 00:00:00",
        "heartbeat_timestamp": "2026-11-23 10:00:00",
        "resources_synced": None,
        "description": None,
        "configurations": {
            "bridge_mappings": {"physnet1": "br-ex"},
            "tunnel_types": ["vxlan"],
            "datapath_type": "system",
            "in_distributed_mode": False,
            "log_agent_heartbeats": False,
        },
    }


def image(ref: str) -> dict[str, Any]:
    return {
        "id": ref,
        "name": "debian-12",
        "status": "active",
        "visibility": "public",
        "hw_machine_type": "pc-q35-8.2",
    }
