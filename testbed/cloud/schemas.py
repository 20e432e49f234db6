"""Make the databases of Keystone, Glance and Neutron.

Each with the service's own migrations, where its URL is in the service's
configuration.  They load and register much, so a process that serves calls
them in a child.
"""

from testbed.cloud import catalogue, neutron_schema
from testbed.cloud.state import State


def keystone(state: State) -> None:
    """With users, roles and a catalogue whose URLs are not set yet."""
    import keystone.server

    keystone.server.configure(config_files=[str(state.conf / "keystone.conf")])
    catalogue.build()


def glance(state: State) -> None:
    """No image yet."""
    from alembic import command
    from glance.common import config
    from glance.db.sqlalchemy import alembic_migrations

    config.parse_args(
        args=["--config-file", str(state.conf / "glance-api.conf")]
    )
    # The expand and contract branches at once: no row exists yet that a
    # data migration between them could concern.
    command.upgrade(alembic_migrations.get_alembic_config(), "heads")


def neutron(state: State) -> None:
    """No network yet."""
    neutron_schema.build(state.database("neutron"))
