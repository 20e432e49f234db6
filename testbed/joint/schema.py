"""Make the tables of all services on a database server, with their own
migrations.

usage: python -m testbed.joint.schema STATE SERVICE
"""

import sys

from testbed.cloud import config, processes, schemas
from testbed.cloud.state import State
from testbed.nodes.cluster import CONTROLLER
from testbed.nodes.errors import LabError


def make(state: State) -> None:
    """Make them, in separate processes, side by side.

    :param state: that has the server recorded; its configuration is written
    :raises LabError: a migration failed
    """
    # Nobody is asked for anything there.
    config.write(state, dict.fromkeys(config.ROOTS, 9), CONTROLLER, {})
    children = {
        name: processes.spawn(
            name, __name__, [str(state.path), name], _log(state, name), ()
        )[1]
        for name in _SERVICES
    }
    failed = [name for name, child in children.items() if child.wait()]
    for name in failed:
        said = _log(state, name).read_text().splitlines()
        raise LabError(
            f"the databases of {name} could not be made:\n"
            + "\n".join(said[-20:])
        )


def _log(state: State, name: str):
    return state.log / f"{name}-schema.log"


def _nova(state: State) -> None:
    from nova import monkey_patch

    monkey_patch.patch(backend="threading")
    from nova import config as nova_config
    from nova import context, objects
    from nova.db import migration

    from testbed.cloud import nova_schema

    nova_config.parse_args(["nova", f"--config-file={state.conf}/nova.conf"])
    objects.register_all()
    nova_schema.build(state.conf / "placement.conf")
    nova_schema.set_connections(state)
    admin = context.get_admin_context()
    cell0 = objects.CellMapping.get_by_uuid(
        admin, objects.CellMapping.CELL0_UUID
    )
    with context.target_cell(admin, cell0) as inside:
        migration.db_sync(database="main", context=inside)


_SERVICES = {
    "nova": _nova,
    "keystone": schemas.keystone,
    "glance": schemas.glance,
}


def main() -> None:
    """Make those of one service."""
    path, name = sys.argv[1:]
    sys.argv[1:] = []  # the services parse it too
    _SERVICES[name](State(path))


if __name__ == "__main__":
    main()
