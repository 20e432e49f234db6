"""Query Nova and Placement about a server and its migrations."""

COLUMNS = [
    "server",
    "id",
    "kind",
    "source",
    "destination",
    "status",
    "migration_id",
    "seconds",
    "memory_bytes",
    "disk_bytes",
    "reason",
    "next",
]


def where(connection, server):
    return connection.compute.get_server(server.id)


def holders(connection, server):
    """Return the providers on which the server has allocations."""
    body = connection.placement.get(f"/allocations/{server.id}").json()
    names = {
        row["uuid"]: row["name"]
        for row in connection.placement.get("/resource_providers").json()[
            "resource_providers"
        ]
    }
    return [names[provider] for provider in body["allocations"]]


def migrations(connection, server):
    return connection.compute.get(
        f"/os-migrations?instance_uuid={server.id}", microversion="2.59"
    ).json()["migrations"]
