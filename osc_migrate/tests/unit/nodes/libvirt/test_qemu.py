"""Checks of versions, machine types and identities of two hosts."""

import pytest

from osc_migrate.tests.unit.nodes.libvirt.daemons import c
from osc_migrate.tests.unit.nodes.proof import (
    FAIL,
    PASS,
    SKIP,
    WARN,
    Case,
    findings,
    prove,
)
from osc_migrate.tests.unit.nodes.shapes import config, node, nodes
from osc_migrate.tests.unit.nodes.shapes.libvirt import (
    MACHINES,
    UUIDS,
    healthy,
)

CASES = [
    Case("destination-has-as-new-a-qemu", nodes(), PASS, "QEMU 7.2.22"),
    Case("hosts-have-equal-qemu", nodes(), PASS),
    Case("destination-has-as-new-a-libvirt", nodes(), PASS),
    Case(
        "destination-has-as-new-a-libvirt",
        c(version=(8, 0, 0)),
        WARN,
        "libvirt 9.0.0 -> 8.0.0",
        "apt-get install --only-upgrade",
        subject="HostB -> HostC",
    ),
    Case("destination-knows-machine-type", nodes(), PASS, "1 in use"),
    Case(
        "destination-knows-machine-type",
        c(machines_used=frozenset({"pc-i440fx-jammy"})),
        FAIL,
        "pc-i440fx-jammy, which HostB does not know",
        subject="HostC -> HostB",
    ),
    Case(
        "destination-knows-machine-type",
        c(
            machines=MACHINES | {"pc-q35-rhel9.6.0"},
            aliases={"q35": "pc-q35-rhel9.6.0"},
        ),
        WARN,
        "get pc-q35-rhel9.6.0",
        "hw_machine_type",
    ),
    Case("destination-has-the-security-driver", nodes(), PASS, "apparmor"),
    Case(
        "destination-has-the-security-driver",
        c(security=frozenset({"dac"})),
        FAIL,
        "confined by apparmor, which is not available on HostC",
        subject="HostB -> HostC",
    ),
    Case("host-uuids-differ", nodes(), PASS),
    Case(
        "host-uuids-differ",
        c(host_uuid=UUIDS["HostB"]),
        FAIL,
        "HostC: the UUID of another host",
        "conf_set /etc/libvirt/libvirtd.conf host_uuid",
    ),
    Case("machine-ids-differ", nodes(), PASS),
    Case(
        "machine-ids-differ",
        c(machine_id=healthy("HostB").machine_id),
        WARN,
        "HostC",
        "systemd-machine-id-setup",
    ),
    Case(
        "machine-ids-differ",
        nodes(HostC=node("HostC", libvirt=healthy("HostC", machine_id=""))),
        SKIP,
        "fewer than two",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check(case):
    prove(case)


def seen(found, status):
    return {(f.check, f.subject) for f in found if f.status is status}


OLDER = healthy("HostC", qemu_version=(6, 2, 0))


def test_an_older_qemu_takes_no_servers_and_what_goes_up_stays_up():
    found = findings(nodes(HostC=node("HostC", libvirt=OLDER)))
    assert seen(found, FAIL) == {
        ("destination-has-as-new-a-qemu", "HostB -> HostC")
    }
    assert seen(found, WARN) == {("hosts-have-equal-qemu", "HostC -> HostB")}


def test_an_older_qemu_where_nova_does_not_look():
    told = config.healthy(
        "HostB", workarounds__skip_hypervisor_version_check_on_lm="true"
    )
    found = findings(
        [node("HostB", config=told), node("HostC", libvirt=OLDER)]
    )
    assert seen(found, FAIL) == set()
    assert (
        "destination-has-as-new-a-qemu",
        "HostB -> HostC",
    ) in seen(found, WARN)
