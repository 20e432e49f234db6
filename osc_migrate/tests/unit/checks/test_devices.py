"""Checks of a server's devices."""

import pytest

from osc_migrate.facts import Unread
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.checks.proof import (
    COLD,
    FAIL,
    LIVE,
    NOT_CHECKED,
    PASS,
    SKIP,
    UNKNOWN,
    WARN,
    Case,
    findings,
    of_flavor,
    of_server,
    prove,
)

IMAGE = "99999999-9999-9999-9999-999999999999"


def of_image(**properties):
    return of_server(image_id=IMAGE, image_properties=properties)


def with_qemu(here, there):
    def host(name, version):
        hypervisor = shapes.hypervisor(name=name, version=version)
        return shapes.host(name=name, hypervisor=hypervisor)

    return of_flavor(resources__VGPU="1").but(
        source=host("HostB", here), destination=host("HostC", there)
    )


CASES = [
    Case(
        "flavor-and-image-are-known",
        of_server(image_properties=Unread("old")),
        UNKNOWN,
        "old",
    ),
    Case(
        "flavor-and-image-are-known",
        of_server(image_properties=Unread("gone")).but(
            image_exists=False, nova=(2, 95)
        ),
        WARN,
        "image properties are not checked: gone",
        "nova-manage image_property show 11111111-",
    ),
    Case(
        "flavor-and-image-are-known",
        of_server(image_properties=Unread("gone")).but(image_exists=False),
        UNKNOWN,
        "gone",
    ),
    Case(
        "flavor-and-image-are-known",
        of_server(image_properties=Unread("503")).but(
            image_exists=Unread("503"), nova=(2, 95)
        ),
        UNKNOWN,
        "503",
    ),
    Case(
        "flavor-and-image-are-known",
        of_server(flavor=Unread("older")),
        UNKNOWN,
        "older",
    ),
    Case(
        "guest-memory-is-not-encrypted",
        of_flavor(hw__mem_encryption="True"),
        FAIL,
        "encrypted",
        "openstack server migrate vm1",
    ),
    Case(
        "guest-memory-is-not-encrypted",
        of_image(hw_mem_encryption="true"),
        FAIL,
        "encrypted",
        "cold",
    ),
    Case(
        "guest-memory-is-not-encrypted",
        of_flavor(hw__mem_encryption="no"),
        PASS,
        "not encrypted",
    ),
    Case(
        "guest-tpm-can-move",
        of_image(hw_tpm_version="2.0"),
        FAIL,
        "TPM 2.0 with secret security 'user'",
        "openstack server migrate vm1",
    ),
    Case(
        "guest-tpm-can-move",
        of_flavor(hw__tpm_version="2.0", hw__tpm_secret_security="deployment"),
        FAIL,
        "'deployment'",
        "cold",
    ),
    Case(
        "guest-tpm-can-move",
        of_flavor(hw__tpm_version="2.0", hw__tpm_secret_security="host"),
        PASS,
        "security host",
    ),
    Case(
        "guest-tpm-can-move",
        of_flavor(
            (2, 100), hw__tpm_version="2.0", hw__tpm_secret_security="host"
        ),
        FAIL,
        "'host'",
        "cold",
    ),
    *(
        Case(
            "server-has-no-accelerator",
            of_flavor(accel__device_profile="fpga"),
            FAIL,
            "'fpga'",
            "openstack server unshelve vm1",
            kind,
        )
        for kind in (COLD, LIVE)
    ),
    Case(
        "server-has-no-share",
        shapes.move(shares=("s1", "s2")),
        FAIL,
        "s1, s2",
        "server remove share vm1 s1",
    ),
    Case(
        "server-has-no-share",
        shapes.move(shares=Unread("403")),
        UNKNOWN,
        "403",
    ),
    Case(
        "shares-can-move",
        shapes.move(shares=("s1",)),
        WARN,
        "s1",
        "remove share",
        COLD,
    ),
    Case(
        "shares-can-move",
        shapes.move(shares=("s1",), nova=(2, 100)),
        FAIL,
        "s1",
        "remove share",
        COLD,
    ),
    Case(
        "guest-pmem-can-move",
        of_flavor((2, 86), hw__pmem="6GB"),
        FAIL,
        "6GB",
        "cold",
    ),
    Case("guest-pmem-can-move", of_flavor((2, 87), hw__pmem="6GB"), WARN),
    Case("guest-pmem-can-move", of_flavor(hw__pmem="6GB"), PASS, "6GB"),
    Case(
        "pci-devices-can-move",
        of_flavor((2, 96), pci_passthrough__alias="gpu:1"),
        FAIL,
        "gpu:1",
        "openstack server migrate vm1",
    ),
    Case(
        "pci-devices-can-move",
        of_flavor(pci_passthrough__alias="gpu:1"),
        UNKNOWN,
        "--ignore pci-devices-can-move",
    ),
    Case(
        "vgpus-can-move",
        of_flavor((2, 95), resources__VGPU="1"),
        FAIL,
        "from Caracal on",
        "cold",
    ),
    Case(
        "vgpus-can-move",
        of_flavor(resources1__VGPU="1"),
        WARN,
        "with its type",
        "enabled_mdev_types",
    ),
    Case(
        "vgpus-can-move",
        with_qemu(8000000, 8002002),
        FAIL,
        "older than 8.1 on HostB",
        "cold",
    ),
    Case(
        "vgpus-can-move",
        with_qemu(8000000, 8000000),
        FAIL,
        "HostB, HostC",
        "cold",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_fact_is_one_finding(case):
    prove(case)


def test_an_old_nova_needs_no_flavor_for_what_it_cannot_have():
    old = of_server(flavor=Unread("x")).but(nova=(2, 53))
    found = findings(old)
    for name in (
        "guest-memory-is-not-encrypted",
        "guest-tpm-can-move",
        "server-has-no-accelerator",
        "guest-pmem-can-move",
        "vgpus-can-move",
    ):
        assert found[name].status is PASS, name
    assert found["pci-devices-can-move"].status is SKIP


def test_a_cold_move_takes_most_devices():
    move = of_flavor(
        pci_passthrough__alias="gpu:1",
        resources__VGPU="1",
        hw__mem_encryption="true",
        hw__tpm_version="2.0",
    )
    assert max(f.status for f in findings(move, COLD).values()) <= NOT_CHECKED


@pytest.mark.parametrize("hidden", ["source", "destination"])
def test_a_hidden_host_does_not_hide_that_the_other_is_too_old(hidden):
    move = with_qemu(8000000, 8000000).but(**{hidden: Unread("403")})
    assert findings(move)["vgpus-can-move"].status is FAIL
