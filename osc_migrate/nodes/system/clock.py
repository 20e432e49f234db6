"""Checks of the nodes' clocks.

A wrong clock makes certificates and tokens invalid, and a guest's time jumps
when it arrives (its RTC follows the host).
"""

import statistics

from osc_migrate.checks.check import Concern, Problem, Skip
from osc_migrate.checks.findings import Fix
from osc_migrate.facts import Unread, or_none
from osc_migrate.nodes.node import ClusterFacts, NodeFacts
from osc_migrate.nodes.node_check import of_cluster, of_node
from osc_migrate.nodes.system.facts import ClockOffset
from osc_migrate.text import command, listed

# Tolerated difference in seconds, besides the margin of error.
_TOLERANCE = 1.0
_HARMS = 60.0
# Seconds until a time service must have synchronized after its start.
_START = 900.0


@of_node()
def clock_is_synchronised(node: NodeFacts) -> str:
    """Something sets the node's clock."""
    time = node.system.time
    if time.container:
        raise Skip("a container shares the clock of its machine")
    if time.running:
        if time.synchronised is None:
            raise Unread(
                f"{time.running} runs, but neither chronyc nor timedatectl"
                " reports whether the clock is synchronised"
            )
        if not time.synchronised and node.system.uptime > _START:
            raise Concern(
                f"{time.running} runs, but the clock is not synchronised",
                f"on {node.name}: check that its servers answer:"
                " chronyc -n sources, or timedatectl timesync-status",
            )
        return f"{time.running} runs"
    # Takes precedence over the kernel, which reports a synchronized clock for
    # hours after the service has stopped.
    if time.unit:
        raise Concern(
            f"{time.unit} is installed but not running: nothing sets the"
            " clock",
            "",
            Fix(
                node.name,
                (command("systemctl", "enable", "--now", time.unit),),
            ),
        )
    if time.synchronised:
        return "the kernel reports that it is synchronised"
    install = "dnf install" if node.system.red_hat else "apt-get install"
    raise Concern(
        "no time service is installed: nothing sets the clock",
        f"on {node.name}: {install} chrony; check that it names your time"
        " servers",
    )


def _clock(node: NodeFacts) -> ClockOffset:
    try:
        return node.system.clock
    except Unread as unread:
        raise Unread(f"{node.name}: {unread.reason}") from None


@of_cluster()
def clocks_agree(cluster: ClusterFacts) -> str:
    """All nodes have the same time."""
    clocks = {node.name: _clock(node) for node in cluster.nodes}
    offsets = [clock.offset for clock in clocks.values()]
    # With two clocks, either may be right: use the one closer to ours.
    middle = (
        statistics.median_low(offsets)
        if len(offsets) > 2
        else min(offsets, key=abs)
    )
    off = {
        name: clock.offset - middle
        for name, clock in clocks.items()
        if abs(clock.offset - middle) > _TOLERANCE + 2 * clock.uncertainty
    }
    spread = max(abs(clock.offset - middle) for clock in clocks.values())
    if not off:
        return f"within {spread:.1f} s"
    ordered = sorted(off, key=lambda name: -abs(off[name]))
    deviations = listed([f"{name} by {off[name]:+.1f} s" for name in ordered])
    right = next(name for name in clocks if name not in off)
    verdict = Problem if abs(off[ordered[0]]) > _HARMS else Concern
    fixes = []
    manual_steps = []
    for node in cluster.nodes:
        if node.name in off:
            fix = _step(node)
            fixes += [fix.resting_on()] if fix else []
            manual_steps += [] if fix else [_manual_fix(node, right)]
    remedy = "; ".join([*map(str, fixes), *manual_steps])
    raise verdict(f"differs from the others: {deviations}", remedy, *fixes)


def _step(node: NodeFacts) -> Fix | None:
    """Return a fix for chronyd, which would correct the clock slowly."""
    time = or_none(lambda: node.system.time)
    if time is None or time.container:
        return None
    lines = [f"{command('chronyc', 'waitsync', 6, 0, 0, 5)} || :"]
    lines.append(command("chronyc", "makestep"))
    if time.running == "chronyd":
        return Fix(node.name, tuple(lines))
    if not time.running and time.unit.startswith("chrony"):
        start = command("systemctl", "enable", "--now", time.unit)
        return Fix(node.name, (start, *lines))
    return None


def _manual_fix(node: NodeFacts, right: str) -> str:
    return (
        f'on {node.name}: date -u -s "$(ssh {right} date -u'
        ' +%Y-%m-%dT%H:%M:%S)", and see clock-is-synchronised'
    )
