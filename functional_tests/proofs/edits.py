"""Rows in the databases that no API can bring about in a cloud without
hypervisors, devices or Manila."""

import json
import sqlite3
import uuid
from contextlib import closing

# With six digits after the point, as SQLAlchemy writes: Nova compares texts,
# and would page through a single record without end.
_TIME = "strftime('%Y-%m-%d %H:%M:%f000', 'now', '-{}')"
NOW = _TIME.format("0 minutes")


class Edits:
    """Changes the database while Nova runs; Nova reads it at each request."""

    def __init__(self, cloud):
        self._directory = cloud.state.db

    def run(self, statement, *values, database="nova_cell1"):
        path = self._directory / f"{database}.db"
        with closing(sqlite3.connect(path, timeout=60)) as found, found:
            return found.execute(statement, values).fetchall()

    def server(self, server_id, **columns):
        """task_state, power_state, image_ref ..."""
        for name, value in columns.items():
            self.run(
                f"UPDATE instances SET {name} = ? WHERE uuid = ?",
                value,
                server_id,
            )

    def extra_specs(self, server_id, **specs):
        """Of the server's own copy of its flavor; '__' stands for ':'."""
        ((text,),) = self.run(
            "SELECT flavor FROM instance_extra WHERE instance_uuid = ?",
            server_id,
        )
        flavor = json.loads(text)
        flavor["cur"]["nova_object.data"]["extra_specs"].update(
            {name.replace("__", ":"): value for name, value in specs.items()}
        )
        self.run(
            "UPDATE instance_extra SET flavor = ? WHERE instance_uuid = ?",
            json.dumps(flavor),
            server_id,
        )

    def image_properties(self, server_id, **properties):
        """Of the server's own copy of them; None takes one away."""
        for name, value in properties.items():
            key = f"image_{name}"
            self.run(
                "DELETE FROM instance_system_metadata"
                " WHERE instance_uuid = ? AND key = ?",
                server_id,
                key,
            )
            if value is not None:
                self.run(
                    "INSERT INTO instance_system_metadata"
                    " (created_at, instance_uuid, key, value, deleted)"
                    f" VALUES ({NOW}, ?, ?, ?, 0)",
                    server_id,
                    key,
                    value,
                )

    def migration(
        self,
        server_id,
        status,
        source="HostB",
        destination="HostC",
        age="0 minutes",
        kind="live-migration",
    ):
        """A record that was last written `age` ago; its id."""
        when = _TIME.format(age)
        self.run(
            "INSERT INTO migrations (created_at, updated_at, source_compute,"
            " dest_compute, source_node, dest_node, status, instance_uuid,"
            " migration_type, hidden, deleted, uuid, cross_cell_move, user_id,"
            " project_id)"
            f" SELECT {when}, {when}, ?, ?, ?, ?, ?, uuid, ?, 0, 0, ?, 0,"
            " user_id, project_id FROM instances WHERE uuid = ?",
            source,
            destination,
            source,
            destination,
            status,
            kind,
            str(uuid.uuid4()),
            server_id,
        )
        ((number,),) = self.run("SELECT max(id) FROM migrations")
        return number

    def forget_migrations(self, server_id):
        self.run("DELETE FROM migrations WHERE instance_uuid = ?", server_id)

    def share(self, server_id):
        """A Manila share is attached."""
        self.run(
            "INSERT INTO share_mapping (created_at, uuid, instance_uuid,"
            " share_id, status, tag, export_location, share_proto)"
            f" VALUES ({NOW}, ?, ?, ?, 'active', 'tag', '10.0.0.9:/s', 'NFS')",
            str(uuid.uuid4()),
            server_id,
            str(uuid.uuid4()),
        )
