"""Report intervals and timeouts of the parts of a cloud."""

from dataclasses import dataclass

from testbed.cloud import config
from testbed.nodes.content import NSPAWN, VM


@dataclass(frozen=True)
class Pace:
    """Intervals and timeouts, in seconds."""

    report_interval: int
    update_interval: int  #: of what a host has left
    down_time: int  #: without a report, until a service is taken for down
    answer: int  #: until a call to another service is given up


#: by kind of node; emulated machines take many times longer
PACES = {
    NSPAWN: Pace(config.REPORT_INTERVAL, 10, config.DOWN_TIME, 60),
    VM: Pace(10, 60, 120, 300),
}
