"""A real cloud on real nodes, in which commands move real guests.

Keystone, Placement, Glance, nova-api, nova-conductor and nova-scheduler as
processes of this machine, on loopback; nova-compute with the libvirt driver
on HostB and HostC of the node lab.  Root only; see ``python -m
testbed.joint --help`` and :class:`~testbed.joint.joint.
Joint`.
"""

from testbed.joint.joint import Joint

__all__ = ["Joint"]
