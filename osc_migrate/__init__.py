"""Moves servers of an OpenStack cloud; see doc/source."""


def __getattr__(name: str) -> str:
    # 'openstack module list --all' of older clients asks for it; every other
    # command does without reading what is installed.
    if name == "__version__":
        from importlib import metadata

        return metadata.version("osc-migrate")
    raise AttributeError(f"module 'osc_migrate' has no attribute '{name}'")
