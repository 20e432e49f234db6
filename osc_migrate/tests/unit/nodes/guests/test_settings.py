"""What a running guest was given when it was started."""

import dataclasses

import pytest

from osc_migrate.checks.check import judge
from osc_migrate.checks.findings import Status
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread
from osc_migrate.nodes.guests.checks import GUEST
from osc_migrate.nodes.guests.facts import Disk
from osc_migrate.nodes.guests.guest_move import GuestMove
from osc_migrate.nodes.node import PairFacts
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.nodes.guests import test_reading as reading
from osc_migrate.tests.unit.nodes.guests.test_checks import node
from osc_migrate.tests.unit.nodes.shapes import guests

VOLUMES = "guest-has-the-volumes-that-nova-attached"
MTU = "guest-has-the-mtu-of-its-networks"
SHARES = "destination-takes-the-guests-cpu-shares"
SERVER = guests.SERVER
ONE = "55555555-5555-5555-5555-555555555551"
TWO = "55555555-5555-5555-5555-555555555552"
MAC = "fa:16:3e:00:00:01"
PORT = shapes.port().id
ROOT = Disk("file", "disk", guests.DISK, False)


def volume(serial, device="disk"):
    return Disk("network", device, f"volumes/volume-{serial}", False, serial)


def moving(domain=None, kind=Kind.LIVE, cgroup=2, move=None, **server):
    """A guest of HostB with changes of its domain.

    :param move: fields of its MoveFacts.
    """
    running = {SERVER: guests.domain(**domain or {})}
    server = {"id": SERVER, "image_id": "image"} | server
    return GuestMove(
        shapes.move(server=shapes.server(**server), **move or {}),
        PairFacts(
            node("HostB", running=running), node("HostC", cgroup=cgroup)
        ),
        kind,
    )


def uses(*disks, attached=()):
    return moving({"disks": (ROOT, *disks)}, volume_ids=attached)


def with_mtu(of_guest, **port):
    ports = (shapes.port(**({"mac": MAC, "mtu": 1450} | port)),)
    mtus = {MAC: of_guest} if of_guest else {}
    return moving({"mtus": mtus}, move={"ports": ports})


def shares(number, asked_for=None, nova=(2, 90), **how):
    specs = {"quota__cpu_shares": asked_for} if asked_for else {}
    return moving(
        {"cpu_shares": number},
        move={"nova": nova},
        flavor=shapes.flavor(**specs),
        **how,
    )


@dataclasses.dataclass
class Case:
    check: str
    facts: GuestMove
    status: str
    words: str = ""
    remedy: str = ""

    def __str__(self):
        return f"{self.check}-{self.status}"


REBOOT = "openstack server reboot --hard vm1"
CASES = [
    Case(VOLUMES, uses(), "PASS", "0 of them"),
    Case(VOLUMES, uses(volume(ONE), attached=(ONE,)), "PASS", "1 of them"),
    Case(
        VOLUMES,
        uses(volume(TWO), attached=(ONE,)),
        "FAIL",
        f"the guest uses volume {TWO}, not attached to it by Nova;"
        f" Nova has attached volume {ONE}, which the guest does not use",
        REBOOT,
    ),
    Case(
        VOLUMES,
        uses(volume(ONE), volume(TWO), attached=(ONE,)),
        "FAIL",
        f"the guest uses volume {TWO}",
    ),
    Case(VOLUMES, uses(attached=(ONE,)), "FAIL", "does not use"),
    Case(VOLUMES, uses(volume("", "lun"), attached=(ONE,)), "PASS"),
    # A serial that an image or an operator chose names no volume.
    Case(VOLUMES, uses(volume("root-disk")), "PASS"),
    Case(VOLUMES, moving({"disks": Unread("no XML")}), "UNKNOWN", "no XML"),
    Case(MTU, with_mtu(1450), "PASS", "1450"),
    Case(
        MTU,
        with_mtu(1450, mtu=1500),
        "FAIL",
        f"port {PORT} has MTU 1450 in the guest, and its network has 1500",
        f"{REBOOT} gives the guest the network's MTU; or set the old one:"
        " openstack network set --mtu 1450",
    ),
    # Nova defines none where the guest has none.
    Case(MTU, with_mtu(0), "SKIP", "no MTU"),
    Case(MTU, with_mtu(1450, mtu=None), "SKIP", "no MTU"),
    Case(MTU, with_mtu(1450, mtu=Unread("403")), "SKIP", "no MTU"),
    Case(MTU, with_mtu(1450, mac="fa:16:3e:00:00:02"), "SKIP"),
    Case(
        MTU,
        moving(move={"ports": Unread("no Neutron")}),
        "SKIP",
        "its ports are not known",
    ),
    Case(SHARES, shares(0), "PASS", "none set"),
    Case(SHARES, shares(10000), "PASS", "10000 set"),
    Case(
        SHARES,
        shares(16384),
        "WARN",
        "16384 CPU shares, and cgroup v2 on HostC allows 10000",
        "openstack server migrate vm1",
    ),
    Case(SHARES, shares(16384, cgroup=1), "PASS", "cgroup v1"),
    Case(SHARES, shares(16384, nova=(2, 93)), "PASS", "Nova removes"),
    Case(
        SHARES,
        shares(16384, cgroup=Unread("no answer")),
        "UNKNOWN",
        "no answer",
    ),
    Case(
        SHARES,
        shares(16384, "16384", nova=(2, 100)),
        "FAIL",
        "the flavor asks for 16384",
        "quota:cpu_shares up to 10000",
    ),
    Case(SHARES, shares(0, "16384", kind=Kind.COLD), "FAIL", "the flavor"),
    Case(SHARES, shares(16384, kind=Kind.COLD), "PASS", "none"),
    Case(SHARES, shares(0, "many"), "PASS"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_settings(case):
    found = {f.check: f for f in judge(GUEST, case.facts, case.facts.kind)}
    finding = found.pop(case.check)
    assert (finding.status.name, finding.detail) == (
        case.status,
        finding.detail,
    )
    assert case.words in finding.detail
    assert case.remedy in finding.remedy
    others = {
        check: f
        for check, f in found.items()
        if f.status in (Status.FAIL, Status.WARN)
    }
    assert others == {}


@pytest.mark.parametrize("check", [VOLUMES, MTU, SHARES])
def test_a_guest_that_the_source_does_not_run(check):
    facts = moving()
    source = node("HostB", running={})
    pair = PairFacts(source, facts.destination)
    facts = dataclasses.replace(facts, pair=pair)
    found = {f.check: f for f in judge(GUEST, facts, facts.kind)}
    assert found[check].status is Status.SKIP


XML = f"""\
<domain type='kvm'><os><type arch='x86_64' machine='pc'>hvm</type></os>
<cputune><shares>16384</shares></cputune>
<devices>
<disk type='network' device='disk'><source name='volumes/x'/>
  <serial>{ONE}</serial></disk>
<disk type='file' device='cdrom'/>
<interface type='bridge'><mac address='FA:16:3E:00:00:01'/>
  <mtu size='1450'/></interface>
<interface type='bridge'><mac address='fa:16:3e:00:00:02'/></interface>
</devices></domain>
"""


def read(xml=XML, cgroup="2\n"):
    text = f"#guest {reading.ONE} 17\n{xml}"
    answers = reading.said(all="", each=text, cgroup=cgroup)
    found = reading.guests.read(answers)
    return found, found.running[reading.ONE]


def test_the_xml_of_a_guest():
    found, domain = read()
    assert [disk.serial for disk in domain.disks] == [ONE, ""]
    assert domain.mtus == {MAC: 1450}
    assert domain.cpu_shares == 16384
    assert found.cgroup == 2
    assert read(cgroup="1\n")[0].cgroup == 1


def test_xml_that_makes_no_sense():
    _, domain = read(XML.replace("16384", "x").replace("1450", "big"))
    with pytest.raises(Unread, match="shares"):
        _ = domain.cpu_shares
    with pytest.raises(Unread, match="MTU"):
        _ = domain.mtus
    with pytest.raises(Unread, match="not known"):
        _ = read(cgroup="")[0].cgroup
