from osc_migrate.nodes.reach.facts import CommandResult, Outcome, Port, Reach
from osc_migrate.tests.unit.nodes.shapes.config import ADDRESSES


def healthy(name, peer, **changes):
    """:param changes: 'libvirt', 'low' and 'high' may be outcomes."""
    to = ADDRESSES[peer]
    low = changes.pop("low", Outcome.OPEN)
    high = changes.pop("high", Outcome.OPEN)
    facts = {
        "connect": to,
        "uri": f"qemu+tcp://{to}/system",
        "copy": to,
        "names": {peer: (to,), to: (to,)},
        "libvirt": Outcome.OPEN,
        "virsh": CommandResult(0, peer),
        "data": (Port(to, 49152, low), Port(to, 49261, high)),
        "listened": True,
        "data_range": (49152, 49261),
        "nova_ssh": CommandResult(0, ""),
        "packet": (1472, True),
    } | changes
    if isinstance(facts["libvirt"], Outcome):
        facts["libvirt"] = Port(to, 16509, facts["libvirt"])
    return Reach(**facts)
