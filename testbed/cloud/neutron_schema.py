"""Make Neutron's database.

Not with its migrations: those add constraints to tables that exist, which
SQLite cannot.  Neutron's own tests on SQLite make the tables of its models,
and so does this.
"""


def build(url: str) -> None:
    """Make the tables in an empty database."""
    import sqlalchemy
    from neutron.db.migration.models import head

    engine = sqlalchemy.create_engine(url)
    head.get_metadata().create_all(engine)
    engine.dispose()
