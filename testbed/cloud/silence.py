"""Silent hosts: as if disconnected from the management network.

All hosts share one process, so a single one cannot be killed.  A silent host
sends no heartbeat, so that Nova reports it as down after service_down_time.
It reads no message from the queue until it wakes, like a host whose network
is down.  Its current work continues: guests do not depend on that network.
"""

import time

from testbed.cloud import host_identity
from testbed.cloud.control import Control

_NAP = 0.25


def install(control: Control) -> None:
    """Patch the heartbeat and the RPC dispatcher, before services start."""
    from nova import objects
    from nova.servicegroup import api as servicegroup
    from nova.servicegroup.drivers import db
    from oslo_messaging.rpc import dispatcher

    report_state = db.DbDriver._report_state
    dispatch = dispatcher.RPCDispatcher.dispatch

    def _report_state(self, service):
        if service.binary != "nova-compute" or not control.silent(
            service.host
        ):
            report_state(self, service)

    def _dispatch(self, incoming):
        # The computes share only this class, so the host is derived from the
        # manager that receives the message.
        host = _compute_host(self.endpoints)
        while host and control.silent(host):
            time.sleep(_NAP)
        with host_identity.working_for(host):
            return dispatch(self, incoming)

    db.DbDriver._report_state = _report_state
    dispatcher.RPCDispatcher.dispatch = _dispatch
    # Nova's compute, conductor and scheduler cache this version
    # (nova/cmd/compute.py); nova-api, which must notice a change, does not.
    # All share this process, so each heartbeat would query the database.
    objects.Service._check_minimum_version = lambda service: None
    # Otherwise the first heartbeat is sent 5 s after the start, and services
    # of a restarted cloud appear dead until then.
    servicegroup.INITIAL_REPORTING_DELAY = 1


def _compute_host(endpoints) -> str | None:
    from nova.compute.manager import ComputeManager

    for endpoint in endpoints:
        manager = getattr(endpoint, "_endpoint", endpoint)
        if isinstance(manager, ComputeManager):
            return manager.host
    return None
