"""What bash and zsh offer after 'openstack migrate'; the cloud is a script."""

import argparse
import importlib.metadata
import pathlib
import re
import shutil
import subprocess
import types

import pytest

ROOT = pathlib.Path(__file__).parents[3]
SCRIPT = ROOT / "tools/completion.bash"
RUNS = ["20261130-164203-d72a", "20261129-101500-00ff"]
# Says what it was asked, and from which cloud.
OPENSTACK = r"""#!/bin/sh
echo "$OS_CLOUD:$*" >>"$ASKED"
case $* in
"server list"*) printf 'vm1\nvm2\n$(touch x)\n-rf\n' ;;
"compute service list"*) printf 'HostB\nHostC\n' ;;
complete) printf "  cmds_%s='%s'\n" migrate 'drain live run' \
    migrate_run 'list show' migrate_live '--kind --to' \
    migrate_return '--kind' other x ;;
esac
"""

pytestmark = pytest.mark.skipif(
    not ROOT.joinpath("tools").is_dir(), reason="not from a clone"
)


@pytest.fixture
def environment(tmp_path):
    openstack = tmp_path / "bin/openstack"
    openstack.parent.mkdir()
    openstack.write_text(OPENSTACK)
    openstack.chmod(0o755)
    runs = tmp_path / "state/osc-migrate/runs"
    runs.mkdir(parents=True)
    for name in (*RUNS, "x;reboot"):
        (runs / f"{name}.sqlite").touch()
    return {
        "PATH": f"{openstack.parent}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "ASKED": str(tmp_path / "asked"),
    }


BASH = f"""source {SCRIPT}
for line in "$@"; do
    COMP_WORDS=(openstack ${{line% *}} "${{line##* }}") COMPREPLY=()
    COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
    _openstack_migrate
    echo "${{COMPREPLY[@]}}"
done
"""
# The part that decides; the rest needs a terminal.
ZSH = f"""source {SCRIPT}
for line in "$@"; do
    echo $(_openstack_migrate_candidates "" ${{=line% *}} "${{line##* }}")
done
"""


def offered(shell, environment, *lines):
    """What is offered at the end of each line."""
    script = {"bash": BASH, "zsh": ZSH}[shell]
    done = subprocess.run(
        [shell, "-c", script, "it", *lines],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    return [line.split() for line in done.stdout.splitlines()]


SHELLS = [
    "bash",
    pytest.param(
        "zsh",
        marks=pytest.mark.skipif(
            shutil.which("zsh") is None, reason="zsh is not installed"
        ),
    ),
]
HOSTS = ["HostB", "HostC"]
SERVERS = ["vm1", "vm2"]
CASES = {
    "live ": SERVERS,
    "live vm1 ": HOSTS,
    "live --timeout 5 vm1 ": HOSTS,
    "live --nodes vm1 ": HOSTS,
    "live --on-stall ": ["abort", "force", "wait"],
    "preflight vm1 ": HOSTS,
    "preflight --kind ": ["block", "cold", "live"],
    "preflight --host ": HOSTS,
    "drain ": HOSTS,
    "drain HostB ": HOSTS,
    "drain --server ": SERVERS,
    "drain HostB --to ": HOSTS,
    "drain --resume ": RUNS,
    "drain --cancel ": RUNS,
    "drain --junit ": [],
    "return ": [*HOSTS, *RUNS],
    "rebalance ": [],
    "rebalance --host ": HOSTS,
    "run show ": RUNS,
    "run list ": [],
    "describe-resource ": HOSTS,
    "status ": HOSTS,
    "abort vm1 ": [],
    "watch ": SERVERS,
}


@pytest.mark.parametrize("shell", SHELLS)
def test_what_stands_where(environment, shell):
    lines = [f"migrate {line}" for line in CASES]
    answers = offered(shell, environment, *lines)
    assert dict(zip(CASES, answers, strict=True)) == CASES


def test_what_bash_does_besides(environment):
    cases = {
        "migrate live vm1 HostC": ["HostC"],
        "migrate drain --to =": HOSTS,
        "migrate drain --to = HostC": ["HostC"],
        "migrate ": ["drain", "live", "run"],
        "migrate dr": ["drain"],
        "migrate run ": ["list", "show"],
        "migrate live --k": ["--kind"],
        "server show ": [],
    }
    answers = offered("bash", environment, *cases)
    assert dict(zip(cases, answers, strict=True)) == cases


@pytest.mark.parametrize("shell", SHELLS)
def test_where_no_run_was(environment, shell):
    environment["XDG_STATE_HOME"] = environment["HOME"]
    assert offered(shell, environment, "migrate return ") == [HOSTS]


def test_the_cloud_of_the_line_is_asked_once_a_minute(environment):
    east = "--os-cloud east migrate drain "
    assert offered("bash", environment, east, east) == [HOSTS, HOSTS]
    asked = pathlib.Path(environment["ASKED"])
    assert asked.read_text().splitlines() == [
        "east:compute service list --service nova-compute -f value -c Host"
    ]
    offered("bash", environment, "migrate drain ")
    assert len(asked.read_text().splitlines()) == 2


def test_what_is_kept_is_private(environment):
    offered("bash", environment, "migrate live ", "migrate ")
    cache = pathlib.Path(environment["XDG_CACHE_HOME"], "osc-migrate")
    files = [cache, *cache.iterdir()]
    assert len(files) == 3
    assert [path for path in files if path.stat().st_mode & 0o077] == []


def test_the_options_with_a_value_have_one():
    """One that had none would hide the word after it."""
    listed = re.search(r'_valued="\n(.*?)"', SCRIPT.read_text(), re.S)
    flags, valued = set(), set()
    app = types.SimpleNamespace(client_manager=None)
    for point in importlib.metadata.entry_points(group="openstack.migrate.v1"):
        parser = point.load()(app, None).get_parser("")
        for action in parser._actions:
            (flags if _is_flag(action) else valued).update(
                action.option_strings
            )
    assert set(listed[1].split()) & flags == set()
    assert {"--to", "--host", "--resume", "--cancel"} <= valued


def _is_flag(action: argparse.Action) -> bool:
    return action.nargs == 0
