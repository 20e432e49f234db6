"""What a server needs, as Nova asks placement for it."""

import pytest

from osc_migrate.cloud.servers import Flavor
from osc_migrate.facts import Unread
from osc_migrate.maintenance.planning.requirements import (
    needs,
    scheduler_only,
    traits,
)
from osc_migrate.tests.unit import shapes


def server(specs=None, image=None, **changes):
    fields = {"vcpus": 2, "ram": 1024, "disk": 10, "ephemeral": 5, "swap": 1}
    return shapes.server(
        flavor=Flavor(**fields, extra_specs=specs or {}),
        image_properties=image or {},
        **changes,
    )


USUAL = {"VCPU": 2, "MEMORY_MB": 1024, "DISK_GB": 16}


@pytest.mark.parametrize(
    "one, held, wanted",
    [
        (server(), None, USUAL),
        (server(image_id=None), None, USUAL | {"DISK_GB": 6}),
        (server({"hw:cpu_policy": "dedicated"}), None,
         {"PCPU": 2, "MEMORY_MB": 1024, "DISK_GB": 16}),
        (server({"hw:cpu_policy": "dedicated",
                 "hw:emulator_threads_policy": "isolate"}), None,
         {"PCPU": 3, "MEMORY_MB": 1024, "DISK_GB": 16}),
        (server(image={"hw_cpu_policy": "dedicated"}), None,
         {"PCPU": 2, "MEMORY_MB": 1024, "DISK_GB": 16}),
        (server({"resources:VCPU": "0", "resources:CUSTOM_X": "3"}), None,
         {"MEMORY_MB": 1024, "DISK_GB": 16, "CUSTOM_X": 3}),
        # What it holds, where that is more; its kind of CPU in any case.
        (server(), {"PCPU": 2, "MEMORY_MB": 2048},
         {"PCPU": 2, "MEMORY_MB": 2048, "DISK_GB": 16}),
        (server(), {"VCPU": 1, "MEMORY_MB": 1}, USUAL),
        # Below 2.61 no API shows it.
        (shapes.server(flavor=Flavor(2, 1024, 10, 5, 1,
                                     Unread("too old"))), None, USUAL),
    ],
)  # fmt: skip
def test_needs(one, held, wanted):
    assert needs(one, held) == wanted


@pytest.mark.parametrize(
    "spec, found",
    [
        ("hw:numa_nodes", False),
        ("resources:VGPU", True),
        ("resources1:CUSTOM_X", True),
        ("resources_NET:CUSTOM_X", True),
        ("trait1:CUSTOM_X", True),
        ("trait:CUSTOM_X", False),
        ("resources:CUSTOM_X", False),
        ("pci_passthrough:alias", True),
        ("hw:pmem", True),
    ],
)
def test_what_only_the_scheduler_can_place(spec, found):
    assert bool(scheduler_only(server({spec: "1"}))) is found


def test_mixed_cpus():
    assert scheduler_only(server({"hw:cpu_policy": "mixed"}))


def test_traits():
    one = server(
        {"trait:A": "required", "trait:B": "forbidden", "trait1:C": "x"},
        {"trait:D": "required"},
    )
    assert traits(one) == ({"A", "D"}, {"B"})
