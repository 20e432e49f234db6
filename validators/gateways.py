"""Nodes that only another machine reaches: a bastion with xdist on it.

The bastion visits its nodes itself and sends back what they said; it needs
osc-migrate and what xdist needs. Its workers are xdist's own business.
"""

import dataclasses
import json

import pytest

from osc_migrate.nodes import survey_file

from . import visiting


def places(config):
    """Node -> id of the gateway that visits it, for those that have one."""
    gateways = {}
    for spec in config.getoption("gateway"):
        place, equals, names = spec.partition("=")
        if not equals or not names:
            raise pytest.UsageError(
                f"--gateway={spec}: 'ID=HostB,HostC' is needed, ID as in --tx"
            )
        for name in filter(None, names.split(",")):
            if name in gateways:
                raise pytest.UsageError(f"{name} has two gateways")
            gateways[name] = place
    return gateways


def visit(config, place, targets, roles, **options):
    """A survey made by a gateway.

    :param targets: name -> Target; files that they name are the gateway's.
    """
    import execnet

    spec = _spec(config, place)
    request = {
        "targets": [_fields(target) for target in targets.values()],
        "roles": {name: role.value for name, role in roles.items()},
        **options,
    }
    group = execnet.Group()
    try:
        gateway = group.makegateway(spec)
        channel = gateway.remote_exec(visiting)
        channel.send(json.dumps(request))
        return survey_file.loads(channel.receive(), f"gateway {place}")
    except (execnet.HostNotFound, EOFError, execnet.RemoteError) as error:
        raise pytest.UsageError(
            f"gateway {place} could not visit its nodes: {error}"
        ) from error
    finally:
        group.terminate(timeout=2.0)


def _spec(config, place):
    specs = config.getoption("tx", []) or []
    for spec in specs:
        # 'ssh=bastion//id=b1', perhaps with '2*' before it.
        if f"id={place}" in spec.split("//"):
            return spec.partition("*")[2] or spec
    raise pytest.UsageError(
        f"--gateway names '{place}', but no --tx has id={place}: {specs}"
    )


def _fields(target):
    return {
        field.name: getattr(target, field.name)
        for field in dataclasses.fields(target)
        if field.init
    }
