"""Roles of nodes."""

import enum


class Role(enum.StrEnum):
    """The role of a node."""

    COMPUTE = "compute"
    # Exports the instances directory, and runs no servers.
    STORAGE = "storage"
