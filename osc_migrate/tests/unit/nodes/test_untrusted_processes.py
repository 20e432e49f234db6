"""What is read of processes that are not trusted: nothing."""

import os
import shutil
import subprocess
import time

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.accounts import facts as accounts
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.config import reading as config
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.libvirt import reading as libvirt
from osc_migrate.nodes.role import Role
from osc_migrate.nodes.storage import reading as storage
from osc_migrate.nodes.tls import reading as tls
from osc_migrate.tests.unit.nodes import shells

PEOPLE = "#passwd\nroot:0:0:/root:/bin/sh\n#group\nroot:0:\n#end\n"
DOUBT = "process 71 is named libvirtd but was not trusted: it is another's"


def test_facts_of_a_libvirt_that_is_not_trusted():
    text = f"\n#@doubt {DOUBT}\n\n#@libvirtd /etc/libvirt/libvirtd.conf\n#@end"
    found = libvirt.read(
        CommandOutput({"libvirt.files": Answer(0, text)}, "libvirt"),
    )
    for name in (
        *("daemon", "contained", "processes", "flag", "remote", "qemu"),
        *("daemon_conf", "credentials", "machines_used", "ports"),
    ):
        with pytest.raises(Unread, match="process 71"):
            getattr(found, name)


def test_tls_of_a_libvirt_that_is_not_trusted():
    text = f"#@now 1764000000\n#@doubt {DOUBT}\n#@ca /x\n"
    answers = {"tls.libvirt": Answer(0, text), "tls.qemu": Answer(0, text)}
    found = tls.read(CommandOutput(answers, "tls"))
    assert found.now.year == 2025
    for name in ("libvirt", "qemu", "directory", "account"):
        with pytest.raises(Unread, match="process 71"):
            getattr(found, name)


def test_facts_of_a_nova_that_is_not_trusted():
    text = f"D {DOUBT}\nM 1 /etc/nova/nova.conf\nF /etc/nova/nova.conf\nE\n"
    found = config.read(
        CommandOutput({"config.nova": Answer(0, text)}, "config")
    )
    for name in ("contained", "started"):
        with pytest.raises(Unread, match="process 71"):
            getattr(found, name)
    with pytest.raises(Unread, match="process 71"):
        config.read(
            CommandOutput({"config.nova": Answer(1, f"D {DOUBT}\n")}, "config")
        )
    text = f"#doubt\n{DOUBT}\n"
    with pytest.raises(Unread, match="process 71"):
        storage.read(
            CommandOutput({"storage.directory": Answer(0, text)}, "storage")
        )
    said = CommandOutput(
        {
            "accounts.names": Answer(0, f"#running\n{text}{PEOPLE}"),
            "accounts.libvirt": Answer(0, f"#doubt {DOUBT}\n"),
        },
        "accounts",
    )
    for name in ("nova", "libvirt_says"):
        with pytest.raises(Unread, match="process 71"):
            getattr(accounts.read(said), name)


@pytest.mark.parametrize(
    "uri, asked",
    [
        ("", True),
        ("qemu:///system", True),
        ("qemu+unix:///system", True),
        ("lxc:///", True),
        ("qemu+ext:///system?command=/tmp/x", False),
        ("qemu+ssh://localhost/system?command=/tmp/x", False),
        ("qemu:///system?socket=/tmp/x", False),
        ("-h", False),
    ],
)
def test_a_uri_that_names_a_program(uri, asked):
    options = {("libvirt", "connection_uri"): uri}
    questions = libvirt.questions(
        Config((), options), Role.COMPUTE, read_only=True
    )
    assert ("virsh" in questions) is asked


# --- the attack, on this machine


@pytest.fixture
def intruder(tmp_path):
    """A user's process in a user namespace, named libvirtd, with a virsh of
    its own in its root directory."""
    if os.getuid():
        pytest.skip("takes root: it is a question that runs as root")
    root = tmp_path / "root"
    (root / "bin").mkdir(parents=True)
    for path in (*tmp_path.parents, tmp_path, root, root / "bin"):
        if path.is_relative_to("/tmp") and path != path.parent:
            path.chmod(path.stat().st_mode | 0o055)
    virsh = root / "bin" / "virsh"
    virsh.write_text("#!/bin/busybox sh\nid -u >/ran\n")
    virsh.chmod(0o755)
    busybox = root / "bin" / "busybox"
    shutil.copy(shutil.which("busybox"), busybox)
    shutil.copy(busybox, root / "bin" / "sleep")
    shutil.copy(busybox, root / "bin" / "libvirtd")
    (root / "bin" / "id").symlink_to("busybox")
    (root / "bin" / "sh").symlink_to("busybox")
    root.chmod(0o777)
    # busybox selects its applet by its first word.
    script = f"exec chroot {root} /bin/sh -c 'exec -a sleep /bin/libvirtd 60'"
    with subprocess.Popen(
        ["unshare", "-Ur", "sh", "-c", script],
        user=65534,
        group=65534,
        extra_groups=[],
        stderr=subprocess.PIPE,
    ) as process:
        comm = f"/proc/{process.pid}/comm"
        while process.poll() is None:
            with open(comm) as file:
                if file.read() == "libvirtd\n":
                    break
            time.sleep(0.01)
        if process.poll() is not None:
            said = process.stderr.read().decode().strip()
            pytest.skip(f"no user namespace for users here: {said}")
        yield process.pid, root
        process.kill()


def test_a_users_virsh_is_not_run_as_root(intruder):
    if "busybox" not in [argv[0] for argv in shells.SHELLS]:
        pytest.skip("takes busybox: a node without virsh")
    pid, root = intruder
    # The attack is real: this is what the question did.
    there = f"/proc/{pid}/root"
    subprocess.run(["chroot", there, "virsh"], check=True)
    assert (root / "ran").read_text() == "0\n"
    (root / "ran").unlink()
    text = libvirt.questions(Config((), {}), Role.COMPUTE, read_only=True)[
        "virsh"
    ].text.replace("/proc/[0-9]*/comm", f"/proc/{pid}/comm")
    done = subprocess.run(
        ["sh", "-c", text],
        env={"PATH": shells._applets()},
        executable=shutil.which("busybox"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert not (root / "ran").exists()
    assert f"process {pid} is named libvirtd but was not" in done.stderr
    found = libvirt.read(
        CommandOutput(
            {
                "libvirt.files": Answer(0, "#@end"),
                "libvirt.virsh": Answer(0, done.stdout, done.stderr),
            },
            "libvirt",
        )
    )
    assert f"process {pid} is named libvirtd" in found.trouble
