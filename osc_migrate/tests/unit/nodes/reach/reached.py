"""HostB on its way to HostC, and what becomes of that."""

import dataclasses

from osc_migrate.nodes.reach.facts import CommandResult, ConnectOutcome
from osc_migrate.tests.unit.nodes.proof import (
    FAIL,
    PASS,
    WARN,
    findings,
    prove,
)
from osc_migrate.tests.unit.nodes.shapes import (
    accounts,
    config,
    libvirt,
    network,
    nodes,
    reach,
)
from osc_migrate.tests.unit.nodes.shapes import node as healthy

WAY = "HostB -> HostC"
REFUSED = ConnectOutcome.REFUSED
SILENT, UNREACHABLE = ConnectOutcome.SILENT, ConnectOutcome.UNREACHABLE
DENIED = "nova@10.77.0.13: Permission denied (publickey)."


def both(
    near=(), far=(), options=(), deaf=None, user=accounts.NOVA, **changes
):
    """HostB, whose reach of HostC is changed; both ends' networks.

    :param options: of nova.conf of HostC.
    :param user: that nova-compute of HostB runs as.
    """
    source = healthy(
        "HostB",
        accounts=accounts.healthy("HostB", nova=user),
        network=network.healthy("HostB", **dict(near)),
        reach={"HostC": reach.healthy("HostB", "HostC", **changes)},
    )
    parts = {"libvirt": libvirt.healthy("HostC", listeners=deaf)}
    destination = healthy(
        "HostC",
        network=network.healthy("HostC", **dict(far)),
        config=config.healthy("HostC", **dict(options)),
        **(parts if deaf is not None else {}),
    )
    return nodes(HostB=source, HostC=destination)


def cut(**changes):
    said = "ssh: connect to host 10.77.0.13 port 22: Connection timed out"
    nothing = {
        "libvirt": SILENT,
        "low": SILENT,
        "high": SILENT,
        "virsh": None,
        "nova_ssh": CommandResult(255, said),
        "packet": None,
    }
    return both(**(nothing | changes))


def refused(said, near=(), far=(), status=255):
    return both(
        {"ssh": network.ssh("HostB", **dict(near))},
        {"ssh": network.ssh("HostC", **dict(far))},
        nova_ssh=CommandResult(status, said),
    )


def prove_way(case):
    """Of the one pair whose way is changed."""
    case = dataclasses.replace(case, subject=WAY)
    if case.status in (PASS, FAIL, WARN):
        prove(case)
        return
    found = [
        f
        for f in findings(case.nodes)
        if f.check == case.check and f.subject == WAY
    ]
    assert found[0].status is case.status
    assert case.detail in found[0].detail
