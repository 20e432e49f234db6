"""A small OpenStack cloud on one machine, for tests and demonstrations.

Real Nova, Keystone, Glance and Placement on SQLite and loopback ports, with
computes that have no hypervisor and a network endpoint that is a stub, or
real Neutron without agents if that is asked for.  No root, no Debian
packages, no compiler; see ``python -m testbed.cloud --help`` and
:class:`~testbed.cloud.cloud.Cloud`.
"""

from testbed.cloud.cloud import Cloud
from testbed.cloud.errors import CloudError

__all__ = ["Cloud", "CloudError"]
