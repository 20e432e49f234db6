"""Checks of the ports that the data of migrations take."""

import pytest

from osc_migrate.nodes.libvirt.facts import Listener
from osc_migrate.tests.unit.nodes.libvirt.daemons import c, stopped
from osc_migrate.tests.unit.nodes.proof import FAIL, PASS, WARN, Case, prove
from osc_migrate.tests.unit.nodes.shapes import nodes
from osc_migrate.tests.unit.nodes.shapes.libvirt import listeners

CASES = [
    Case("migration-ports-are-sane", nodes(), PASS, "49152-49261"),
    Case("migration-ports-are-free", nodes(), PASS, "all of"),
    Case(
        "migration-ports-are-sane",
        stopped(
            qemu={"migration_port_min": "50000", "migration_port_max": "49000"}
        ),
        FAIL,
        "50000 is above _max 49000",
        "conf_set /etc/libvirt/qemu.conf migration_port_max 49261",
    ),
    Case(
        "migration-ports-are-sane",
        c(qemu={"migration_port_min": "49152", "migration_port_max": "many"}),
        FAIL,
        "not a number",
    ),
    Case(
        "migration-ports-are-sane",
        c(qemu={"migration_port_min": "49152", "migration_port_max": "49153"}),
        WARN,
        "only 2",
    ),
    # GlusterFS takes some, guests that arrive take some.
    Case(
        "migration-ports-are-free",
        c(
            listeners=(
                *listeners(16509),
                Listener("*", 49152, "glusterfsd"),
                Listener("*", 49153, "qemu-system-x86"),
            )
        ),
        PASS,
        "held by glusterfsd 1",
        subject="HostC",
    ),
    Case(
        "migration-ports-are-free",
        c(
            listeners=(
                *listeners(16509),
                *(Listener("*", port, "nc") for port in range(49152, 49260)),
            )
        ),
        WARN,
        "2 of 49152-49261 are free",
        "let nc use other ports",
    ),
    Case(
        "migration-ports-are-free",
        c(
            listeners=(
                *listeners(16509),
                *(Listener("*", port) for port in range(49152, 49262)),
            )
        ),
        FAIL,
        "held by an unnamed process 110",
    ),
    Case("migration-address-is-reachable", nodes(), PASS, "any"),
    Case(
        "migration-address-is-reachable",
        c(
            qemu={
                "migration_port_max": "49261",
                "migration_address": "10.1.1.1",
            }
        ),
        FAIL,
        "10.1.1.1, but other nodes connect to 10.77.0.13",
        "line_drop /etc/libvirt/qemu.conf",
    ),
    Case("migration-ports-agree", nodes(), PASS),
    Case(
        "migration-ports-agree",
        c(qemu={}),
        WARN,
        "HostC has 49152-49215",
        "migration_port_max 49261",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check(case):
    prove(case)
