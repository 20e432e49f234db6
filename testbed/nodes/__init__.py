"""Three nodes with systemd, sshd, libvirt and QEMU, on this machine.

HostA is controller and file server, HostB and HostC are compute nodes.  They
are containers, or virtual machines if they need a separate kernel (NFS).
Root only; see ``python -m testbed.nodes --help`` and
:class:`~testbed.nodes.lab.Lab`.
"""

from testbed.nodes.errors import LabError
from testbed.nodes.lab import Lab

__all__ = ["Lab", "LabError"]
