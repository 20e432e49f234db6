"""The NUMA nodes of a host, as the libvirt driver reports them to Nova."""

from nova import objects


def topology(nodes: int, vcpus: int, memory_mb: int) -> str | None:
    """Return a topology with equal shares of CPUs and memory, in small pages;
    None without NUMA nodes."""
    if not nodes:
        return None
    share = vcpus // nodes
    memory = memory_mb // nodes
    cells = []
    for number in range(nodes):
        cpus = set(range(number * share, (number + 1) * share))
        pages = objects.NUMAPagesTopology(
            size_kb=4, total=memory * 256, used=0, reserved=0
        )
        cells.append(
            objects.NUMACell(
                id=number,
                cpuset=cpus,
                pcpuset=cpus,
                memory=memory,
                cpu_usage=0,
                memory_usage=0,
                pinned_cpus=set(),
                siblings=[{cpu} for cpu in sorted(cpus)],
                mempages=[pages],
                network_metadata=objects.NetworkMetadata(
                    physnets=set(), tunneled=False
                ),
                socket=number,
            )
        )
    return objects.NUMATopology(cells=cells)._to_json()
