"""The registry of API checks, and functions that run a group of them."""

from collections.abc import Collection

from osc_migrate.checks import (
    aggregates,
    cloud,
    destination,
    devices,
    fit,
    leftovers,
    network,
    numa,
    ports,
    recent_moves,
    rights,
    server,
    storage,
)
from osc_migrate.checks.check import Check, judge
from osc_migrate.checks.findings import Report
from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.cloud.whole_cloud import CloudFacts
from osc_migrate.facts import or_none

# Checks of one server and one destination, in the order of display.
MOVE: tuple[Check, ...] = (
    rights.user_may_move_it_live,
    rights.user_may_move_it_cold,
    server.server_is_running,
    server.server_is_running_or_off,
    server.guest_is_on,
    server.paused_guest_has_run_here,
    server.server_is_idle,
    server.server_is_unlocked,
    server.server_host_is_known,
    server.source_is_up,
    leftovers.server_is_not_being_moved,
    leftovers.server_waits_for_no_confirmation,
    leftovers.server_has_no_open_record,
    leftovers.server_is_allocated_where_it_is,
    devices.flavor_and_image_are_known,
    devices.guest_memory_is_not_encrypted,
    devices.guest_tpm_can_move,
    devices.server_has_no_accelerator,
    devices.server_has_no_share,
    devices.shares_can_move,
    devices.guest_pmem_can_move,
    devices.pci_devices_can_move,
    devices.vgpus_can_move,
    numa.bound_guest_can_move,
    numa.guest_is_not_bound,
    storage.disks_need_no_copy,
    storage.disks_are_there_to_copy,
    storage.config_drive_is_copied,
    storage.image_is_in_glance,
    storage.volumes_can_be_attached,
    ports.ports_can_move,
    ports.sriov_ports_can_move,
    ports.ports_stay_plugged,
    ports.ports_are_bound_before_the_move,
    ports.ports_are_bound_where_it_is,
    destination.destination_exists,
    destination.destination_is_elsewhere,
    destination.destination_is_not_forced_down,
    destination.destination_is_up,
    destination.destination_heartbeat_is_fresh,
    destination.destination_is_enabled,
    destination.destination_has_room,
    destination.destination_receives_few_servers,
    recent_moves.recent_moves_succeeded,
    recent_moves.recent_cold_moves_succeeded,
    storage.destination_has_space_for_the_copy,
    fit.destination_has_the_same_hypervisor,
    fit.destination_hypervisor_is_not_older,
    fit.destination_hypervisor_can_start_it,
    fit.destination_cpu_has_every_feature,
    fit.machine_type_is_recorded,
    fit.destination_zone_suits_the_server,
    fit.server_groups_allow_the_destination,
    aggregates.destination_is_open_to_the_project,
    aggregates.destination_aggregates_suit_the_flavor,
    aggregates.destination_is_not_set_apart,
    storage.volumes_are_in_the_destinations_zone,
    network.destination_network_agent_is_alive,
    network.destination_reaches_the_physical_networks,
)


# Checks of a whole cloud.
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


# Checks of a server after a move: nothing is left on the source.
AFTER: tuple[Check, ...] = (
    server.guest_is_on,
    leftovers.server_has_no_open_record,
    leftovers.server_is_allocated_where_it_is,
    leftovers.server_has_its_room_where_it_is,
    ports.ports_are_bound_where_it_is,
    ports.ports_are_active_where_it_is,
    ports.ports_are_up_where_it_is,
    storage.volumes_are_attached_where_it_is,
)


# Checks of a server awaiting confirmation after a cold migration.
WAITING: tuple[Check, ...] = (
    leftovers.guest_runs_after_the_move,
    ports.ports_are_bound_where_it_is,
)


# Checks for leftovers that no other step of a repair reports.
LEFTOVERS: tuple[Check, ...] = (
    leftovers.server_is_not_being_moved,
    leftovers.server_has_no_open_record,
    leftovers.server_is_allocated_where_it_is,
    ports.ports_are_bound_where_it_is,
)


def judge_leftovers(facts: MoveFacts) -> Report:
    """Check for leftovers that a repair has to report."""
    return judge(LEFTOVERS, facts, None)


def judge_after(facts: MoveFacts) -> Report:
    """Check a server after a move, for leftovers on the source."""
    return judge(AFTER, facts, None)


def judge_waiting(facts: MoveFacts) -> Report:
    """Check whether a cold migration can be confirmed."""
    return judge(WAITING, facts, None)


def judge_cloud(facts: CloudFacts, ignored: Collection[str] = ()) -> Report:
    """Run every check of a whole cloud."""
    return judge(CLOUD, facts, Kind.LIVE, ignored)


def judge_move(
    facts: MoveFacts, kind: Kind, ignored: Collection[str] = ()
) -> Report:
    """Run every check for one server and this kind of move; if the host does
    not exist, report only that."""
    if names_no_host(facts):
        return judge((destination.destination_exists,), facts, kind, ignored)
    return judge(MOVE, facts, kind, ignored)


def count(kind: Kind) -> int:
    """Return the number of checks for this kind of move."""
    return sum(kind in check.kinds for check in MOVE)


def names_no_host(facts: MoveFacts) -> bool:
    """Whether the requested host does not exist in Nova."""
    if facts.wanted is None:
        return False
    return or_none(lambda: (facts.destination, bool(facts.hosts))) == (
        None,
        True,
    )
