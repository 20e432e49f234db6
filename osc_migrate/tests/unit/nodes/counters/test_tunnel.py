import os
import socket
import time

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.counters import libvirt_reader
from osc_migrate.nodes.counters.tunnel import Tunnel
from osc_migrate.nodes.counters.virsh_reader import Virsh
from osc_migrate.nodes.transport.target import Target


def test_what_is_written_gets_to_the_program_and_back():
    tunnel = Tunnel(["cat"])
    with socket.socket(socket.AF_UNIX) as end:
        end.connect(tunnel.path)
        end.sendall(b"hello")
        assert end.recv(5) == b"hello"
        # Killing the program ends every waiting process.
        tunnel.close()
        assert end.recv(1) == b""
    assert not os.path.exists(tunnel.path)
    tunnel.close()


def test_only_its_owner_gets_there():
    tunnel = Tunnel(["cat"])
    place = os.path.dirname(tunnel.path)
    assert os.stat(place).st_mode & 0o077 == 0
    tunnel.close()
    assert not os.path.exists(place)


def test_no_credentials_get_there(monkeypatch):
    monkeypatch.setenv("OS_PASSWORD", "secret")
    tunnel = Tunnel(["env"])
    with socket.socket(socket.AF_UNIX) as end:
        end.connect(tunnel.path)
        said = b""
        while part := end.recv(4096):
            said += part
    tunnel.close()
    assert b"LC_ALL=C" in said
    assert b"OS_" not in said


def test_no_program_ends_the_connection():
    tunnel = Tunnel(["/no/such/program"])
    with socket.socket(socket.AF_UNIX) as end:
        end.settimeout(100)
        end.connect(tunnel.path)
        assert end.recv(1) == b""
    tunnel.close()


class Libvirt:
    """libvirt's module, played: a connection hears what it says itself."""

    VIR_ERR_NO_DOMAIN = 42

    class libvirtError(Exception):
        code = 38

        def get_error_code(self):
            return self.code

    def __init__(self):
        self.uris = []

    def registerErrorHandler(self, handler, context):
        handler(context, "quiet")

    def openReadOnly(self, uri):
        self.uris.append(uri)
        path = uri.partition("?socket=")[2]
        assert os.path.exists(path)
        raise self.libvirtError("Cannot recv data\x1b[2J")


def test_trouble_of_libvirt_is_unread_and_safe_to_print():
    libvirt = Libvirt()
    connection = libvirt_reader.Connection(
        libvirt, Target("HostB", "local://")
    )
    with pytest.raises(Unread) as told:
        connection.job("id")
    assert told.value.reason == r"libvirt: Cannot recv data\x1b[2J"
    assert libvirt.uris[0].startswith("qemu+unix:///system?socket=/")
    # A guest that has left is an answer.
    libvirt.libvirtError.code = libvirt.VIR_ERR_NO_DOMAIN
    assert connection.job("id") == {}
    connection.close()


@pytest.mark.parametrize(
    ("uri", "more", "argv"),
    [
        (
            "ssh://root@192.0.2.7",
            {},
            ("--", "192.0.2.7", "exec sh -c 'a \"$b\"; c'"),
        ),
        (
            "ssh://192.0.2.7",
            {"sudo": True},
            ("--", "192.0.2.7", "exec sudo -n sh -c 'a \"$b\"; c'"),
        ),
        ("local://", {}, ("sh", "-c", 'a "$b"; c')),
        ("docker://one", {}, ("exec", "-i", "one", "sh", "-c", 'a "$b"; c')),
    ],
)
def test_a_script_is_reached_as_a_shell_is(uri, more, argv):
    target = Target("HostB", uri, **more)
    found = target.running('a "$b"; c')
    assert found[-len(argv) :] == argv
    assert found[: len(target.argv) - 1] == target.argv[:-1]


def virsh(tmp_path, monkeypatch, script):
    program = tmp_path / "virsh"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return Virsh(Target("HostB", "local://"))


def test_virsh_tells_the_same(tmp_path, monkeypatch):
    reader = virsh(
        tmp_path,
        monkeypatch,
        '[ "$*" = "-r -c qemu:///system domjobinfo --rawstats x;y" ] &&'
        " printf 'Job type: 2\\n\\nmemory_total: 12\\nsuccess: yes\\n\\n'",
    )
    assert reader.job("x;y") == {"type": 2, "memory_total": 12}
    reader.close()


def test_virsh_that_fails(tmp_path, monkeypatch):
    reader = virsh(tmp_path, monkeypatch, "echo 'no domain' >&2; exit 1")
    with pytest.raises(Unread, match="no domain"):
        reader.job("x")
    reader.close()


def test_a_guest_that_has_left_is_no_trouble(tmp_path, monkeypatch):
    reader = virsh(
        tmp_path,
        monkeypatch,
        "echo \"error: failed to get domain 'x'\" >&2; exit 1",
    )
    assert reader.job("x") == {}
    reader.close()


def test_virsh_that_hangs_is_ended_from_another_thread(tmp_path, monkeypatch):
    import threading

    reader = virsh(tmp_path, monkeypatch, "sleep 60")
    threading.Timer(0.3, reader.close).start()
    begin = time.monotonic()
    with pytest.raises(Unread):
        reader.job("x")
    assert time.monotonic() - begin < 30
