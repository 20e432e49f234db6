from osc_migrate.nodes.volumes.facts import Readable, Volumes

UUID = "457eb676-33da-42ec-9a8c-9293d545c337"
CEPH_CONF = "/etc/ceph/ceph.conf"
KEYRING = "/etc/ceph/ceph.client.cinder.keyring"
HEALTHY = {
    "iscsi_sessions": 0,
    "running": frozenset({"iscsid", "multipathd"}),
    "units": frozenset({"iscsid", "multipathd"}),
    "multipath_conf": True,
    "nvme_fabrics": 0,
    "secrets": frozenset({UUID}),
    "with_value": frozenset({UUID}),
    "ceph_files": {
        CEPH_CONF: Readable("root", "root", "644"),
        KEYRING: Readable("root", "nova", "640"),
    },
}


def healthy(name, **changes):
    own = {
        "initiator": f"iqn.1993-08.org.debian:01:{name.lower()}",
        "hostnqn": f"nqn.2014-08.org.nvmexpress:uuid:{name.lower()}",
    }
    return Volumes(**(own | HEALTHY | changes))
