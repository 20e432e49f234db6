"""Faults in the middle of a live migration, while the guest is copied.

What has died is started again some seconds later, as systemd or a person
would do it; then the copy is let run at full speed.
"""

import signal
import time
from collections.abc import Iterable

from functional_tests.joint import Joint
from functional_tests.joint.computes import UNIT
from functional_tests.joint_faults.fault import (
    Action,
    RealFault,
    on_destination,
    on_source,
)

# Seconds for which it is gone: nova-compute writes counters every five.
_GAP = 7
_NOTHING = ""  # No check can find what has not happened.


def _gone(name: str, how: signal.Signals) -> Action:
    def inject(joint: Joint, source: str, destination: str) -> None:
        joint.control.end(name, how)
        time.sleep(_GAP)

    return inject


def _back(name: str) -> Action:
    return lambda joint, source, destination: joint.control.again(name)


_KILLED = f"systemctl kill --signal=KILL {UNIT}; sleep {_GAP}"
_STARTED = f"systemctl start {UNIT}"


def _during(
    key: str, what: str, inject: Action, mend: Action, **more
) -> RealFault:
    return RealFault(key, what, inject, mend, _NOTHING, during=True, **more)


FAULTS: Iterable[RealFault] = (
    _during(
        "source-compute-killed",
        "nova-compute on the source dies",
        on_source(_KILLED),
        on_source(_STARTED),
        # libvirt goes on without it.
        cause="guest-moved-without-nova",
        moves=True,
    ),
    _during(
        "destination-compute-killed",
        "nova-compute on the destination dies",
        on_destination(_KILLED),
        on_destination(_STARTED),
        code=0,
        moves=True,
    ),
    _during(
        "destination-libvirtd-killed",
        "libvirtd on the destination dies",
        on_destination("systemctl kill --signal=KILL libvirtd; sleep 1"),
        on_destination("systemctl start libvirtd"),
        cause="migration-cut-off",
    ),
    _during(
        "rabbitmq-restarted",
        "RabbitMQ is restarted",
        _gone("rabbit", signal.SIGTERM),
        _back("rabbit"),
        code=0,
        moves=True,
    ),
    _during(
        "mariadb-restarted",
        "MariaDB is restarted",
        _gone("mariadb", signal.SIGTERM),
        _back("mariadb"),
    ),
    _during(
        "api-killed",
        "nova-api dies",
        _gone("nova-api", signal.SIGKILL),
        _back("nova-api"),
        code=0,
        moves=True,
    ),
    _during(
        "conductor-killed",
        "nova-conductor dies",
        _gone("nova-conductor", signal.SIGKILL),
        _back("nova-conductor"),
        code=0,
        moves=True,
    ),
)
