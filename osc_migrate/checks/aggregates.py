"""Checks of host aggregates that reserve a host for some servers.

Which of Nova's filters evaluate them is set in the scheduler's nova.conf,
which no API shows. A reserved host is therefore only a warning.
"""

from collections.abc import Iterator

from osc_migrate.checks.check import Concern, check
from osc_migrate.checks.destination import destination, requested_host
from osc_migrate.checks.requested import extra_specs, image_properties
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.text import paste

SCOPE = "aggregate_instance_extra_specs:"
# Operators of an extra spec (nova/scheduler/filters/extra_specs_ops.py).
OPERATORS = ("=", "!", "<", ">", "s=", "s!", "s<", "s>")


def _metadata(move: MoveFacts) -> Iterator[tuple[str, str]]:
    """Yield the metadata of the destination's aggregates, lists split up."""
    host = destination(move).name
    for aggregate in move.aggregates:
        if host in aggregate.hosts:
            for key, values in aggregate.metadata.items():
                for value in values.split(","):
                    yield key, value.strip()


def _remedy(move: MoveFacts) -> str:
    return (
        "choose another host, or see 'openstack aggregate list --long' for"
        f" {paste(destination(move).name)}"
    )


@check(requested_host)
def destination_is_open_to_the_project(move: MoveFacts) -> str:
    """The destination is not set apart for other projects.

    AggregateMultiTenancyIsolation and [scheduler]limit_tenants_to_placement_
    aggregate evaluate 'filter_tenant_id'.
    """
    projects = {
        value
        for key, value in _metadata(move)
        if key.startswith("filter_tenant_id")
    }
    if not projects:
        return "open to all"
    if move.server.project_id in projects:
        return "open to its project"
    raise Concern("it is reserved for other projects", _remedy(move))


@check(requested_host)
def destination_aggregates_suit_the_flavor(move: MoveFacts) -> str:
    """The destination's aggregates have what the flavor asks of them.

    AggregateInstanceExtraSpecsFilter compares such extra specs.
    """
    have: dict[str, set[str]] = {}
    for key, value in _metadata(move):
        have.setdefault(key, set()).add(value)
    requested = {
        key.removeprefix(SCOPE): value
        for key, value in extra_specs(move).items()
        if key.startswith(SCOPE)
    }
    for key, value in requested.items():
        # Operators are left to Nova to evaluate.
        if key in have and (value in have[key] or value.startswith(OPERATORS)):
            continue
        raise Concern(
            f"its flavor asks for aggregates with {key}={value}", _remedy(move)
        )
    return ", ".join(requested) or "it asks for nothing"


@check(requested_host)
def destination_is_not_set_apart(move: MoveFacts) -> str:
    """The destination is not set apart for flavors with other traits.

    [scheduler]enable_isolated_aggregate_filtering excludes all others from
    aggregates with 'trait:X=required' (nova/scheduler/request_filter.py,
    isolate_aggregates).
    """
    traits = {
        key
        for key, value in _metadata(move)
        if key.startswith("trait:") and value == "required"
    }
    if not traits:
        return "for no trait"
    requested = {
        "trait:" + key.partition(":")[2]
        for properties in (extra_specs(move), image_properties(move))
        for key, value in properties.items()
        if key.startswith("trait") and value == "required"
    }
    if traits <= requested:
        return ", ".join(sorted(traits))
    missing = ", ".join(sorted(traits - requested))
    raise Concern(
        f"it is reserved for flavors and images with {missing}", _remedy(move)
    )
