"""Checks of a node's libvirt."""

import dataclasses

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.libvirt.facts import Listener, SystemdUnit
from osc_migrate.tests.unit.nodes.libvirt.daemons import (
    DEAD,
    FAILED,
    MASKED,
    c,
    stopped,
)
from osc_migrate.tests.unit.nodes.proof import (
    FAIL,
    PASS,
    SKIP,
    UNKNOWN,
    WARN,
    Case,
    findings,
    prove,
)
from osc_migrate.tests.unit.nodes.shapes import nodes
from osc_migrate.tests.unit.nodes.shapes.libvirt import (
    listeners,
    socket,
    units,
)

# libvirtd by itself, with --listen.
ALONE = {
    "units": units(main=MASKED, tcp=MASKED, tls=MASKED),
    "flag": True,
    "flag_next": True,
}
MODULAR = {
    "daemon": "virtqemud",
    "processes": frozenset({"virtqemud", "virtproxyd"}),
    "units": {
        "virtqemud.service": SystemdUnit("loaded", "active", "disabled"),
        "virtqemud.socket": socket("/run/libvirt/virtqemud-sock"),
        "virtproxyd.socket": socket("/run/libvirt/libvirt-sock"),
        "virtproxyd-tcp.socket": socket("[::]:16509"),
    },
    "remote_file": "/etc/libvirt/virtproxyd.conf",
}
CONTAINED = {"contained": True, "units": {}, "flag": True}
SSH = {"libvirt__live_migration_scheme": "ssh"}


CASES = [
    Case("libvirt-runs", nodes(), PASS, "libvirtd runs"),
    # It had no client for two minutes: its socket is there.
    Case("libvirt-runs", c(processes=frozenset()), PASS),
    Case("libvirt-runs", c(**MODULAR), PASS, subject="HostC"),
    Case(
        "libvirt-runs",
        stopped(),
        FAIL,
        "libvirtd is not running",
        "systemctl start libvirtd.socket libvirtd-tcp.socket",
    ),
    Case(
        "libvirt-runs",
        stopped(
            units=units(service=FAILED, main=FAILED, tcp=FAILED),
            last_words="qemu.conf:8: expecting a value",
        ),
        FAIL,
        "expecting a value",
        "journalctl -b -u libvirtd",
    ),
    Case(
        "libvirt-runs",
        stopped(daemon="", units={}),
        FAIL,
        "neither libvirtd nor virtqemud",
        "libvirt-daemon-system",
    ),
    Case(
        "libvirt-flag-fits-its-sockets",
        stopped(units=units(service=FAILED), flag_next=True),
        FAIL,
        "/etc/default/libvirtd has --listen",
        "sed -i -E",
    ),
    Case("libvirt-flag-fits-its-sockets", c(**ALONE), PASS, subject="HostC"),
    Case("libvirt-answers", nodes(), PASS, "libvirt 9.0.0"),
    Case(
        "libvirt-answers",
        c(trouble="Timed out"),
        FAIL,
        "Timed out",
        "systemctl restart libvirtd",
    ),
    Case("libvirt-starts-at-boot", nodes(), PASS),
    Case("libvirt-starts-at-boot", c(**CONTAINED), SKIP, subject="HostC"),
    Case(
        "libvirt-starts-at-boot",
        c(
            units={
                name: dataclasses.replace(unit, boot="disabled")
                for name, unit in units().items()
            }
        ),
        WARN,
        "will not start after a reboot",
        "systemctl enable libvirtd.service libvirtd-tcp.socket",
    ),
    Case("libvirt-listens", nodes(), PASS, "port 16509, in plain text"),
    Case("libvirt-listens", c(**MODULAR), PASS, subject="HostC"),
    Case("libvirt-listens", c(SSH, listeners=()), SKIP, "by ssh"),
    Case(
        "libvirt-listens",
        c(units=units(tcp=DEAD), listeners=listeners(16514)),
        FAIL,
        "nothing listens on port 16509",
        "systemctl stop libvirtd.service 'libvirtd*.socket'",
    ),
    Case(
        "libvirt-listens",
        c(**(MODULAR | {"listeners": ()})),
        FAIL,
        "nothing listens",
        "systemctl start virtproxyd.socket virtproxyd-tcp.socket"
        " virtqemud.socket",
    ),
    Case(
        "libvirt-listens",
        c(
            units=units(tcp=socket("127.0.0.1:16509")),
            listeners=listeners(16509, address="127.0.0.1"),
        ),
        FAIL,
        "127.0.0.1 only, not on 10.77.0.13",
        "zz-migrate.conf",
    ),
    Case(
        "libvirt-listens",
        c(
            **ALONE,
            listeners=listeners(16509, address="10.9.9.9"),
            remote={"auth_tcp": "none", "listen_addr": "10.9.9.9"},
        ),
        FAIL,
        "10.9.9.9 only",
        "conf_set /etc/libvirt/libvirtd.conf listen_addr '\"0.0.0.0\"'",
    ),
    Case(
        "libvirt-listens",
        c(**CONTAINED, listeners=()),
        FAIL,
        "nothing listens",
        "where the container that runs libvirtd on HostC is configured",
    ),
    Case("libvirt-listens", c({"libvirt__virt_type": "lxc"}), SKIP, "lxc"),
    Case("libvirt-listens-after-boot", nodes(), PASS, "is enabled"),
    Case("libvirt-listens-after-boot", c(**ALONE), PASS, subject="HostC"),
    Case(
        "libvirt-listens-after-boot",
        c(units=units(tcp=socket("[::]:16509", boot="disabled"))),
        WARN,
        "libvirtd-tcp.socket is disabled",
        "systemctl enable libvirtd-tcp.socket",
    ),
    Case(
        "libvirt-listens-after-boot",
        c(**(ALONE | {"flag_next": False})),
        WARN,
        "does not have",
        "line_add /etc/default/libvirtd 'LIBVIRTD_ARGS=\"--listen\"'",
    ),
    Case("libvirt-lets-nova-in", nodes(), PASS, "auth_tcp is none"),
    Case(
        "libvirt-lets-nova-in",
        c(remote={"auth_tcp": "sasl"}, credentials=True),
        PASS,
        "auth.conf",
        subject="HostC",
    ),
    Case(
        "libvirt-lets-nova-in",
        c(remote={}),
        FAIL,
        "is by default 'sasl'",
        "saslpasswd2",
    ),
    Case(
        "libvirt-lets-nova-in",
        c(remote=Unread("it may not be read")),
        UNKNOWN,
        "it may not be read",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check(case):
    prove(case)


def test_a_silent_libvirt_is_one_finding():
    found = findings(stopped())
    assert [f.check for f in found if f.status > SKIP] == ["libvirt-runs"]


@pytest.mark.parametrize(
    ("address", "wanted", "heard"),
    [
        ("*", "10.0.0.1", True),
        ("*", "fd00::1", True),
        ("0.0.0.0", "10.0.0.1", True),
        ("0.0.0.0", "fd00::1", False),
        ("::", "fd00::1", True),
        ("127.0.0.1", "HostC", False),
        ("10.0.0.1", "HostC", True),
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.2", "10.0.0.1", False),
        ("fe80::1%eth0", "fe80::1", True),
        ("nonsense", "10.0.0.1", False),
    ],
)
def test_who_is_heard(address, wanted, heard):
    assert Listener(address, 16509).hears(wanted) is heard


@pytest.mark.parametrize(
    ("uri", "status", "words"),
    [
        ("qemu+tcp://%s:16510/system", FAIL, "port 16510 (tcp"),
        ("qemu+tcp://%s:16514/system", PASS, "port 16514"),
        ("qemu+ssh://nova@%s/system?no_verify=1", SKIP, "by ssh"),
        ("qemu://%s/system", PASS, "port 16514"),
    ],
)
def test_the_uri_of_an_old_guide(uri, status, words):
    found = findings(c({"libvirt__live_migration_uri": uri}))
    (mine,) = (
        f
        for f in found
        if (f.check, f.subject) == ("libvirt-listens", "HostC")
    )
    assert (mine.status, words in mine.detail) == (status, True)


def test_a_dead_libvirt_is_told_without_nova_conf():
    alone = stopped()[1].but(config=Unread("not found"))
    found = findings([alone])
    (mine,) = (f for f in found if f.check == "libvirt-runs")
    assert (mine.status, mine.remedy != "") == (FAIL, True)
