"""testinfra's own modules over a shell of ours."""

import getpass
import os
import sys

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.transport import backend


@pytest.fixture
def host(opened):
    return backend.host(opened(), limit=5)


def test_modules(host, tmp_path):
    path = tmp_path / "it's"
    path.write_text("gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n\n")
    file = host.file(str(path))
    assert file.is_file
    assert file.content_string == path.read_text()
    assert file.size == path.stat().st_size
    assert not host.file("/no/such").exists
    assert host.user("root").uid == 0
    assert host.user().name == getpass.getuser()
    assert host.group("root").gid == 0
    assert host.mount_point("/proc").filesystem == "proc"
    assert host.sysctl("kernel.ostype") == "Linux"
    assert "127.0.0.1" in host.addr("127.0.0.1").ip_addresses
    assert host.environment()["LC_ALL"] == "C"
    assert host.system_info.type == "linux"
    assert not host.service("no-such-service").is_running
    assert host.exists("sh")


def test_it_is_one_shell(host):
    assert host.check_output("echo $PPID") == host.check_output("echo $PPID")
    assert host.check_output("echo $$") == host.check_output("echo $$")
    assert host.check_output("echo $PPID") == str(os.getpid())


def test_quoting_and_streams(host):
    said = host.run("printf %%s %s; echo err >&2; exit 4", "a b'c")
    assert (said.rc, said.stdout, said.stderr) == (4, "a b'c", "err\n")


def test_no_python_is_needed(host, program):
    assert host.backend.encoding == "utf-8"


def test_sudo(opened, program):
    program("sudo", 'printf "%s\\n" "$*" >> "$0.log"; exec id -un')
    log = program("sudo.log", "")
    host = backend.host(opened())
    with host.sudo("nova"):
        assert host.check_output("echo %s", "x y")
    with host.sudo():
        assert host.check_output("true")
    assert log.read_text().splitlines()[-2:] == [
        "-n -u nova /bin/sh -c echo 'x y'",
        "-n /bin/sh -c true",
    ]
    assert host.check_output("echo plain") == "plain"


def test_a_lost_node_is_said_clearly(opened):
    host = backend.host(opened("sh", "-c", "echo gone >&2"))
    with pytest.raises(Unread, match="no shell: gone"):
        assert host.file("/etc/passwd").exists


def test_a_late_answer_is_said_clearly(opened):
    host = backend.host(opened(), limit=0.2)
    with pytest.raises(Unread, match=r"no answer within 0\.2 s"):
        host.run("sleep 9")


def test_without_testinfra(opened, monkeypatch):
    for name in list(sys.modules):
        if name.partition(".")[0] == "testinfra":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "testinfra", None)
    with pytest.raises(backend.NoTestinfra, match=r"pip install 'osc-migr"):
        backend.host(opened())
    assert opened().run("echo x").out == "x\n"
