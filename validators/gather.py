"""From the suite's options to what the nodes said, once a run."""

import dataclasses

import pytest

from osc_migrate.errors import MigrateError
from osc_migrate.nodes import survey_file
from osc_migrate.nodes.collect import Survey, survey
from osc_migrate.nodes.role import Role
from osc_migrate.nodes.transport import inventory
from osc_migrate.nodes.transport.sessions import Sessions
from osc_migrate.nodes.transport.shell import NodeLimits

from . import gateways


def roles_of(config):
    """Node -> its role, in the order of the command line.

    :raises pytest.UsageError: there is none, or a file cannot be read.
    """
    try:
        return _roles(config)
    except MigrateError as error:
        raise pytest.UsageError(str(error)) from error


def _roles(config):
    if facts := config.getoption("facts"):
        return dict(survey_file.read(facts).roles)
    listed = config.getoption("inventory")
    storage = _names(config.getoption("storage_hosts"))
    hosts = _names(config.getoption("hosts"))
    if not hosts and listed:
        hosts = [n for n in inventory.read(listed) if n not in storage]
    if not hosts:
        raise pytest.UsageError(
            "which nodes? Give --hosts=HostB,HostC, an --inventory or --facts"
        )
    return dict.fromkeys(hosts, Role.COMPUTE) | dict.fromkeys(
        storage, Role.STORAGE
    )


def gather(config):
    """Visits the nodes, or reads what was saved of an earlier visit.

    :rtype: osc_migrate.nodes.collect.Survey
    """
    try:
        if facts := config.getoption("facts"):
            return survey_file.read(facts)
        collected = _visit(config, roles_of(config))
        if path := config.getoption("save_facts"):
            survey_file.write(path, collected)
        return collected
    except MigrateError as error:
        raise pytest.UsageError(str(error)) from error


def targets_of(config, names):
    """How nodes are reached, by the options.

    :raises MigrateError: for one of them the options do not say how.
    """
    return inventory.resolve(
        dict.fromkeys(names),
        inventory=config.getoption("inventory"),
        ssh_config=config.getoption("ssh_config"),
        ssh_user=config.getoption("ssh_user"),
        ssh_identity_file=config.getoption("ssh_identity_file"),
        sudo=config.getoption("sudo"),
        connect_timeout=config.getoption("connect_timeout"),
    )


def limits_of(config):
    """How long a node is waited for, by the options."""
    return NodeLimits(
        connect=config.getoption("connect_timeout") or NodeLimits.connect,
        node=config.getoption("node_timeout") or NodeLimits.node,
    )


def _visit(config, roles):
    targets = targets_of(config, roles)
    gateways_by_node = gateways.places(config)
    forks = config.getoption("forks")
    limits = limits_of(config)
    read_only = config.getoption("read_only")
    surveys = []
    for place in dict.fromkeys(gateways_by_node.get(name) for name in roles):
        local_roles = {
            n: r for n, r in roles.items() if gateways_by_node.get(n) == place
        }
        local_targets = {name: targets[name] for name in local_roles}
        if place is None:
            with Sessions(local_targets, forks, limits) as sessions:
                surveys.append(
                    survey(sessions, local_roles, read_only=read_only)
                )
        else:
            surveys.append(
                gateways.visit(
                    config,
                    place,
                    local_targets,
                    local_roles,
                    forks=forks,
                    limits=dataclasses.asdict(limits),
                    read_only=read_only,
                )
            )
    return _joined(roles, surveys)


def _joined(roles, surveys):
    answers, lost = {}, {}
    for part in surveys:
        answers |= part.answers
        lost |= part.lost
    ordered = {name: answers[name] for name in roles if name in answers}
    return Survey(roles, ordered, lost)


def _names(value):
    items = value if isinstance(value, (list, tuple)) else [value or ""]
    return [name for word in items for name in word.split(",") if name]
