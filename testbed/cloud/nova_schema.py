"""Make the databases of Nova and Placement, and Nova's flavors."""

import pathlib

from testbed.cloud import databases
from testbed.cloud.state import State

#: (name, vcpus, MB of memory, GB of disk); a default host has 16 vcpus,
#: 16384 MB and 200 GB, so one m1.huge leaves no room for another
FLAVORS = (
    ("m1.tiny", 1, 512, 1),
    ("m1.small", 1, 2048, 1),
    ("m1.huge", 12, 12288, 1),
)
DATABASES = ("nova_api", "nova_cell1", "nova_cell0", "placement")
_CELL1 = "cell1"


def build(placement_conf: pathlib.Path) -> None:
    """Run the migrations (a configured Nova is needed).

    The database of cell 0 is left to the caller: its schema is that of the
    other cell, and the migrations are the slowest part.
    """
    from nova import context as nova_context
    from nova import objects
    from nova.db import migration

    migration.db_sync(database="api")
    migration.db_sync(database="main")

    context = nova_context.get_admin_context()
    for uuid, name, transport in (
        (objects.CellMapping.CELL0_UUID, "cell0", "none:///"),
        ("c0ffee00-0000-4000-8000-000000000001", _CELL1, "fake://"),
    ):
        objects.CellMapping(
            context,
            uuid=uuid,
            name=name,
            transport_url=transport,
            database_connection="sqlite:///not-set",
        ).create()
    for number, (name, vcpus, memory, disk) in enumerate(FLAVORS, start=1):
        objects.Flavor(
            context,
            flavorid=str(number),
            name=name,
            vcpus=vcpus,
            memory_mb=memory,
            root_gb=disk,
            ephemeral_gb=0,
            swap=0,
            rxtx_factor=1.0,
            is_public=True,
            disabled=False,
        ).create()
    _build_placement(placement_conf)


def _build_placement(conf: pathlib.Path) -> None:
    from oslo_config import cfg
    from placement import conf as placement_conf
    from placement import db_api, deploy

    options = cfg.ConfigOpts()
    placement_conf.register_opts(options)
    options([], project="placement", default_config_files=[str(conf)])
    options.set_override("sync_on_startup", True, "placement_database")
    db_api.configure(options)
    deploy.update_database(options)


def copy_cell0(directory: pathlib.Path) -> None:
    """Make the database of cell 0 from that of the other cell, on SQLite."""
    databases.copy(directory / "nova_cell1.db", directory / "nova_cell0.db")


def set_connections(state: State, transport: str = "fake://") -> None:
    """Write this cloud's paths into its copy of the cell mappings.

    :param transport: the URL of its message broker
    """
    databases.execute(
        state.database("nova_api"),
        [
            (
                "UPDATE cell_mappings SET database_connection = :url"
                " WHERE name = :name",
                {"url": state.database(f"nova_{name}"), "name": name},
            )
            for name in ("cell0", _CELL1)
        ]
        + [
            (
                "UPDATE cell_mappings SET transport_url = :url"
                " WHERE name = :name",
                {"url": transport, "name": _CELL1},
            )
        ],
    )
