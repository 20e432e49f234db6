"""A real cloud on real nodes: an operator's command moves a real guest.

Keystone, Placement, Glance, nova-api, nova-conductor and nova-scheduler as
processes of this machine, on loopback; nova-compute with the libvirt driver
on HostB and HostC of the node lab.  Root only; see ``python -m
functional_tests.joint --help`` and :class:`~functional_tests.joint.joint.
Joint`.
"""

from functional_tests.joint.joint import Joint

__all__ = ["Joint"]
