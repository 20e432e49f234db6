"""Faults of osc_migrate/nodes/config, and of the unit of nova-compute"""

from functional_tests.node_faults.fault import NodeFault
from functional_tests.node_faults.scripts import (
    NOVA_CONF,
    RESTORE,
    both,
    no_stand_in,
    nova_stand_in,
    options,
)


def _libvirt(**values: object) -> str:
    return options("libvirt", **values)


def _warning(check: str, what: str, inject: str, **more: str) -> NodeFault:
    return NodeFault(
        check, "config", what, inject, status="WARN", undo=RESTORE, **more
    )


def _failure(check: str, what: str, inject: str, **more: str) -> NodeFault:
    return NodeFault(check, "config", what, inject, undo=RESTORE, **more)


FAULTS: tuple[NodeFault, ...] = (
    NodeFault(
        "nova-conf-is-readable",
        "config",
        "nova.conf is not where it should be",
        f"mv {NOVA_CONF} /root/",
        status="UNKNOWN",
        by_hand=f"mv /root/nova.conf {NOVA_CONF}",
    ),
    _failure(
        "nova-conf-is-well-formed",
        "a line of nova.conf is no assignment: nova-compute will not start",
        f"cp -p {NOVA_CONF} {NOVA_CONF}.lab; echo cpu_mode >>{NOVA_CONF}",
        by_hand=f"sed -i '/^cpu_mode$/d' {NOVA_CONF}",
    ),
    NodeFault(
        "nova-compute-read-its-configuration",
        "config",
        "nova.conf was changed after a stand-in of nova-compute was started",
        f"{nova_stand_in('nova-compute')} sleep 4; touch {NOVA_CONF}",
        status="WARN",
        undo=no_stand_in("nova-compute"),
    ),
    _failure(
        "consoles-listen-on-the-destination",
        "VNC listens on the address of another node: a copied nova.conf",
        options("vnc", server_listen="10.77.0.12"),
        name="vnc-listens-elsewhere",
    ),
    _failure(
        "consoles-listen-on-the-destination",
        "VNC listens on a name, which Nova cannot hand over",
        options("vnc", server_listen="HostC"),
        name="vnc-listens-on-a-name",
    ),
    _failure(
        "live-migration-uri-is-not-set",
        "live_migration_uri has no place for the destination",
        _libvirt(live_migration_uri="qemu+tcp://HostB/system"),
        name="uri-without-destination",
    ),
    _warning(
        "live-migration-uri-is-not-set",
        "live_migration_uri is deprecated",
        _libvirt(live_migration_uri="qemu+tcp://%s/system"),
        name="uri-is-deprecated",
    ),
    _warning(
        "live-migration-timeout-is-sane",
        "a move never ends by itself",
        _libvirt(live_migration_completion_timeout=0),
        name="no-timeout",
    ),
    _warning(
        "live-migration-timeout-is-sane",
        "a move ends before all downtime was allowed",
        _libvirt(live_migration_completion_timeout=300),
        name="timeout-before-downtime",
    ),
    _warning(
        "live-migration-timeout-spares-the-guest",
        "the guest is paused at the end of the time",
        _libvirt(
            live_migration_timeout_action="force_complete",
            live_migration_permit_post_copy="false",
        ),
    ),
    _warning(
        "post-copy-or-auto-converge",
        "post-copy and auto-converge are both permitted",
        _libvirt(live_migration_permit_auto_converge="true"),
    ),
    _warning(
        "one-connection-with-post-copy",
        "several connections with post-copy",
        _libvirt(live_migration_parallel_connections=4),
    ),
    _failure(
        "bandwidth-is-enough",
        "no move can end in its time",
        _libvirt(live_migration_bandwidth=1),
        name="bandwidth-too-low",
    ),
    _warning(
        "bandwidth-is-enough",
        "no busy guest can move in its time",
        _libvirt(live_migration_bandwidth=4),
        name="bandwidth-low",
    ),
    _warning(
        "moves-at-once-are-few",
        "there is no limit of moves at once",
        options("DEFAULT", max_concurrent_live_migrations=0),
    ),
    _warning(
        "service-user-token-is-sent",
        "the token of a service is not sent",
        options("service_user", send_service_user_token="false"),
    ),
    NodeFault(
        "graceful-shutdown-fits-the-unit",
        "config",
        "systemd kills nova-compute before it has ended its moves",
        options("DEFAULT", graceful_shutdown_timeout=180)
        + nova_stand_in("nova-compute"),
        status="WARN",
        undo="rm -r /etc/systemd/system/nova-compute.service.d\n"
        f"{no_stand_in('nova-compute')}{RESTORE}",
    ),
    NodeFault(
        "disks-are-not-on-lvm",
        "config",
        "disks are on LVM",
        both(_libvirt(images_type="lvm")),
        by_hand=both(RESTORE),
    ),
    _warning(
        "config-drives-can-be-copied",
        "every server gets a config drive that is a CD-ROM",
        options("DEFAULT", force_config_drive="true"),
    ),
    _failure(
        "options-that-must-agree-do",
        "disks are of another type on one node",
        _libvirt(images_type="raw"),
        by_hand=RESTORE,
        name="images-types-differ",
    ),
    _failure(
        "options-that-must-agree-do",
        "one node goes to the others by another scheme",
        _libvirt(live_migration_scheme="ssh"),
        name="schemes-differ",
    ),
    _warning(
        "options-that-should-agree-do",
        "guests of one node see another processor",
        _libvirt(cpu_mode="custom", cpu_models="Nehalem"),
        by_hand=RESTORE,
        name="cpu-modes-differ",
    ),
    _warning(
        "options-that-should-agree-do",
        "one node does not wait for ports to be plugged",
        options("DEFAULT", vif_plugging_timeout=0),
        name="vif-timeouts-differ",
    ),
)
