"""What a server needs from placement, by its flavor and its allocation."""

import re
from collections.abc import Mapping

from osc_migrate.cloud.servers import Server
from osc_migrate.facts import or_none

_RESOURCE = re.compile(r"resources:(.+)")
_CPUS = {"VCPU", "PCPU"}


def needs(
    server: Server, allocated: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Return resource class -> amount, as Nova requests it from placement.

    See nova/scheduler/utils.py, ResourceRequest.

    :param allocated: its current allocation, if it was read. The larger amount
        counts: Nova requests what the flavor says, and the allocation may
        date from an older flavor.
    :raises Unread: its size is unknown.
    """
    flavor = server.flavor
    specs = or_none(lambda: flavor.extra_specs) or {}
    cpus = "PCPU" if _dedicated(server, specs) else "VCPU"
    root = 0 if server.image_id is None else flavor.disk
    amounts = {
        cpus: flavor.vcpus,
        "MEMORY_MB": flavor.ram,
        "DISK_GB": root + flavor.ephemeral + -(-flavor.swap // 1024),
    }
    if cpus == "PCPU" and specs.get("hw:emulator_threads_policy") == "isolate":
        amounts[cpus] += 1
    for key, value in specs.items():
        match = _RESOURCE.fullmatch(key)
        if match and value.isdecimal():
            amounts[match.group(1)] = int(value[:18])
    if allocated:
        if (
            not amounts.keys() & allocated.keys() & _CPUS
            and allocated.keys() & _CPUS
        ):
            # The other class, for a reason that the flavor does not show.
            amounts.pop(cpus)
        for name, amount in allocated.items():
            amounts[name] = max(amount, amounts.get(name, 0))
    return {name: amount for name, amount in amounts.items() if amount > 0}


def _dedicated(server: Server, specs: Mapping[str, str]) -> bool:
    properties = or_none(lambda: server.image_properties) or {}
    policy = specs.get("hw:cpu_policy") or properties.get("hw_cpu_policy")
    return policy == "dedicated"


def traits(server: Server) -> tuple[frozenset[str], frozenset[str]]:
    """Return (required, forbidden) traits of the host."""
    required, forbidden = set(), set()
    for read in (
        lambda: server.flavor.extra_specs,
        lambda: server.image_properties,
    ):
        for key, value in (or_none(read) or {}).items():
            if key.startswith("trait:"):
                name = key.removeprefix("trait:")
                if value == "required":
                    required.add(name)
                elif value == "forbidden":
                    forbidden.add(name)
    return frozenset(required), frozenset(forbidden)


# Extra specs for resources in parts of a host; a list of hosts does not show
# which part can provide them.
_PARTS = (
    (re.compile(r"(resources|trait)[0-9A-Za-z_-]+:.*"), "a part of a host"),
    (re.compile(r"resources:(VGPU|PGPU)"), "a virtual GPU"),
    (re.compile(r"pci_passthrough:alias"), "PCI devices"),
    (re.compile(r"hw:pmem"), "persistent memory"),
    (re.compile(r"hw:mem_encryption"), "encrypted memory"),
)


def scheduler_only(server: Server) -> str:
    """Return a requirement that only the scheduler can place, or ''."""
    specs = or_none(lambda: server.flavor.extra_specs) or {}
    for key, value in specs.items():
        for pattern, resource in _PARTS:
            if pattern.fullmatch(key):
                return f"its flavor asks for {resource} ({key}={value})"
    if specs.get("hw:cpu_policy") == "mixed":
        return "its flavor asks for shared and dedicated CPUs"
    return ""
