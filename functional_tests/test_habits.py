"""What people expect of any command: shells, terminals, encodings."""

import os
import subprocess
import sys

import pytest

from testbed.cloud.processes import ROOT
from testbed.pty_run import on_a_terminal
from testbed.shell import OPENSTACK, Shell

NAME = "vm-\u00fc\u2713"


@pytest.fixture
def ascii_shell(cloud):
    """A terminal of old: neither UTF-8 nor a way to say so."""
    return Shell(
        cloud.environment()
        | {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    )


@pytest.mark.parametrize("form", ["table", "json", "csv", "value", "yaml"])
def test_a_name_that_is_no_ascii(boot, ascii_shell, form):
    server = boot(NAME)
    done = ascii_shell.migrate("preflight", server.id, "HostC", "--long",
                               "-f", form)  # fmt: skip
    assert done.code == 0, done.err
    assert "Traceback" not in done.err
    assert done.out.isascii() and "vm-" in done.out


def test_it_moves_too(boot, ascii_shell):
    server = boot(NAME)
    done = ascii_shell.migrate("live", server.id, "HostC")
    assert done.code == 0, done.err
    assert done.err.isascii() and "running" in done.err


@pytest.mark.parametrize(
    "more, bar, colour",
    [
        ({"LC_ALL": "C.UTF-8"}, "\u2501", True),
        ({"LC_ALL": "C.UTF-8", "NO_COLOR": "1"}, "\u2501", False),
        ({"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}, "-", True),
    ],
    ids=["utf8", "no-color", "ascii"],
)
def test_the_bar_of_a_terminal(boot, cloud, more, bar, colour):
    # Some seconds, so that it is drawn in its midst.
    boot("vm-bar", bandwidth_mb=64)
    environment = Shell(cloud.environment() | more).environment
    words = [OPENSTACK, "migrate", "live", "vm-bar", "HostC"]
    code, said = on_a_terminal(words, environment)
    assert code == 0, said
    drawn = [x for x in said.split("\r") if "vm-bar" in x and bar in x]
    assert drawn
    # Green while the copy converges.
    assert any("32m" in line for line in drawn) is colour


def complete(cloud, tmp_path, *words):
    """What bash would offer for the last word."""
    listed = " ".join(f"'{word}'" for word in words)
    script = f"""
source {ROOT}/tools/completion.bash
COMP_WORDS=({listed}) COMP_CWORD={len(words) - 1} COMPREPLY=()
_openstack_migrate
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    path = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        env=Shell(
            cloud.environment()
            | {"PATH": path, "XDG_CACHE_HOME": str(tmp_path)}
        ).environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_names_of_servers_and_hosts_are_completed(boot, cloud, tmp_path):
    boot("vm-one")
    boot("vm-$(touch x)")
    migrate = ("openstack", "migrate")
    assert complete(cloud, tmp_path, *migrate, "live", "vm-") == ["vm-one"]
    hosts = complete(cloud, tmp_path, *migrate, "live", "vm-one", "Host")
    assert hosts == ["HostB", "HostC"]
    words = (*migrate, "watch", "--host", "HostC")
    assert complete(cloud, tmp_path, *words) == ["HostC"]
    # Of commands that take no second word, and of others, nothing.
    assert complete(cloud, tmp_path, *migrate, "abort", "vm-one", "") == []
    assert complete(cloud, tmp_path, "openstack", "server", "show", "") == []
    files = list(tmp_path.rglob("server-*"))
    assert files and all(f.stat().st_mode & 0o077 == 0 for f in files)
