"""Three machines with systemd, sshd, libvirt and QEMU, on this machine.

HostA is controller and file server, HostB and HostC are compute nodes.  They
are containers, or virtual machines where a kernel of their own is needed
(NFS).  Root only; see ``python -m functional_tests.nodes --help`` and
:class:`~functional_tests.nodes.lab.Lab`.
"""

from functional_tests.nodes.errors import LabError
from functional_tests.nodes.lab import Lab

__all__ = ["Lab", "LabError"]
