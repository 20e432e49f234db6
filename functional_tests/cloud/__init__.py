"""A small OpenStack cloud on one machine, for tests and demonstrations.

Real Nova, Keystone, Glance and Placement on SQLite and loopback ports, with
computes that have no hypervisor and a network endpoint that is a stub, or
real Neutron without agents if that is asked for.  No root, no Debian
packages, no compiler; see ``python -m functional_tests.cloud --help`` and
:class:`~functional_tests.cloud.cloud.Cloud`.
"""

from functional_tests.cloud.cloud import Cloud
from functional_tests.cloud.errors import CloudError

__all__ = ["Cloud", "CloudError"]
