"""What a server needs of placement, by its flavor and what it holds."""

import re
from collections.abc import Mapping

from osc_migrate.cloud.servers import Server
from osc_migrate.facts import known

_RESOURCE = re.compile(r"resources:(.+)")
_CPUS = {"VCPU", "PCPU"}


def needs(
    server: Server, allocated: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Resource class -> amount, as Nova asks placement for it
    (nova/scheduler/utils.py, ResourceRequest).

    :param allocated: what it holds of its host, where that was read. The
        larger of both counts: the destination is asked for what the flavor
        says, and what it holds may come from an older one.
    :raises Unread: its size is not known.
    """
    flavor = server.flavor
    specs = known(lambda: flavor.extra_specs) or {}
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
            # Of the other kind, for a reason that the flavor does not show.
            amounts.pop(cpus)
        for name, amount in allocated.items():
            amounts[name] = max(amount, amounts.get(name, 0))
    return {name: amount for name, amount in amounts.items() if amount > 0}


def _dedicated(server: Server, specs: Mapping[str, str]) -> bool:
    properties = known(lambda: server.image_properties) or {}
    policy = specs.get("hw:cpu_policy") or properties.get("hw_cpu_policy")
    return policy == "dedicated"


def traits(server: Server) -> tuple[frozenset[str], frozenset[str]]:
    """(required, forbidden) of the host."""
    required, forbidden = set(), set()
    for read in (
        lambda: server.flavor.extra_specs,
        lambda: server.image_properties,
    ):
        for key, value in (known(read) or {}).items():
            if key.startswith("trait:"):
                name = key.removeprefix("trait:")
                if value == "required":
                    required.add(name)
                elif value == "forbidden":
                    forbidden.add(name)
    return frozenset(required), frozenset(forbidden)


# Extra specs of what lies in parts of a host; a list of hosts does not show
# which part takes it.
_PARTS = (
    (re.compile(r"(resources|trait)[0-9A-Za-z_-]+:.*"), "a part of a host"),
    (re.compile(r"resources:(VGPU|PGPU)"), "a virtual GPU"),
    (re.compile(r"pci_passthrough:alias"), "PCI devices"),
    (re.compile(r"hw:pmem"), "persistent memory"),
    (re.compile(r"hw:mem_encryption"), "encrypted memory"),
)


def beyond(server: Server) -> str:
    """What only the scheduler can find room for; empty when nothing."""
    specs = known(lambda: server.flavor.extra_specs) or {}
    for key, value in specs.items():
        for pattern, resource in _PARTS:
            if pattern.fullmatch(key):
                return f"its flavor asks for {resource} ({key}={value})"
    if specs.get("hw:cpu_policy") == "mixed":
        return "its flavor asks for shared and dedicated CPUs"
    return ""
