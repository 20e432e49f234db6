import dataclasses

import pytest

from osc_migrate.model.facts import Unread
from osc_migrate.model.node.libvirt import Listener, Unit
from osc_migrate.tests.unit.checks.nodes.proof import (
    FAIL,
    PASS,
    SKIP,
    UNKNOWN,
    WARN,
    Case,
    findings,
    prove,
)
from osc_migrate.tests.unit.node_shapes import config, node, nodes
from osc_migrate.tests.unit.node_shapes.libvirt import (
    MACHINES,
    UUIDS,
    healthy,
    listeners,
    socket,
    units,
)

DEAD = Unit("loaded", "inactive", "enabled")
FAILED = Unit("loaded", "failed", "enabled")
MASKED = Unit("masked", "inactive", "masked")


def c(options=None, **changes):
    """Two nodes, HostC changed.

    :param options: of nova.conf, as node_shapes.config takes them; on both.
    """
    options = options or {}
    return nodes(
        HostB=node("HostB", config=config.healthy("HostB", **options)),
        HostC=node(
            "HostC",
            config=config.healthy("HostC", **options),
            libvirt=healthy("HostC", **changes),
        ),
    )


def stopped(**changes):
    facts = {
        "processes": frozenset(),
        "units": units(service=DEAD, main=DEAD, tcp=DEAD, tls=DEAD),
        "trouble": "no such socket",
        "listeners": (),
    }
    return c(**(facts | changes))


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
        "virtqemud.service": Unit("loaded", "active", "disabled"),
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
    # Nobody talked to it for two minutes: its socket is there.
    Case("libvirt-runs", c(processes=frozenset()), PASS),
    Case("libvirt-runs", c(**MODULAR), PASS, subject="HostC"),
    Case(
        "libvirt-runs",
        stopped(),
        FAIL,
        "libvirtd does not run",
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
        "gone after a reboot",
        "systemctl enable libvirtd.service libvirtd-tcp.socket",
    ),
    Case("libvirt-listens", nodes(), PASS, "port 16509, in plain text"),
    Case("libvirt-listens", c(**MODULAR), PASS, subject="HostC"),
    Case("libvirt-listens", c(SSH, listeners=()), SKIP, "by ssh"),
    Case(
        "libvirt-listens",
        c(units=units(tcp=DEAD), listeners=listeners(16514)),
        FAIL,
        "nobody listens on port 16509",
        "systemctl stop libvirtd.service 'libvirtd*.socket'",
    ),
    Case(
        "libvirt-listens",
        c(**(MODULAR | {"listeners": ()})),
        FAIL,
        "nobody listens",
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
        "nobody listens",
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
        "no number",
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
        "held by somebody 110",
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
        "10.1.1.1, and the others are told 10.77.0.13",
        "line_drop /etc/libvirt/qemu.conf",
    ),
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
        "confined by apparmor, which HostC has not",
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
        PASS,
    ),
    Case("migration-ports-agree", nodes(), PASS),
    Case(
        "migration-ports-agree",
        c(qemu={}),
        WARN,
        "HostC has 49152-49215",
        "migration_port_max 49261",
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
