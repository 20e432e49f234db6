"""Moves servers of an OpenStack cloud; see doc/source."""


def __getattr__(name: str) -> str:
    # Older clients read it for 'openstack module list --all'; all other
    # commands avoid the cost of reading package metadata.
    if name == "__version__":
        from importlib import metadata

        return metadata.version("osc-migrate")
    raise AttributeError(f"module 'osc_migrate' has no attribute '{name}'")
