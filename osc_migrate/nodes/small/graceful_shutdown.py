"""Whether systemd gives nova-compute enough time to finish its moves."""

import dataclasses
import math
import re

from osc_migrate.checks.check import Check, Concern, Skip
from osc_migrate.checks.findings import Fix, allowed
from osc_migrate.checks.script import UnitArgument
from osc_migrate.facts import Facts, Unread, fact
from osc_migrate.nodes.answers import Question
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.node_check import of_node
from osc_migrate.text import command

# Seconds that nova-compute needs after the last move.
_MARGIN = 30
# Defaults of graceful_shutdown_timeout: oslo.service's, and Nova's since
# 2026.1 (nova/conf/base.py). A node does not report its release.
_DEFAULTS = (60, 180)


@dataclasses.dataclass(frozen=True, repr=False)
class StopLimit(Facts):
    """systemd's settings for stopping nova-compute."""

    # TimeoutStopSec: seconds until SIGKILL; infinity if there is no limit.
    seconds: float


HEALTHY = {"unit": "LoadState=loaded\nTimeoutStopUSec=15min\n"}


def questions(
    config: Config, role: str, *, read_only: bool
) -> dict[str, Question]:
    if not config.unit:
        return {}
    show = "systemctl show -p LoadState -p TimeoutStopUSec -- %s"
    return {"unit": Question(show, (config.unit,))}


def read(output: CommandOutput) -> StopLimit:
    return StopLimit(seconds=fact(_seconds, output))


_UNITS = {
    **{"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0},
    **{"d": 86400.0, "w": 604800.0, "month": 2629800.0, "y": 31557600.0},
}
_SPAN = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)(us|ms|s|min|h|d|w|month|y)")


def _seconds(output: CommandOutput) -> float:
    """Parse a time span of 'systemctl show', such as '1min 30s'."""
    shown = output.pairs("unit")
    # For a unit that does not exist, systemd shows defaults.
    if shown.get("LoadState") != "loaded":
        raise Unread("systemd has not loaded the unit of nova-compute")
    text = shown.get("TimeoutStopUSec", "")
    if text == "infinity":
        return math.inf
    spans = [_SPAN.fullmatch(word) for word in text.split()]
    if not spans or None in spans:
        raise Unread(
            f"systemd reports TimeoutStopUSec={text[:40]}, not a time span"
        )
    return sum(float(span[1]) * _UNITS[span[2]] for span in spans if span)


@of_node()
def graceful_shutdown_fits_the_unit(node: NodeFacts) -> str:
    """systemd waits until nova-compute has ended the moves in flight.

    On SIGTERM nova-compute waits [DEFAULT] graceful_shutdown_timeout seconds
    for them; systemd kills it after TimeoutStopSec (systemd.service(5)), and
    nothing drives their migrations any more.
    """
    config = config_of(node)
    if not config.unit:
        raise Skip("no systemd unit of nova-compute is known")
    if config.contained:
        raise Skip("the container engine, not systemd, stops nova-compute")
    limit = node.small(StopLimit).seconds
    name = "graceful_shutdown_timeout"
    wait = config.number("DEFAULT", name, -1)
    if wait < 0:
        lowest, highest = _DEFAULTS
        if lowest <= limit < highest:
            raise Skip(
                f"{name} is not set; {config.unit} allows {limit:.0f} s, and"
                f" the default is {lowest} s, or {highest} s since Nova"
                " 2026.1"
            )
        wait = lowest if limit < lowest else highest
    # 0 means no limit (oslo.service).
    needed = wait or math.inf
    if limit >= needed:
        return (
            f"{name} is {_shown(needed)}, {config.unit} allows {_shown(limit)}"
        )
    raise Concern(
        f"{name} is {_shown(needed)}, but systemd kills {config.unit} after"
        f" {_shown(limit)} (TimeoutStopSec): a restart of nova-compute may"
        " leave migrations that no service drives",
        "",
        allowed(
            node.name,
            lambda: _longer_stop_timeout(node.name, config.unit, wait),
        ),
    )


def _shown(seconds: float) -> str:
    return "unlimited" if math.isinf(seconds) else f"{seconds:.0f} s"


def _longer_stop_timeout(node: str, unit: str, wait: int) -> Fix:
    """Return a drop-in, which takes effect without a restart of the unit."""
    place = f"/etc/systemd/system/{UnitArgument(unit)}.d"
    file = f"{place}/zz-migrate.conf"
    limit = wait + _MARGIN if wait else "infinity"
    return Fix(
        node,
        (
            command("mkdir", "-p", place),
            command("ini_set", file, "Service", "TimeoutStopSec", limit),
            "systemctl daemon-reload",
        ),
    )


NODE: tuple[Check, ...] = (graceful_shutdown_fits_the_unit,)
