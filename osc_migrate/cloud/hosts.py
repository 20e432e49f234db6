"""Compute hosts, their services and hypervisors."""

import dataclasses
import datetime
from collections.abc import Mapping

from osc_migrate.cloud.json_fields import JsonObject
from osc_migrate.facts import Facts, Unread, fact, or_none

# nova/virt/ironic/driver.py: its servers are physical and cannot move.
IRONIC = "ironic"


@dataclasses.dataclass(frozen=True, repr=False)
class Service(Facts):
    """Any Nova service: its program, host and state."""

    binary: str
    host: str
    state: str
    status: str
    forced_down: bool
    disabled_reason: str | None
    updated_at: datetime.datetime | None


@dataclasses.dataclass(frozen=True, repr=False)
class Hypervisor(Facts):
    """A row of os-hypervisors; sizes in MiB and GiB."""

    # From 2.53 a UUID, the same as that of the resource provider.
    id: str
    name: str
    vcpus: int
    vcpus_used: int
    memory_mb: int
    memory_mb_used: int
    local_gb: int
    local_gb_used: int
    # 'QEMU', 'VMware vCenter Server' ...
    type: str = "QEMU"
    # Major * 1000000 + minor * 1000 + release: 8002002 is QEMU 8.2.2.
    version: int = 0
    # GiB available for new disks; None if the driver does not report it.
    disk_available_least: int | None = None
    # Features available to guests, such as {'pcid', 'avx2'}; empty with some
    # drivers.
    cpu_features: frozenset[str] = frozenset()
    # Its IP address: my_ip in nova.conf.
    ip: str | None = None


@dataclasses.dataclass(frozen=True, repr=False)
class Aggregate(Facts):
    name: str
    hosts: frozenset[str]
    # Includes 'availability_zone'; scheduler filters read other keys.
    metadata: Mapping[str, str]


@dataclasses.dataclass(frozen=True, repr=False)
class Host(Facts):
    """A compute host: its nova-compute service and its hypervisor."""

    name: str
    # 'up' or 'down', derived by Nova from the heartbeat.
    state: str
    # 'enabled' or 'disabled'.
    status: str
    disabled_reason: str | None
    forced_down: bool
    # The last heartbeat, UTC; None before the first.
    updated_at: datetime.datetime | None
    # Its availability zone.
    zone: str = "nova"
    hypervisor: Hypervisor | None = None


def is_bare_metal(host: Host) -> bool:
    """Return whether it manages Ironic nodes; False if unknown."""

    def judged() -> bool:
        return host.hypervisor is not None and host.hypervisor.type == IRONIC

    return bool(or_none(judged))


def virtual(hosts: Mapping[str, Host]) -> dict[str, Host]:
    """Return the hosts that run guests.

    In a cloud with Ironic, a host without a hypervisor may be one of Ironic's
    that currently has no node.
    """
    if not any(map(is_bare_metal, hosts.values())):
        return dict(hosts)
    return {
        name: host
        for name, host in hosts.items()
        if not is_bare_metal(host)
        and or_none(lambda host=host: host.hypervisor) is not None  # type: ignore[misc]
    }


def parse_host(body: JsonObject) -> Host:
    return Host(
        name=body.text("host"),
        state=fact(body.text, "state"),
        status=fact(body.text, "status"),
        disabled_reason=fact(body.maybe_text, "disabled_reason"),
        # Shown from 2.11 on.
        forced_down=fact(body.flag, "forced_down"),
        updated_at=fact(body.time, "updated_at"),
        zone=fact(body.text, "zone"),
    )


def parse_service(body: JsonObject) -> Service:
    return Service(
        binary=body.text("binary"),
        host=body.text("host"),
        state=fact(body.text, "state"),
        status=fact(body.text, "status"),
        # Only for nova-compute, from 2.11.
        forced_down=(
            fact(body.flag, "forced_down") if "forced_down" in body else False
        ),
        disabled_reason=fact(body.maybe_text, "disabled_reason"),
        updated_at=fact(body.time, "updated_at"),
    )


def parse_hypervisor(body: JsonObject) -> tuple[str, Hypervisor]:
    """Return (compute host name, hypervisor)."""
    return body.inner("service").text("host"), Hypervisor(
        id=fact(_hypervisor_id, body),
        name=fact(body.text, "hypervisor_hostname"),
        vcpus=fact(body.whole, "vcpus"),
        vcpus_used=fact(body.whole, "vcpus_used"),
        memory_mb=fact(body.whole, "memory_mb"),
        memory_mb_used=fact(body.whole, "memory_mb_used"),
        local_gb=fact(body.whole, "local_gb"),
        local_gb_used=fact(body.whole, "local_gb_used"),
        type=fact(body.text, "hypervisor_type"),
        version=fact(body.whole, "hypervisor_version"),
        disk_available_least=fact(body.maybe_whole, "disk_available_least"),
        cpu_features=fact(_cpu_features, body),
        ip=fact(body.maybe_text, "host_ip"),
    )


def _cpu_features(body: JsonObject) -> frozenset[str]:
    # An object from 2.28, text before. Some drivers report no features.
    info = body.unpacked("cpu_info")
    return frozenset(info.texts("features") if "features" in info else ())


def _hypervisor_id(body: JsonObject) -> str:
    try:
        return body.text("id")
    except Unread:
        return str(body.whole("id"))  # before 2.53


def parse_aggregate(body: JsonObject) -> Aggregate:
    return Aggregate(
        name=body.text("name"),
        hosts=frozenset(body.texts("hosts")),
        metadata=body.words("metadata"),
    )
