"""Two nodes, and libvirt on one of them changed."""

from osc_migrate.nodes.libvirt.facts import SystemdUnit
from osc_migrate.tests.unit.nodes.shapes import config, node, nodes
from osc_migrate.tests.unit.nodes.shapes.libvirt import healthy, units

DEAD = SystemdUnit("loaded", "inactive", "enabled")
FAILED = SystemdUnit("loaded", "failed", "enabled")
MASKED = SystemdUnit("masked", "inactive", "masked")


def c(options=None, **changes):
    """Two nodes, HostC changed.

    :param options: of nova.conf, as node_shapes.config takes them; on both.
    """
    options = options or {}
    return nodes(
        HostB=node("HostB", config=config.healthy("HostB", **options)),
        HostC=node(
            "HostC",
            config=config.healthy("HostC", **options),
            libvirt=healthy("HostC", **changes),
        ),
    )


def stopped(**changes):
    facts = {
        "processes": frozenset(),
        "units": units(service=DEAD, main=DEAD, tcp=DEAD, tls=DEAD),
        "trouble": "no such socket",
        "listeners": (),
    }
    return c(**(facts | changes))
