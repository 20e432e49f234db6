"""The API microversions that matter here, each with what it added.

Source: nova's ``rest_api_version_history.rst`` and placement's
``rest_api_version_history.rst``.
"""

# The newest one that this code was written and tested for.
NOVA = "2.104"
PLACEMENT = "1.39"

# Nova
FORCE_COMPLETE = "2.22"  # force_complete of a running live migration
ABORT = "2.24"  # abort of a running live migration
ABORT_QUEUED = "2.65"  # and of one that is queued or in preparation
SERVER_MIGRATIONS = "2.23"  # migrations of a server, with byte counters
BLOCK_AUTO = "2.25"  # block_migration=auto; disk_over_commit removed
FLAVOR_IN_SERVER = "2.47"  # vcpus, ram, disk ... instead of the flavor's id
COLD_TO_HOST = "2.56"  # a destination of a cold migration
UUIDS = "2.53"  # services and hypervisors are known by UUID
MIGRATIONS_PAGED = "2.59"  # os-migrations: newest first, limit, uuid
MIGRATIONS_BY_PROJECT = "2.80"  # os-migrations: project_id filter
TOPOLOGY = "2.78"  # NUMA, pinning and page size of a server
SHARES = "2.97"  # Manila shares of a server
EVENT_HOST = "2.62"  # the host of an event
EVENT_DETAILS = "2.84"  # the message of a failed event
LAST_WITH_SIZES = "2.87"  # the last os-hypervisors with vcpus, memory ...
HYPERVISORS_PAGED = "2.33"  # os-hypervisors: limit and marker

# Placement
REQUIRED_TRAITS = "1.18"  # resource_providers: required
TREES = "1.29"  # allocation_candidates: all classes, roots


def is_at_least(version: str, wanted: str) -> bool:
    """Return whether `version` is `wanted` or later."""
    return key(version) >= key(wanted)


def needs_newer_api(what: str, wanted: str, highest: str) -> str:
    """Return a message: an operation needs a newer compute API."""
    return (
        f"{what} needs compute API microversion {wanted}; the highest usable"
        f" one is {highest}"
    )


def key(version: str) -> tuple[int, int]:
    """'2.96' -> (2, 96), to compare; (0, 0) for anything else."""
    major, _, minor = version.partition(".")
    if major.isdecimal() and minor.isdecimal():
        return int(major[:9]), int(minor[:9])
    return 0, 0
