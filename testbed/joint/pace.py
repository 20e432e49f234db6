"""How often the parts of a cloud report, and how long they are waited for."""

from dataclasses import dataclass

from testbed.cloud import config
from testbed.nodes.content import NSPAWN, VM


@dataclass(frozen=True)
class Pace:
    """In seconds."""

    report_interval: int
    update_interval: int  #: of what a host has left
    down_time: int  #: without a report, until a service is taken for down
    answer: int  #: until a call to another service is given up


#: by the kind of the nodes; emulated ones take many times as long
PACES = {
    NSPAWN: Pace(config.REPORT_INTERVAL, 10, config.DOWN_TIME, 60),
    VM: Pace(10, 60, 120, 300),
}
