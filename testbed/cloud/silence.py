"""Hosts that fall silent: as if cut off from the management network.

All hosts live in one process, so one of them cannot simply be killed.  A
silent host sends no heartbeat, so Nova holds it for down after
service_down_time; and it takes no message from the queue until it wakes, as
a host behind a broken network would find its messages waiting.  What it was
doing goes on: its guests do not know of the network.
"""

import time

from testbed.cloud import host_identity
from testbed.cloud.control import Control

_NAP = 0.25


def install(control: Control) -> None:
    """Patch the heartbeat and the RPC dispatcher; before services start."""
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
        # The computes share nothing but this class, so the host must be
        # found through the manager that the message is for.
        host = _compute_host(self.endpoints)
        while host and control.silent(host):
            time.sleep(_NAP)
        with host_identity.working_for(host):
            return dispatch(self, incoming)

    db.DbDriver._report_state = _report_state
    dispatcher.RPCDispatcher.dispatch = _dispatch
    # Nova's own compute, conductor and scheduler keep this version in memory
    # (nova/cmd/compute.py); nova-api, which must see a change, does not. They
    # share this process, and each heartbeat would ask the database.
    objects.Service._check_minimum_version = lambda service: None
    # The first heartbeat comes 5 s after the start otherwise, and services
    # of a cloud that is started again look dead until then.
    servicegroup.INITIAL_REPORTING_DELAY = 1


def _compute_host(endpoints) -> str | None:
    from nova.compute.manager import ComputeManager

    for endpoint in endpoints:
        manager = getattr(endpoint, "_endpoint", endpoint)
        if isinstance(manager, ComputeManager):
            return manager.host
    return None
