"""Nodes that are only different: shells, languages, greetings, busybox."""

import pathlib
import shutil
import subprocess
import tempfile

import pytest

from functional_tests.node_shells.asked import EXPECTED, QUESTIONS
from osc_migrate.nodes.answers import Answer, Question
from osc_migrate.nodes.transport import backend
from osc_migrate.nodes.transport.sessions import visit
from osc_migrate.nodes.transport.target import Target
from testbed.endpoints import PATH

NOISE = "printf 'hello \\033[31m\\000\\377'; echo oops >&2\n"


@pytest.mark.parametrize("shell", ["dash", "busybox"])
def test_sh_is_another_shell(sshds, ask, tmp_path, shell):
    (tmp_path / "sh").symlink_to(shutil.which(shell))
    uri = sshds.start(f"sh_{shell}", f"SetEnv PATH={tmp_path}:{PATH}")
    which = Question("readlink /proc/$$/exe")
    got = ask(uri, QUESTIONS | {"which": which})
    assert got.pop("which").out.strip().endswith(f"/{shell}")
    assert got == EXPECTED


@pytest.mark.parametrize("shell", ["dash", "busybox sh", "bash"])
def test_the_login_shell_is_another(sshds, ask, script, shell):
    wrapper = script(f'exec {shell} -c "$SSH_ORIGINAL_COMMAND"')
    name = f"login_{shell.partition(' ')[0]}"
    assert ask(sshds.start(name, f"ForceCommand {wrapper}")) == EXPECTED


@pytest.mark.parametrize("locale", ["de_DE.UTF-8", "C", "tr_TR"])
def test_it_speaks_another_language(sshds, ask, locale):
    uri = sshds.start(
        f"locale_{locale}",
        f"SetEnv LANG={locale} LC_ALL={locale} LANGUAGE={locale[:2]}",
    )
    told = Question(
        'echo "$LC_ALL $LANG $LANGUAGE"; printf %%.1f %s', ("1.5",)
    )
    got = ask(uri, QUESTIONS | {"locale": told})
    assert got.pop("locale") == Answer(0, "C C \n1.5")
    assert got == EXPECTED


def test_its_bashrc_talks(sshds, ask, script):
    uri = sshds.start("bashrc", f"SetEnv BASH_ENV={script(NOISE)}")
    assert ask(uri) == EXPECTED


def test_it_greets(sshds, ask, script, tmp_path):
    (tmp_path / "banner").write_text("Permission denied (for eve)\n" * 20)
    greeting = NOISE + 'sleep 0.2; eval "$SSH_ORIGINAL_COMMAND"'
    uri = sshds.start(
        "motd",
        f"Banner {tmp_path}/banner\nForceCommand {script(greeting)}",
    )
    assert ask(uri) == EXPECTED


@pytest.fixture
def bare():
    """A root folder with nothing but busybox, and dash to log in."""
    # sshd wants no folder above that others may write.
    with tempfile.TemporaryDirectory(dir="/run") as folder:
        root = pathlib.Path(folder)
        root.chmod(0o755)
        for name in ("bin", "dev"):
            (root / name).mkdir()
        # Root's own shell is bash; sshd knows no other.
        for name, program in (("bash", "dash"), ("sh", "busybox")):
            found = shutil.which(program)
            shutil.copy(found, root / "bin" / name)
            said = subprocess.run(
                ["ldd", found], capture_output=True, text=True
            )
            for word in said.stdout.split():
                if word.startswith("/"):
                    (root / word[1:]).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(word, root / word[1:])
        # No device may be made in a container: an empty file will do.
        (root / "dev/null").touch()
        yield root


def test_it_has_nothing_but_busybox(sshds, ask, bare):
    uri = sshds.start("bare", f"ChrootDirectory {bare}")
    python = Question("command -v python3")
    got = ask(uri, QUESTIONS | {"python": python})
    assert got.pop("python") == Answer(127, "")
    assert got == EXPECTED
    lost = ask(uri, sudo=True)
    assert lost.reason == "sudo is not installed there"


def test_modules_of_testinfra(sshds, bare):
    """The same modules, on a node like this one and on one with busybox."""
    uris = {
        "like": sshds.start("like"),
        "little": sshds.start("little", f"ChrootDirectory {bare}"),
    }

    def work(shell):
        host = backend.host(shell)
        return (
            host.file("/bin").is_directory,
            host.file("/bin/sh").exists,
            host.file("/no/such").exists,
            host.exists("no-such-program"),
            host.check_output("echo $PPID") == host.check_output("echo $PPID"),
        )

    found = visit({n: Target(n, uri) for n, uri in uris.items()}, work)
    assert found["like"] == found["little"]
    assert found["like"] == (True, True, False, False, True)


def test_more_modules_of_testinfra(sshds):
    uri = sshds.start("modules")

    def work(shell):
        host = backend.host(shell)
        return (
            host.user("root").uid,
            host.mount_point("/proc").filesystem,
            host.sysctl("kernel.ostype"),
            host.addr("127.0.0.1").is_resolvable,
            host.service("no-such-service").is_running,
            host.file("/etc/passwd").content_string.startswith("root:"),
        )

    found = visit({"node": Target("node", uri)}, work)
    assert found["node"] == (0, "proc", "Linux", True, False, True)
