"""What must hold before a server may move, judged on facts alone."""

from collections.abc import Collection

from osc_migrate.checks import cloud, destination, server
from osc_migrate.checks.check import Check, judge
from osc_migrate.model.cloud import CloudFacts
from osc_migrate.model.facts import MoveFacts
from osc_migrate.model.findings import Kind, Report

# Of one server and one destination, in the order in which they are shown.
MOVE: tuple[Check, ...] = (
    server.server_is_running,
    server.server_is_idle,
    server.server_is_unlocked,
    server.server_host_is_known,
    destination.destination_exists,
    destination.destination_is_elsewhere,
    destination.destination_is_not_forced_down,
    destination.destination_is_up,
    destination.destination_is_enabled,
    destination.destination_has_room,
)


# Of a whole cloud.
CLOUD: tuple[Check, ...] = (
    cloud.services_are_up,
    cloud.no_service_is_forced_down,
    cloud.no_service_is_disabled,
    cloud.computes_have_hypervisors,
    cloud.hypervisor_versions_agree,
    cloud.no_migration_is_stuck,
    cloud.no_server_migrates_by_itself,
    cloud.no_resize_is_unconfirmed,
    cloud.no_server_is_in_error,
    cloud.no_allocation_is_orphaned,
    cloud.no_binding_is_stale,
    cloud.machine_types_are_set,
)


def judge_cloud(facts: CloudFacts, ignored: Collection[str] = ()) -> Report:
    """Every check of a whole cloud."""
    return judge(CLOUD, facts, Kind.LIVE, ignored)


def judge_move(
    facts: MoveFacts, kind: Kind, ignored: Collection[str] = ()
) -> Report:
    """Every check that matters for moving one server in that way."""
    return judge(MOVE, facts, kind, ignored)
