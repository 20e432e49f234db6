"""Which processes are trusted: in a tree like /proc, and of this machine."""

import os
import subprocess

import pytest

from osc_migrate.nodes import process_identity
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.libvirt import reading as libvirt
from osc_migrate.nodes.role import Role
from osc_migrate.tests.unit.nodes import shells

NODE = "user:[4026531837]"
FULL = "000001ffffffffff"
POD = "12-3d4f"
ID = "4f5d" * 16


class Proc:
    """A tree like /proc, in which root is the user that runs the tests."""

    def __init__(self, path, shell):
        self.path, self.shell = path, shell
        self.add(1, "systemd", cgroup="0::/init.scope", program="systemd")

    def add(
        self,
        pid,
        comm,
        cgroup,
        program=None,
        words=(),
        namespace=NODE,
        uids=None,
        mode=0o755,
        capabilities=FULL,
    ):
        own = self.path / str(pid)
        (own / "ns").mkdir(parents=True)
        (own / "root").mkdir()
        (own / "comm").write_text(f"{comm}\n")
        (own / "cgroup").write_text(f"{cgroup}\n")
        (own / "cmdline").write_text("".join(f"{w}\0" for w in words))
        uids = uids or (os.getuid(),) * 4
        (own / "status").write_text(
            f"Name:\t{comm}\nUid:\t{' '.join(map(str, uids))}\n"
            f"CapEff:\t{capabilities}\nCapBnd:\t{capabilities}\n"
        )
        if namespace:
            (own / "ns/user").symlink_to(namespace)
            file = self.path / "bin" / str(pid) / (program or comm)
            file.parent.mkdir(parents=True)
            file.touch()
            file.chmod(mode)
            (own / "exe").symlink_to(file)

    def ask(self, script):
        assert "root_id=0\n" in script
        script = script.replace("root_id=0\n", f"root_id={os.getuid()}\n")
        return shells.ask(
            self.shell, script.replace("/proc/", f"{self.path}/")
        )

    def libvirt(self):
        """(core, front, why not the core, why not the front)."""
        return tuple(
            self.ask(
                process_identity.FIND_LIBVIRT
                + 'printf "%s\\n" "$core" "$front" "$core_doubt" '
                '"$front_doubt"'
            ).out.split("\n")[:4]
        )

    def nova(self):
        """(PID, why not, unit)."""
        return tuple(
            self.ask(
                process_identity.FIND_NOVA
                + 'find_nova; printf "%s\\n" "$nova_pid" "$nova_doubt" '
                '"$nova_unit"'
            ).out.split("\n")[:3]
        )


@pytest.fixture(params=shells.SHELLS, ids=lambda argv: argv[0])
def proc(request, tmp_path):
    return Proc(tmp_path, request.param)


CONTAINERS = [
    f"0::/system.slice/docker-{ID}.scope",
    f"0::/docker/{ID}",
    f"1:name=systemd:/docker/{ID}\n0::/",
    f"4:memory:/docker/{ID}\n1:name=systemd:/system.slice/docker-{ID}.scope",
    f"0::/machine.slice/libpod-{ID}.scope/container",
    f"0::/libpod_parent/libpod-{ID}",
    "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1."
    f"slice/cri-containerd-{ID}.scope",
    f"0::/kubepods.slice/kubepods-pod1.slice/crio-{ID}.scope",
    f"0::/kubepods/besteffort/pod{POD}/{ID}",
    "0::/machine.slice/machine-node.scope/payload/system.slice/x.service",
    "0::/lxc.payload.nova/system.slice/x.service",
]
OTHERS = [
    "0::/",
    "0::/user.slice/user-1000.slice/session-3.scope",
    "0::/user.slice/user-1000.slice/user@1000.service/app.slice/%s.service",
    f"0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}"
    ".scope",
    "0::/system.slice/cron.service",
    "0::/system.slice/other.service/%s.service",
    "0::/system.slice",
    "0::/../../%s.service",
    f"0::/other/docker/{ID}",
    "0::/machine.slice/machine-qemu\\x2d1\\x2dguest.scope/libvirt/emulator",
    # Another hierarchy than systemd's.
    "4:memory:/system.slice/%s.service\n0::/",
    # systemd's hierarchy is the one that counts.
    "1:name=systemd:/user.slice/x.scope\n0::/system.slice/%s.service",
]
LIBVIRT = [
    "0::/system.slice/libvirtd.service",
    "1:name=systemd:/system.slice/libvirtd.service\n0::/",
    "0::/system.slice/snap.openstack-hypervisor.libvirtd.service",
    f"0::/system.slice/tripleo_nova_libvirt.service/libpod-payload-{ID}",
]
NOVA = [
    "0::/system.slice/nova-compute.service",
    "0::/nova.slice/nova-compute.service",
    "0::/system.slice/openstack-nova-compute.service",
    "0::/system.slice/system-devstack.slice/devstack@n-cpu.service",
    "0::/system.slice/edpm_nova_compute.service",
    "0::/system.slice/kolla-nova_compute-container.service",
    "0::/system.slice/snap.openstack-hypervisor.nova-compute.service",
]


@pytest.mark.parametrize("cgroup", LIBVIRT + CONTAINERS)
def test_a_libvirt_that_is_trusted(proc, cgroup):
    proc.add(71, "libvirtd", cgroup)
    assert proc.libvirt() == ("71", "71", "", "")


@pytest.mark.parametrize("cgroup", OTHERS)
def test_a_cgroup_that_anybody_may_be_in(proc, cgroup):
    proc.add(71, "libvirtd", cgroup.replace("%s", "libvirtd"))
    core, front, doubt, _ = proc.libvirt()
    assert (core, front) == ("", "")
    assert doubt == (
        "process 71 is named libvirtd but was not trusted: neither a unit of"
        " it nor a container runtime started it"
    )
    cgroup = cgroup.replace("%s", "nova-compute")
    proc.add(72, "python3", cgroup, words=["python3", "/bin/nova-compute"])
    pid, doubt, unit = proc.nova()
    assert (pid, unit) == ("", "")
    assert doubt.startswith("process 72 is named nova-compute but was not")


UID = os.getuid()


@pytest.mark.parametrize(
    "odd, why",
    [
        ({"namespace": "user:[4026532999]"}, "in a user namespace"),
        ({"program": "su"}, "another program"),
        ({"program": "python3"}, "another program"),
        ({"mode": 0o775}, "others than root may change"),
        ({"mode": 0o757}, "others than root may change"),
        ({"uids": (UID + 7,) * 4}, "not run as root"),
        # As of a set-user-ID program.
        ({"uids": (UID + 7, UID, UID, UID)}, "not run as root"),
        ({"namespace": None}, "takes root"),
    ],
)
def test_a_libvirt_that_is_not_trusted(proc, odd, why):
    proc.add(71, "libvirtd", LIBVIRT[0], **odd)
    core, front, doubt, _ = proc.libvirt()
    assert (core, front) == ("", "")
    assert why in doubt


def test_the_owner_of_the_program(proc):
    proc.add(71, "libvirtd", LIBVIRT[0])
    script = process_identity.FIND_LIBVIRT.replace(
        "root_id=0\n", "root_id=12345\n"
    ).replace("/proc/", f"{proc.path}/")
    answer = shells.ask(proc.shell, script + 'echo "$core|$core_doubt"')
    assert answer.out.startswith("|process 71")
    assert "others than root" in answer.out


def test_a_trusted_one_beside_another(proc):
    for pid in (5, 9):
        proc.add(pid, "libvirtd", OTHERS[1])
    proc.add(71, "libvirtd", LIBVIRT[0])
    proc.add(8, "virtproxyd", OTHERS[1])
    assert proc.libvirt() == ("71", "71", "", "")


def test_modular_daemons(proc):
    proc.add(71, "virtqemud", "0::/system.slice/virtqemud.service")
    proc.add(8, "virtproxyd", OTHERS[1])
    core, front, doubt, front_doubt = proc.libvirt()
    assert (core, front, doubt) == ("71", "", "")
    assert "process 8 is named virtproxyd" in front_doubt
    proc.add(72, "virtproxyd", "0::/system.slice/virtproxyd.service")
    assert proc.libvirt() == ("71", "72", "", "")


def test_none(proc):
    assert proc.libvirt() == ("", "", "", "")
    assert proc.nova() == ("", "", "")


def test_a_node_below_another_cgroup(proc):
    """A container that is a node itself, without a cgroup namespace."""
    above = "0::/machine.slice/machine-node.scope"
    (proc.path / "1/cgroup").write_text(f"{above}/init.scope\n")
    proc.add(71, "libvirtd", f"{above}/system.slice/libvirtd.service")
    proc.add(72, "libvirtd", f"{above}/user.slice/libvirtd.service")
    assert proc.libvirt()[:2] == ("71", "71")


@pytest.mark.parametrize("cgroup", NOVA + CONTAINERS)
@pytest.mark.parametrize("comm", ["python3", "nova-compute"])
def test_a_nova_that_is_trusted(proc, cgroup, comm):
    words = ["/usr/bin/python3", "/usr/bin/nova-compute", "--config-file=x"]
    proc.add(
        71, comm, cgroup, words=words, program="python3.12", uids=(64060,) * 4
    )
    unit = cgroup.rpartition("/")[2] if cgroup in NOVA else ""
    assert proc.nova() == ("71", "", unit)


@pytest.mark.parametrize(
    "odd, why",
    [
        ({"namespace": "user:[4026532999]"}, "in a user namespace"),
        ({"program": "dash"}, "another program"),
        ({"mode": 0o777}, "others than root may change"),
        ({"namespace": None}, "takes root"),
    ],
)
def test_a_nova_that_is_not_trusted(proc, odd, why):
    words = ["/usr/bin/python3", "/usr/bin/nova-compute"]
    odd = {"program": "python3"} | odd
    proc.add(71, "nova-compute", NOVA[0], words=words, **odd)
    pid, doubt, _ = proc.nova()
    assert pid == ""
    assert why in doubt


def test_a_unit_whose_name_is_a_command(proc):
    cgroup = "0::/system.slice/x$(touch pwn)nova-compute.service"
    proc.add(
        71,
        "python3",
        cgroup,
        words=["python3", "/bin/nova-compute"],
    )
    assert proc.nova() == ("71", "", "")


@pytest.mark.parametrize(
    "capabilities, runs", [(FULL, True), ("00000000a80425fb", False)]
)
def test_a_program_of_a_container_is_run_if_privileged(
    proc, capabilities, runs
):
    proc.add(71, "libvirtd", CONTAINERS[0], capabilities=capabilities)
    text = libvirt.questions(Config((), {}), Role.COMPUTE, read_only=True)[
        "virsh"
    ].text
    text = (
        "chroot() { printf 'Running ran in %s\\n' \"$1\"; }\n"
        'timeout() { shift 3; "$@"; }\ncommand() { false; }\n' + text
    )
    script = text.replace("/proc/", f"{proc.path}/").replace(
        "root_id=0\n", f"root_id={os.getuid()}\n"
    )
    done = subprocess.run(
        [*proc.shell, "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ("ran in" in done.stdout) is runs
    assert ("unprivileged" in done.stderr) is not runs
