import pytest

from osc_migrate.nodes.volumes.facts import Readable
from osc_migrate.tests.unit.nodes.proof import (
    FAIL,
    PASS,
    SKIP,
    WARN,
    Case,
    findings,
    prove,
)
from osc_migrate.tests.unit.nodes.shapes import config, node, system, volumes

PATH = "multipath-runs-where-nova-uses-it"
ISCSID = "iscsid-runs-where-it-is-used"
IQN = "iscsi-initiators-are-unique"
NQN = "nvme-hosts-are-unique"
SECRET = "destination-has-ceph-secret"
FILES = "ceph-files-are-readable"
MULTI = {"libvirt__volume_use_multipath": "true"}
STRICT = MULTI | {"libvirt__volume_enforce_multipath": "true"}
CEPH = {
    "libvirt__rbd_user": "cinder",
    "libvirt__rbd_secret_uuid": volumes.UUID.upper(),
}
RBD = CEPH | {"libvirt__images_type": "rbd"}
RED_HAT = {"os_id": "rhel", "os_like": ("fedora",)}


def pair(options=None, os=None, **changes):
    """HostB and HostC; the changes are of HostC's connectors."""
    return [
        node(
            name,
            config=config.healthy(name, **(options or {})),
            system=system.healthy(name, **(os or {})),
            volumes=volumes.healthy(
                name, **(changes if name == "HostC" else {})
            ),
        )
        for name in ("HostB", "HostC")
    ]


def files(**changes):
    return volumes.HEALTHY["ceph_files"] | changes


SAME = {"initiator": "iqn.1993-08.org.debian:01:hostb"}
NVME = {"hostnqn": "nqn.2014-08.org.nvmexpress:uuid:hostb"}
CASES = [
    Case(PATH, pair(), SKIP),
    Case(PATH, pair(MULTI), PASS),
    Case(
        PATH,
        pair(MULTI, running=frozenset()),
        WARN,
        "by one path",
        "systemctl enable --now multipathd",
    ),
    Case(PATH, pair(STRICT, running=frozenset()), FAIL, "no volume"),
    Case(
        PATH,
        pair(MULTI, running=frozenset(), units=frozenset()),
        WARN,
        remedy="apt-get install multipath-tools",
    ),
    Case(
        PATH,
        pair(MULTI, RED_HAT, running=frozenset(), multipath_conf=False),
        WARN,
        remedy="mpathconf --enable",
    ),
    Case(ISCSID, pair(), SKIP),
    Case(ISCSID, pair(iscsi_sessions=2), PASS, "2 sessions", subject="HostC"),
    Case(
        ISCSID,
        pair(iscsi_sessions=2, running=frozenset()),
        FAIL,
        remedy="systemctl enable --now iscsid",
    ),
    Case(IQN, pair(), PASS),
    Case(
        IQN,
        pair(**SAME),
        WARN,
        "HostB, HostC have one",
        "InitiatorName=iqn.1993-08.org.debian:01:hostb:hostc",
    ),
    Case(
        IQN,
        pair(**SAME, iscsi_sessions=1),
        FAIL,
        "are connected with it",
        "move all servers with volumes away from HostC",
    ),
    Case(NQN, pair(), PASS),
    Case(NQN, pair(**NVME), WARN, remedy="/etc/nvme/hostid"),
    Case(NQN, pair(**NVME, nvme_fabrics=1), FAIL),
    Case(SECRET, pair(), SKIP),
    Case(SECRET, pair(CEPH), PASS, volumes.UUID),
    Case(SECRET, pair(CEPH, with_value=None), PASS),
    Case(
        SECRET,
        pair(CEPH, secrets=frozenset()),
        FAIL,
        f"no secret {volumes.UUID}",
        "virsh secret-define",
    ),
    Case(SECRET, pair(CEPH, with_value=frozenset()), FAIL, "no value for"),
    Case(FILES, pair(CEPH), SKIP),
    Case(FILES, pair(RBD), PASS),
    Case(
        FILES,
        pair(RBD, ceph_files={}),
        FAIL,
        "there is no /etc/ceph/ceph.conf",
        "copy",
    ),
    Case(
        FILES,
        pair(
            RBD,
            ceph_files=files(
                **{volumes.KEYRING: Readable("ceph", "ceph", "640")}
            ),
        ),
        FAIL,
        "(ceph:ceph, mode 640)",
        f"chgrp nova {volumes.KEYRING}",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check(case):
    prove(case)


def test_nodes_without_connectors():
    bare = [
        node(name, volumes=volumes.healthy(name, initiator="", hostnqn=""))
        for name in ("HostB", "HostC")
    ]
    found = {f.check: f.status for f in findings(bare)}
    assert found[IQN] is found[NQN] is SKIP


@pytest.mark.parametrize(
    "owner, group, mode, readable",
    [
        ("root", "root", "644", True),
        ("root", "root", "640", False),
        ("root", "nova", "640", True),
        ("nova", "root", "400", True),
        # The owner's own bits count, whatever others may.
        ("nova", "nova", "044", False),
        ("root", "nova", "604", False),
        ("root", "root", "1644", True),
        ("root", "root", "0", False),
    ],
)
def test_who_may_read(owner, group, mode, readable):
    assert Readable(owner, group, mode).by("nova", "nova") is readable
