"""Faults of osc_migrate/nodes/volumes"""

from functional_tests.node_faults.fault import NodeFault
from functional_tests.node_faults.scripts import (
    RESTORE,
    both,
    no_stand_in,
    on,
    options,
    stand_in,
)

_UUID = "457eb676-33da-42ec-9a8c-9293d545c337"
_DEFINE = (
    f"echo \"<secret ephemeral='no' private='no'><uuid>{_UUID}</uuid>"
    "<usage type='ceph'><name>client.cinder secret</name></usage></secret>\""
    " | virsh secret-define /dev/stdin\n"
)
_VALUE = f"virsh secret-set-value {_UUID} --base64 bm90IGEga2V5Cg==\n"
_CEPH = options("libvirt", rbd_user="cinder", rbd_secret_uuid=_UUID)
_NO_CEPH = f"virsh secret-undefine {_UUID} || :; rm -rf /etc/ceph; {RESTORE}"
_FILES = """\
mkdir -p /etc/ceph; echo '[global]' >/etc/ceph/ceph.conf
cd /etc/ceph; echo '[client.cinder]' >ceph.client.cinder.keyring
chown root:nova *.keyring; chmod 640 *.keyring
"""
_RBD = (
    _CEPH + _DEFINE + _VALUE + _FILES + options("libvirt", images_type="rbd")
)
_MULTIPATH = stand_in("multipathd") + options(
    "libvirt", volume_use_multipath="true"
)
_STRICT = _MULTIPATH + options("libvirt", volume_enforce_multipath="true")
_NO_MULTIPATH = no_stand_in("multipathd") + RESTORE
_STOP = "systemctl -q disable --now multipathd\n"
_IQN = "InitiatorName=iqn.1993-08.org.debian:01:cloned"
_NVME = "mkdir -p /etc/nvme; echo nqn.2014-08.org.nvmexpress:uuid:cloned"

FAULTS: tuple[NodeFault, ...] = (
    NodeFault(
        "iscsi-initiators-are-unique",
        "volume",
        "nodes were cloned, and have one name towards iSCSI targets",
        both(f"echo {_IQN} >/etc/iscsi/initiatorname.iscsi"),
        status="WARN",
    ),
    NodeFault(
        "nvme-hosts-are-unique",
        "volume",
        "nodes were cloned, and have one name towards NVMe targets",
        both(f"{_NVME} >/etc/nvme/hostnqn"),
        status="WARN",
        undo=both("rm -r /etc/nvme"),
    ),
    NodeFault(
        "multipath-runs-where-nova-uses-it",
        "volume",
        "multipathd (a stand-in) was stopped",
        on(HostB=_MULTIPATH, HostC=_MULTIPATH + _STOP),
        status="WARN",
        undo=both(_NO_MULTIPATH),
        name="multipathd-stopped",
    ),
    NodeFault(
        "multipath-runs-where-nova-uses-it",
        "volume",
        "multipathd (a stand-in) was stopped, and Nova insists on it",
        on(HostB=_STRICT, HostC=_STRICT + _STOP),
        undo=both(_NO_MULTIPATH),
        name="multipathd-enforced",
    ),
    NodeFault(
        "destination-has-ceph-secret",
        "volume",
        "libvirt does not have the secret of Ceph",
        on(HostB=_CEPH + _DEFINE + _VALUE, HostC=_CEPH),
        by_hand=_DEFINE + _VALUE,
        undo=both(_NO_CEPH),
        name="ceph-secret-missing",
    ),
    NodeFault(
        "destination-has-ceph-secret",
        "volume",
        "the secret of Ceph has no value",
        on(HostB=_CEPH + _DEFINE + _VALUE, HostC=_CEPH + _DEFINE),
        by_hand=_VALUE,
        undo=both(_NO_CEPH),
        name="ceph-secret-empty",
    ),
    NodeFault(
        "ceph-files-are-readable",
        "permission",
        "nova may not read its key of Ceph",
        on(HostB=_RBD, HostC=_RBD + "chmod 600 /etc/ceph/*.keyring"),
        undo=both(_NO_CEPH),
        name="ceph-key-unreadable",
    ),
    NodeFault(
        "ceph-files-are-readable",
        "volume",
        "there is no ceph.conf",
        on(HostB=_RBD, HostC=_RBD + "rm /etc/ceph/ceph.conf"),
        by_hand=_FILES,
        undo=both(_NO_CEPH),
        name="ceph-conf-missing",
    ),
)
