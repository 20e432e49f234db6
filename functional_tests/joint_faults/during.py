"""Faults in the middle of a live migration, while the guest is copied.

What has died is started again some seconds later, as systemd or a person
would do it; then the copy is let run at full speed.
"""

import functools
import signal
import time
from collections.abc import Iterable

from functional_tests.joint_faults.fault import (
    Action,
    RealFault,
    on_destination,
    on_source,
)
from functional_tests.joint_faults.play import FAST, wait_until
from testbed.joint import Joint
from testbed.joint.computes import UNIT

# Seconds for which it is gone: nova-compute writes counters every five.
_GAP = 7
# Nova's own 60, and what else it waits for before.
_TIMEOUT = 75
_NOTHING = ""  # No check can find what has not happened.


def _gone(name: str, how: signal.Signals) -> Action:
    def inject(joint: Joint, source: str, destination: str) -> None:
        joint.control.end(name, how)
        time.sleep(_GAP)

    return inject


def _back(name: str) -> Action:
    return lambda joint, source, destination: joint.control.again(name)


def _rabbit_back(joint: Joint, source: str, destination: str) -> None:
    """Nova's processes come back to it one by one, and may wait a minute for
    an answer that was lost: that is another fault."""
    joint.control.again("rabbit")
    since, connection = time.time(), joint.connect()
    for name in (source, destination):
        wait_until(functools.partial(joint.reported, connection, name, since))


def _conductor_stands(joint: Joint, source: str, destination: str) -> None:
    """The copy ends, and what Nova does then waits for longer than its
    rpc_response_timeout."""
    joint.control.send("nova-conductor", signal.SIGSTOP)
    for guest in joint.guests(source):
        joint.speed(guest, source, FAST)
    time.sleep(_TIMEOUT)


def _conductor_goes_on(joint: Joint, source: str, destination: str) -> None:
    joint.control.send("nova-conductor", signal.SIGCONT)


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
        # libvirt continues without it.
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
        _rabbit_back,
        code=0,
        otherwise=("finish-broken-off", "services-lost-touch"),
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
    _during(
        "conductor-hangs",
        "nova-conductor hangs for more than a minute",
        _conductor_stands,
        _conductor_goes_on,
        cause="finish-broken-off",
        moves=True,
    ),
)
