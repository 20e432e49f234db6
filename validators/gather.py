"""From the suite's options to what the nodes said, once a run."""

import pytest

from osc_migrate import saved
from osc_migrate.errors import MigrateError
from osc_migrate.model.node import Role
from osc_migrate.nodes import inventory
from osc_migrate.nodes.visit import Sessions
from osc_migrate.survey import survey


def roles_of(config):
    """Node -> its role, in the order of the command line."""
    if facts := config.getoption("facts"):
        return dict(saved.read(facts).roles)
    listed = config.getoption("inventory")
    storage = _names(config.getoption("storage_hosts"))
    hosts = _names(config.getoption("hosts"))
    if not hosts and listed:
        hosts = [n for n in inventory.names(listed) if n not in storage]
    if not hosts:
        raise pytest.UsageError(
            "which nodes? Give --hosts=HostB,HostC, an --inventory or --facts"
        )
    return dict.fromkeys(hosts, Role.COMPUTE) | dict.fromkeys(
        storage, Role.STORAGE
    )


def gather(config):
    """Visits the nodes, or reads what was saved of an earlier visit.

    :rtype: osc_migrate.survey.Survey
    """
    try:
        if facts := config.getoption("facts"):
            return saved.read(facts)
        roles = roles_of(config)
        targets = inventory.resolve(
            dict.fromkeys(roles),
            inventory=config.getoption("inventory"),
            ssh_config=config.getoption("ssh_config"),
            ssh_user=config.getoption("ssh_user"),
            ssh_identity_file=config.getoption("ssh_identity_file"),
            sudo=config.getoption("sudo"),
        )
        with Sessions(targets, config.getoption("forks")) as sessions:
            found = survey(
                sessions, roles, read_only=config.getoption("read_only")
            )
        if path := config.getoption("save_facts"):
            saved.write(path, found)
        return found
    except MigrateError as error:
        raise pytest.UsageError(str(error)) from error


def _names(said):
    words = said if isinstance(said, (list, tuple)) else [said or ""]
    return [name for word in words for name in word.split(",") if name]
