"""Role."""

import enum


class Role(enum.StrEnum):
    """What a node is there for."""

    COMPUTE = "compute"
    # It exports the instances directory, and runs no servers.
    STORAGE = "storage"
