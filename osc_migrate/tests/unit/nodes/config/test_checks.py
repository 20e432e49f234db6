import pytest

from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread
from osc_migrate.nodes.role import Role
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
from osc_migrate.tests.unit.nodes.shapes import config, node, nodes

SHOULD = "options-that-should-agree-do"
MUST = "options-that-must-agree-do"


def conf(name="HostC", **options):
    return node(name, config=config.healthy(name, **options))


def both(**options):
    return [conf("HostB", **options), conf("HostC", **options)]


def facts(name="HostC", **changes):
    return node(name, config=config.healthy(name).but(**changes))


def libvirt(**options):
    return {f"libvirt__{name}": said for name, said in options.items()}


def live(**options):
    return libvirt(
        **{f"live_migration_{name}": said for name, said in options.items()}
    )


UNIT = {"unit": "nova-compute.service"}
CASES = [
    Case("nova-conf-is-readable", nodes(), PASS, "/etc/nova/nova.conf"),
    Case(
        "nova-conf-is-readable",
        nodes(HostC=node(config=Unread("not found"))),
        UNKNOWN,
        "not found",
        "on HostC:",
    ),
    Case("nova-conf-is-well-formed", nodes(), PASS),
    Case(
        "nova-conf-is-well-formed",
        nodes(HostC=facts(broken=("/etc/nova/a b.conf:7",))),
        FAIL,
        "a b.conf:7",
        "sed -n 7p '/etc/nova/a b.conf'",
    ),
    Case("nova-compute-read-its-configuration", nodes(), SKIP),
    Case(
        "nova-compute-read-its-configuration",
        nodes(
            HostB=facts("HostB", started=9.0, changed=9.0),
            HostC=facts(started=9.0, changed=10.0),
        ),
        PASS,
    ),
    Case(
        "nova-compute-read-its-configuration",
        nodes(HostC=facts(started=9.0, changed=19.0, **UNIT)),
        WARN,
        "10 seconds after",
        "on HostC: systemctl restart nova-compute.service",
    ),
    Case(
        "nova-compute-read-its-configuration",
        nodes(HostC=facts(started=9.0, changed=19.0)),
        WARN,
        remedy="restart nova-compute",
    ),
    Case(
        "consoles-listen-on-the-destination", nodes(), PASS, "vnc on 0.0.0.0"
    ),
    Case(
        "consoles-listen-on-the-destination",
        both(vnc__enabled="false"),
        PASS,
        "no console",
    ),
    Case(
        "consoles-listen-on-the-destination",
        both(vnc__server_listen="$my_ip"),
        PASS,
        "10.77.0.1",
    ),
    Case(
        "consoles-listen-on-the-destination",
        both(vnc__server_listen="[::]"),
        PASS,
    ),
    Case(
        "consoles-listen-on-the-destination",
        nodes(HostC=conf(vnc__server_listen="10.77.0.12")),
        FAIL,
        "does not have",
        "ini_set /etc/nova/nova.conf vnc server_listen 0.0.0.0",
    ),
    Case(
        "consoles-listen-on-the-destination",
        nodes(HostC=conf(vnc__server_listen="vnc.example.org")),
        FAIL,
        "not an address",
    ),
    Case(
        "consoles-listen-on-the-destination",
        both(
            serial_console__enabled="on",
            serial_console__proxyclient_address="HostC",
        ),
        PASS,
        "serial_console on HostC",
    ),
    Case(
        "consoles-listen-on-the-destination",
        both(
            serial_console__enabled="true",
            serial_console__proxyclient_address="192.0.2.1",
        ),
        FAIL,
        "192.0.2.1",
        "'$my_ip'",
    ),
    Case("live-migration-uri-is-not-set", nodes(), PASS),
    Case(
        "live-migration-uri-is-not-set",
        nodes(HostC=conf(**live(uri="qemu+tls://%s/system"))),
        WARN,
        "deprecated",
        "ini_set /etc/nova/nova.conf libvirt live_migration_scheme tls",
    ),
    *(
        Case(
            "live-migration-uri-is-not-set",
            nodes(HostC=conf(**live(uri=uri))),
            SKIP,
            f"has {parts}, which no other option can set",
            subject="HostC",
        )
        for uri, parts in (
            ("qemu+ssh://nova_migration@%s/system", "a user"),
            ("qemu+ssh://nova@%s:2022/system", "a user, a port"),
            ("qemu+ssh://%s/system?keyfile=/etc/nova/id", "parameters"),
            ("qemu+tls://%s/system?no_verify=1", "parameters"),
            ("qemu+ssh://[%s]:22/system?command=nc", "a port, parameters"),
        )
    ),
    Case(
        "live-migration-uri-is-not-set",
        nodes(HostC=conf(**live(uri="qemu+ssh://nova@hostb/system"))),
        FAIL,
        "does not contain '%s'",
        "line_drop",
    ),
    Case(
        "live-migration-uri-is-not-set",
        nodes(HostC=conf(**live(uri="qemu+ssh://%s/%s"))),
        FAIL,
    ),
    Case("live-migration-timeout-is-sane", nodes(), PASS),
    Case(
        "live-migration-timeout-is-sane",
        nodes(HostC=conf(**live(completion_timeout="0"))),
        WARN,
        "never ends",
        "800",
    ),
    Case(
        "live-migration-timeout-is-sane",
        nodes(HostC=conf(**live(downtime_delay="300"))),
        WARN,
        "10 steps of 300",
        "3000",
    ),
    Case("live-migration-timeout-spares-the-guest", nodes(), PASS, "abort"),
    Case(
        "live-migration-timeout-spares-the-guest",
        both(**live(timeout_action="force_complete")),
        PASS,
        "post-copy",
    ),
    Case(
        "live-migration-timeout-spares-the-guest",
        both(
            **live(timeout_action="force_complete", permit_post_copy="false")
        ),
        WARN,
        "paused",
    ),
    Case("post-copy-or-auto-converge", nodes(), PASS, "post_copy alone"),
    Case(
        "post-copy-or-auto-converge",
        both(**live(permit_post_copy=None)),
        PASS,
        "neither",
    ),
    Case(
        "post-copy-or-auto-converge",
        nodes(HostC=conf(**live(permit_auto_converge="True"))),
        WARN,
        "both",
        "false",
    ),
    Case("one-connection-with-post-copy", nodes(), PASS, "1 connection"),
    Case(
        "one-connection-with-post-copy",
        nodes(HostC=conf(**live(parallel_connections="4"))),
        WARN,
        "SHUTOFF",
    ),
    Case("bandwidth-is-enough", nodes(), PASS, "not limited"),
    Case(
        "bandwidth-is-enough", both(**live(bandwidth="500")), PASS, "500 MiB/s"
    ),
    Case(
        "bandwidth-is-enough", nodes(HostC=conf(**live(bandwidth="4"))), WARN
    ),
    Case(
        "bandwidth-is-enough", nodes(HostC=conf(**live(bandwidth="1"))), FAIL
    ),
    Case("moves-at-once-are-few", nodes(), PASS),
    Case(
        "moves-at-once-are-few",
        nodes(HostC=conf(DEFAULT__max_concurrent_live_migrations="0")),
        WARN,
        "no limit",
    ),
    Case(
        "moves-at-once-are-few",
        both(DEFAULT__max_concurrent_live_migrations="100"),
        WARN,
        "= 100",
    ),
    Case("service-user-token-is-sent", nodes(), PASS),
    Case(
        "service-user-token-is-sent",
        nodes(
            HostC=conf(
                service_user__send_service_user_token=None,
                service_user__auth_type="password",
            )
        ),
        WARN,
        remedy="ini_set",
    ),
    Case(
        "service-user-token-is-sent",
        nodes(HostC=conf(service_user__send_service_user_token=None)),
        WARN,
        remedy="auth_url",
    ),
    Case("disks-are-not-on-lvm", nodes(), PASS),
    Case("disks-are-not-on-lvm", both(**libvirt(images_type="lvm")), FAIL),
    Case("config-drives-can-be-copied", nodes(), PASS),
    Case(
        "config-drives-can-be-copied",
        both(
            DEFAULT__force_config_drive="true",
            DEFAULT__config_drive_format="vfat",
        ),
        PASS,
        "vfat, forced",
    ),
    Case(
        "config-drives-can-be-copied",
        nodes(HostC=conf(DEFAULT__force_config_drive="yes")),
        WARN,
        "iso9660",
    ),
    Case(MUST, nodes(), PASS, "equal on 2 nodes"),
    Case(MUST, [node("HostC")], SKIP, subject="HostC"),
    # Other words for one meaning.
    Case(
        MUST,
        nodes(
            HostC=conf(
                **libvirt(
                    images_type="default",
                    live_migration_scheme=None,
                    live_migration_with_native_tls="0",
                )
            )
        ),
        PASS,
    ),
    Case(
        MUST,
        nodes(HostC=conf(**live(scheme="tls"))),
        FAIL,
        "live_migration_scheme is tls on HostC, tcp elsewhere",
        "on HostC: ini_set /etc/nova/nova.conf libvirt"
        " live_migration_scheme tcp",
    ),
    Case(
        MUST,
        nodes(HostC=conf(**libvirt(images_type="raw"))),
        FAIL,
        "images_type is raw on HostC, qcow2 elsewhere",
        "with no server left there",
    ),
    # Neither is Nova's default.
    Case(
        MUST,
        [conf("HostB", **live(scheme="tls")), conf(**live(scheme="ssh"))],
        FAIL,
        "is tls on HostB, ssh on HostC",
        "choose one value",
    ),
    Case(
        SHOULD,
        nodes(HostC=conf(DEFAULT__vif_plugging_timeout="0")),
        WARN,
        "vif_plugging_timeout is 0 on HostC, 300 elsewhere",
        "vif_plugging_timeout 300",
    ),
    Case(SHOULD, nodes(), PASS),
    Case(SHOULD, both(**libvirt(cpu_models="A, B")), PASS),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check(case):
    if len(case.nodes) == 1:
        # A storage node beside it makes a cluster.
        case.nodes = [*case.nodes, node("HostA", Role.STORAGE)]
        case.subject = "HostC, HostA"
    prove(case)


def test_the_majority_is_right():
    tls = [conf(name, **live(scheme="tls")) for name in ("HostA", "HostB")]
    found = {f.check: f for f in findings([*tls, conf("HostC")])}[MUST]
    assert "is tcp on HostC, tls elsewhere" in found.detail
    assert [fix.node for fix in found.fixes] == ["HostC"]


def test_one_fix_a_node_for_all_its_options():
    odd = conf(DEFAULT__vif_plugging_timeout="0", **live(downtime="100"))
    found = {f.check: f for f in findings(nodes(HostC=odd))}[SHOULD]
    (fix,) = found.fixes
    assert len(fix.lines) == 2


def test_in_a_container_words_say_it():
    odd = config.healthy("HostC", **live(scheme="tls")).but(contained=True)
    found = {f.check: f for f in findings(nodes(HostC=node(config=odd)))}[MUST]
    assert not found.fixes
    assert "container" in found.remedy


def test_the_template_of_a_container_is_changed():
    odd = config.healthy("HostC", **live(scheme="tls")).but(
        contained=True, template="/etc/kolla/nova-compute/nova.conf", **UNIT
    )
    found = {f.check: f for f in findings(nodes(HostC=node(config=odd)))}[MUST]
    (fix,) = found.fixes
    assert fix.lines == (
        "ini_set /etc/kolla/nova-compute/nova.conf libvirt"
        " live_migration_scheme tcp",
    )
    assert fix.restart == ("nova-compute.service",)


@pytest.mark.parametrize("kind", Kind)
def test_lvm_is_of_cold_moves(kind):
    found = findings(both(**libvirt(images_type="lvm")), kind)
    said = {f.check for f in found if f.status is FAIL}
    assert said == ({"disks-are-not-on-lvm"} if kind is Kind.COLD else set())


def test_words_of_strangers_are_quoted():
    odd = conf(**live(uri="qemu+tcp://x; rm -rf /")).config.but(
        files=("/etc/nova/$(reboot).conf",)
    )
    found = {f.check: f for f in findings(nodes(HostC=node(config=odd)))}[
        "live-migration-uri-is-not-set"
    ]
    for fix in found.fixes:
        for line in fix.lines:
            assert "'/etc/nova/$(reboot).conf'" in line
