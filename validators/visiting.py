"""What a gateway executes: visits its nodes and sends what they said."""

import json


def main(channel):
    from osc_migrate import saved
    from osc_migrate.model.node import Role
    from osc_migrate.nodes.target import Target
    from osc_migrate.nodes.visit import Sessions
    from osc_migrate.survey import survey

    asked = json.loads(channel.receive())
    targets = {
        fields["name"]: Target(**_tuples(fields))
        for fields in asked["targets"]
    }
    roles = {name: Role(role) for name, role in asked["roles"].items()}
    with Sessions(targets, asked["forks"]) as sessions:
        found = survey(sessions, roles, read_only=asked["read_only"])
    channel.send(saved.dumps(found))


def _tuples(fields):
    """JSON has lists alone."""
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in fields.items()
    }


if __name__ == "__channelexec__":
    main(channel)  # noqa: F821  # execnet puts it there
