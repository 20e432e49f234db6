"""Checks of a whole cloud, to run before an upgrade or maintenance."""

import datetime
from collections.abc import Collection, Iterable

from osc_migrate.checks.check import (
    Concern,
    NotChecked,
    Problem,
    Skip,
    check,
)
from osc_migrate.checks.findings import Gap
from osc_migrate.checks.requested import IMAGE_IN_SERVER
from osc_migrate.cloud.hosts import Service, is_bare_metal
from osc_migrate.cloud.migrations import Migration
from osc_migrate.cloud.servers import Server
from osc_migrate.cloud.whole_cloud import CloudFacts
from osc_migrate.text import listed

# The libvirt driver updates a running record every few seconds. A record
# without an update for this long is stuck.
STUCK_AFTER = datetime.timedelta(minutes=15)


MACHINE_TYPES = Gap(
    "machine types", "nova-manage libvirt list_unset_machine_type shows them"
)
HYPERVISORS = Gap(
    "hypervisors",
    "'openstack hypervisor list' shows which hosts have one; of a KVM host"
    " nova-compute's log says why not",
)


def whole_cloud_subject(_cloud: CloudFacts) -> str:
    return "cloud"


def _or_none(names: Collection[str]) -> str:
    return listed(sorted(names), 10)


def _services(services: Iterable[Service]) -> str:
    return _or_none([f"{s.binary} on {s.host}" for s in services])


def _servers(servers: Iterable[Server]) -> str:
    return _or_none([f"{s.name} ({s.id})" for s in servers])


@check(whole_cloud_subject)
def services_are_up(cloud: CloudFacts) -> str:
    """Every Nova service sends heartbeats."""
    down = [s for s in cloud.services if s.state != "up" and not s.forced_down]
    if not down:
        return f"{len(cloud.services)} services"
    raise Problem(
        f"down: {_services(down)}",
        "look at them on their hosts; delete those that are gone for good:"
        " openstack compute service delete ID",
    )


@check(whole_cloud_subject)
def no_service_is_forced_down(cloud: CloudFacts) -> str:
    """No compute service is forced down."""
    forced = [s for s in cloud.services if s.forced_down]
    if not forced:
        return "none"
    raise Concern(
        f"forced down: {_services(forced)}",
        "when they may work again: openstack compute service set --up HOST"
        " nova-compute",
    )


@check(whole_cloud_subject)
def no_service_is_disabled(cloud: CloudFacts) -> str:
    """No compute service is disabled, so all can be destinations."""
    disabled = [s for s in cloud.services if s.status == "disabled"]
    if not disabled:
        return "none"
    raise Concern(
        "disabled: "
        + _or_none(
            [
                s.host
                + (f" ({s.disabled_reason})" if s.disabled_reason else "")
                for s in disabled
            ]
        ),
        "if that is over: openstack compute service set --enable HOST"
        " nova-compute",
    )


@check(whole_cloud_subject)
def computes_have_hypervisors(cloud: CloudFacts) -> str:
    """Every compute service has a hypervisor that Nova knows."""
    without = [n for n, h in cloud.hosts.items() if h.hypervisor is None]
    if not without:
        return f"{len(cloud.hosts)} compute hosts"
    homes = {server.host for server in cloud.servers}
    if any(map(is_bare_metal, cloud.hosts.values())) and not homes & {
        *without
    }:
        # Ironic's nova-computes distribute the nodes by UUID, so one may have
        # none (nova/virt/ironic/driver.py, get_available_nodes).
        raise NotChecked(
            f"without a hypervisor: {_or_none(without)}; an Ironic compute may"
            " have no node",
            HYPERVISORS,
        )
    raise Problem(
        f"without a hypervisor: {_or_none(without)}",
        "nova-manage cell_v2 discover_hosts, and the log of nova-compute",
    )


@check(whole_cloud_subject)
def hypervisor_versions_agree(cloud: CloudFacts) -> str:
    """Hypervisors of one type have one version: servers move both ways.

    Nova refuses a move to an older version and any move to another type
    (conductor/tasks/live_migrate.py).
    """
    versions: dict[str, dict[int, list[str]]] = {}
    for name, host in cloud.hosts.items():
        if host.hypervisor is not None:
            kind, version = host.hypervisor.type, host.hypervisor.version
            of_kind = versions.setdefault(kind, {})
            of_kind.setdefault(version, []).append(name)
    mixed = [
        f"{kind} {_dotted(version)}: {_or_none(names)}"
        for kind, of_kind in sorted(versions.items())
        if len(of_kind) > 1
        for version, names in sorted(of_kind.items())
    ]
    if mixed:
        raise Concern(
            "; ".join(mixed),
            "move from older to newer ones only, until all have the same"
            " version",
        )
    return (
        ", ".join(
            f"{kind} {_dotted(version)}"
            for kind, of_kind in sorted(versions.items())
            for version in of_kind
        )
        or "no hypervisor"
    )


def _dotted(version: int) -> str:
    return f"{version // 1_000_000}.{version // 1000 % 1000}.{version % 1000}"


@check(whole_cloud_subject)
def no_migration_is_stuck(cloud: CloudFacts) -> str:
    """No migration under way has gone quiet."""
    stuck = [m for m in cloud.under_way if _not_updated(cloud, m)]
    if not stuck:
        return f"{len(cloud.under_way)} under way"
    minutes = STUCK_AFTER.seconds // 60
    raise Problem(
        f"not updated for {minutes} minutes: "
        + _or_none([f"{m.id} ({m.status}, {m.source})" for m in stuck]),
        "openstack migrate explain SERVER; see whether the guest runs on one"
        " host, and on which, before anything else",
    )


def _not_updated(cloud: CloudFacts, record: Migration) -> bool:
    # A queued migration waits for another, without any update.
    written = record.updated_at or record.created_at
    return (
        record.status != "queued"
        and written is not None
        and cloud.now - written > STUCK_AFTER
    )


@check(whole_cloud_subject)
def no_server_migrates_by_itself(cloud: CloudFacts) -> str:
    """Every server that is MIGRATING has a migration under way."""
    known = {m.server_id for m in cloud.under_way}
    lost = [
        server
        for server in cloud.servers
        if server.task_state == "migrating" and server.id not in known
    ]
    if not lost:
        return "none"
    raise Problem(
        f"migrating, with no record of it: {_servers(lost)}",
        "find the one host where the guest runs; then openstack server set"
        " --state active SERVER",
    )


@check(whole_cloud_subject)
def no_resize_is_unconfirmed(cloud: CloudFacts) -> str:
    """No server waits for its resize or cold migration to be confirmed."""
    waiting = [s for s in cloud.servers if s.status == "VERIFY_RESIZE"]
    if not waiting:
        return "none"
    raise Concern(
        f"waiting: {_servers(waiting)}",
        "openstack migrate cold SERVER --confirm, or --revert; after a resize:"
        " openstack server resize confirm SERVER, or revert",
    )


@check(whole_cloud_subject)
def no_server_is_in_error(cloud: CloudFacts) -> str:
    """No server is in ERROR."""
    broken = [s for s in cloud.servers if s.status == "ERROR"]
    if not broken:
        return f"{len(cloud.servers)} servers"
    raise Concern(
        f"in ERROR: {_servers(broken)}", "openstack migrate explain SERVER"
    )


@check(whole_cloud_subject)
def no_allocation_is_orphaned(cloud: CloudFacts) -> str:
    """Placement holds room for servers and migrations that exist, alone."""
    if cloud.orphans:
        raise Problem(
            "; ".join(
                f"{host}: {_or_none(consumers)}"
                for host, consumers in sorted(cloud.orphans.items())
            ),
            "nova-manage placement audit --verbose, then with --delete",
        )
    if cloud.unseen:
        raise Concern(
            f"accounts for {_or_none(cloud.unseen)} do not add up",
            "nova-manage placement audit --verbose",
        )
    return "none"


@check(whole_cloud_subject)
def no_binding_is_stale(cloud: CloudFacts) -> str:
    """No port of a server at rest is bound to two hosts.

    A later live migration to that host fails (neutron bug 1979072).
    """
    if not cloud.stale_bindings:
        return "none"
    raise Problem(
        "; ".join(
            f"port {port}: {_or_none(hosts)}"
            for port, hosts in sorted(cloud.stale_bindings.items())
        ),
        "while nothing migrates, on a controller:"
        " neutron-remove-duplicated-port-bindings",
    )


@check(whole_cloud_subject)
def machine_types_are_set(cloud: CloudFacts) -> str:
    """Every server's machine type is written down.

    For the others, a change of [libvirt]hw_machine_type takes effect at the
    next hard reboot ('nova-status upgrade check' warns of it too).
    """
    if not any(
        h.hypervisor is not None and h.hypervisor.type in ("QEMU", "KVM")
        for h in cloud.hosts.values()
    ):
        raise Skip("no QEMU or KVM here")
    if cloud.nova < IMAGE_IN_SERVER:
        raise NotChecked(
            "Nova shows it from microversion 2.98 on", MACHINE_TYPES
        )
    bare_metal = {n for n, h in cloud.hosts.items() if is_bare_metal(h)}
    unset = [
        server
        for server in cloud.servers
        if server.host not in bare_metal
        and server.image_id
        and "hw_machine_type" not in server.image_properties
    ]
    if not unset:
        return f"{len(cloud.servers)} servers"
    raise Concern(
        f"unset: {_servers(unset)}",
        "nova-manage libvirt list_unset_machine_type, update_machine_type",
    )
