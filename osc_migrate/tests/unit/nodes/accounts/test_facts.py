"""What nodes say of their users and groups, as recorded."""

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.accounts import facts as accounts
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.config.facts import Config

DEBIAN = """\
#running
#qemu
libvirt-qemu
#conf
read
#passwd
root:0:0:/root:/bin/bash
libvirt-qemu:64055:103:/var/lib/libvirt:/usr/sbin/nologin
nova:64060:64060:/var/lib/nova:/bin/bash
nova:64060:64060:/var/lib/nova:/bin/bash
#group
root:0:
kvm:103:
libvirt:108:nova
libvirt-qemu:64055:libvirt-qemu,nova
nova:64060:
#socket
libvirt
#units
LoadState=loaded
ActiveState=active
Id=nova-compute.service

LoadState=not-found
ActiveState=inactive
Id=openstack-nova-compute.service

Id=libvirtd.service
LoadState=loaded
ActiveState=active

Id=virtqemud.service
LoadState=not-found
ActiveState=inactive
#end
"""
# Modular daemons, a user of QEMU's that qemu.conf sets, nova from LDAP.
RED_HAT = """\
#running
Uid:\t162\t162\t162\t162
Gid:\t162\t162\t162\t162
#qemu
qemu
user = "qemu"
group = "hugetlbfs"   # as OVS has it
#conf
read
#passwd
root:0:0:/root:/bin/bash
qemu:107:107:/:/sbin/nologin
nova:162:162:/var/lib/nova:/sbin/nologin
#group
root:0:
qemu:107:nova
kvm:36:qemu
hugetlbfs:985:qemu
nova:162:
#socket
root
root
#units
Id=nova-compute.service
LoadState=not-found
ActiveState=inactive

Id=openstack-nova-compute.service
LoadState=loaded
ActiveState=active

Id=libvirtd.service
LoadState=masked
ActiveState=inactive

Id=virtqemud.service
LoadState=loaded
ActiveState=active
#end
"""
# nova-compute in a container: its user is known in there only.
KOLLA = """\
#running
Uid:\t42436\t42436\t42436\t42436
Gid:\t42436\t42436\t42436\t42436
#qemu

#conf
read
#passwd
root:0:0:/root:/bin/bash
+::::
#group
root:0:
#socket
#units
#end
"""


def read(names, **more):
    answers = {"accounts.names": Answer(0, names)} | more
    return accounts.read(CommandOutput(answers, "accounts"))


def libvirt(status, out):
    return {"accounts.libvirt": Answer(status, out)}


def test_debian():
    found = read(DEBIAN, **libvirt(0, "qemu:///system\n"))
    nova, qemu = found.nova, found.qemu
    assert (nova.uid, nova.gid, nova.group) == (64060, 64060, "nova")
    assert (nova.home, nova.shell) == ("/var/lib/nova", "/bin/bash")
    assert nova.groups == {"nova", "libvirt", "libvirt-qemu"}
    # Not its primary group, kvm, whose number each node makes up.
    assert (qemu.uid, qemu.gid, qemu.group) == (64055, 64055, "libvirt-qemu")
    assert found.libvirt_says == ""
    assert (found.nova_unit, found.libvirt_unit) == (
        "nova-compute",
        "libvirtd",
    )
    assert not found.qemu_is_set
    assert found.users[64060] == "nova"
    assert found.groups[108] == "libvirt"


def test_red_hat():
    found = read(RED_HAT, **libvirt(0, "#none\n"))
    assert (found.qemu.uid, found.qemu.gid) == (107, 985)
    assert found.nova.uid == 162
    assert found.libvirt_says is None
    assert found.qemu_is_set
    assert found.libvirt_unit == "virtqemud"
    assert found.nova_unit == "openstack-nova-compute"


def test_a_container_of_its_own():
    found = read(KOLLA)
    assert (found.nova.uid, found.nova.home) == (42436, "")
    assert found.qemu is None
    assert found.qemu_name == "libvirt-qemu"


def test_devstack_runs_nova_as_somebody_else():
    said = DEBIAN.replace("#running\n", "#running\nUid:\t1000\t1000\t1000\n")
    said = said.replace(
        "#group", "stack:1000:1000:/opt/stack:/bin/bash\n#group"
    )
    assert read(said).nova.name == "stack"


def test_root_is_not_taken_for_novas_user():
    said = DEBIAN.replace("#running\n", "#running\nUid:\t0\t0\t0\t0\n")
    assert read(said).nova.uid == 64060


def test_no_nova():
    said = "\n".join(
        line for line in DEBIAN.splitlines() if not line.startswith("nova:")
    )
    assert read(said).nova is None


@pytest.mark.parametrize(
    ("lines", "uid", "gid"),
    [
        ('64055\nuser = "+64055"', 64055, 64055),
        ("libvirt-qemu\ngroup = 77", 64055, 77),
        ("libvirt-qemu\nuser = 'x'\ngroup=\"kvm\"", 64055, 103),
    ],
)
def test_what_qemu_conf_says(lines, uid, gid):
    qemu = read(DEBIAN.replace("#qemu\nlibvirt-qemu", f"#qemu\n{lines}")).qemu
    assert (qemu.uid, qemu.gid) == (uid, gid)


def test_a_group_that_is_not_there():
    said = DEBIAN.replace("#conf", 'group = "none"\n#conf')
    with pytest.raises(Unread, match="no group none"):
        read(said).qemu  # noqa: B018


def test_libvirt_refuses():
    out = "error: failed to connect\n\nerror: Permission denied\n"
    assert read(DEBIAN, **libvirt(1, out)).libvirt_says == (
        "error: Permission denied"
    )


def test_one_unread_fact_hides_no_other():
    found = read(DEBIAN, **{"accounts.libvirt": Unread("too long")})
    assert found.nova.uid == 64060
    with pytest.raises(Unread, match="too long"):
        found.libvirt_says  # noqa: B018


@pytest.mark.parametrize(
    "noise",
    [
        "",
        "\0\x1b[2J\ufffd" * 1000,
        "#passwd\n" + "nova:" * 5000,
        "#passwd\nnova:x:y:z:w\nnova:99999999999999999999999:1:a:b",
        "#running\nUid:\nGid: x\n   \n#qemu\n=\n#units\nLoadState=loaded",
        "#group\nnova:\u00b2:a\n" + "x" * 100_000,
    ],
)
def test_hostile_answers(noise):
    with pytest.raises(Unread, match="incomplete"):
        read(noise, **libvirt(255, noise))
    whole = f"{noise}\n#passwd\nroot:0:0:/root:/bin/sh\n#group\nroot:0:\n#end"
    found = read(whole, **libvirt(255, noise))
    for name in ("nova", "qemu", "users", "libvirt_says", "nova_unit"):
        try:
            getattr(found, name)
        except Unread as unread:
            assert len(unread.reason) < 500


@pytest.mark.parametrize("state", ["denied", "failed", ""])
def test_a_qemu_conf_that_was_not_read(state):
    found = read(DEBIAN.replace("#conf\nread", f"#conf\n{state}"))
    for name in ("qemu", "qemu_is_set"):
        with pytest.raises(Unread, match=r"qemu\.conf"):
            getattr(found, name)
    assert found.nova.uid == 64060


def test_no_getent_is_not_no_user():
    said = DEBIAN.replace("nova:64060:64060", "other:64060:64060")
    assert read(said).nova is None
    found = read(said.replace("#group", "#no getent\n#group"))
    with pytest.raises(Unread, match="getent"):
        found.nova  # noqa: B018


@pytest.mark.parametrize("out", ["", "<html>", "root:x:0:0"])
def test_libvirt_answers_with_its_uri(out):
    found = read(DEBIAN, **libvirt(0, out))
    with pytest.raises(Unread, match="no connection URI"):
        found.libvirt_says  # noqa: B018


def test_no_users_at_all():
    with pytest.raises(Unread, match="users and groups"):
        read("#passwd\n#group\n#end\n")


def test_who_is_asked():
    config = Config((), {})
    asked = accounts.questions(config, "compute", read_only=False)
    assert set(asked) == {"names", "libvirt"}
    asked = accounts.questions(config, "storage", read_only=False)
    assert set(asked) == {"names"}
