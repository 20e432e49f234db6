from osc_migrate.nodes.reach.facts import (
    CommandResult,
    ConnectOutcome,
    Reach,
    TriedPort,
)
from osc_migrate.tests.unit.nodes.shapes.config import ADDRESSES


def healthy(name, peer, **changes):
    """:param changes: 'libvirt', 'low' and 'high' may be outcomes."""
    to = ADDRESSES[peer]
    low = changes.pop("low", ConnectOutcome.OPEN)
    high = changes.pop("high", ConnectOutcome.OPEN)
    facts = {
        "connect": to,
        "uri": f"qemu+tcp://{to}/system",
        "copy": to,
        "names": {peer: (to,), to: (to,)},
        "libvirt": ConnectOutcome.OPEN,
        "virsh": CommandResult(0, peer),
        "data": (TriedPort(to, 49152, low), TriedPort(to, 49261, high)),
        "listened": True,
        "data_range": (49152, 49261),
        "nova_ssh": CommandResult(0, ""),
        "packet": (1472, True),
    } | changes
    if isinstance(facts["libvirt"], ConnectOutcome):
        facts["libvirt"] = TriedPort(to, 16509, facts["libvirt"])
    return Reach(**facts)
