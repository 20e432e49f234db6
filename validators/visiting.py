"""What a gateway executes: visits its nodes and sends what they said."""

import json


def main(channel):
    from osc_migrate.nodes import survey_file
    from osc_migrate.nodes.collect import survey
    from osc_migrate.nodes.role import Role
    from osc_migrate.nodes.transport.sessions import Sessions
    from osc_migrate.nodes.transport.shell import NodeLimits
    from osc_migrate.nodes.transport.target import Target

    request = json.loads(channel.receive())
    targets = {
        fields["name"]: Target(**_tuples(fields))
        for fields in request["targets"]
    }
    roles = {name: Role(role) for name, role in request["roles"].items()}
    limits = NodeLimits(**request["limits"])
    with Sessions(targets, request["forks"], limits) as sessions:
        collected = survey(sessions, roles, read_only=request["read_only"])
    channel.send(survey_file.dumps(collected))


def _tuples(fields):
    """JSON has lists alone."""
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in fields.items()
    }


if __name__ == "__channelexec__":
    main(channel)  # noqa: F821  # execnet puts it there
