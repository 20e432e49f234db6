import os
import pwd
import subprocess

import pytest

from osc_migrate.nodes.accounts.nova_user import NOVA_USER
from osc_migrate.tests.unit.nodes import shells

# Who cannot be changed by others: root's process would be told as nova.
UID = os.getuid() or pwd.getpwnam("nobody").pw_uid


@pytest.fixture
def process():
    with subprocess.Popen(["sleep", "60"], user=UID) as child:
        yield child.pid
        child.kill()


@pytest.fixture(params=shells.SHELLS, ids=lambda argv: argv[0])
def told(request):
    """What nova_user says when nova-compute is that process."""

    def tell(pid):
        found = f"nova_pid={pid} nova_doubt=\n"
        return shells.ask(request.param, NOVA_USER + found + "nova_user").out

    return tell


def test_nova_is_who_nova_compute_runs_as(told, process):
    assert told(process) == pwd.getpwuid(UID).pw_name + "\n"


def test_nova_is_nova_where_it_does_not_run_or_as_root(told):
    assert told("") == "nova\n"
    if pwd.getpwnam("root").pw_uid == os.stat("/proc/1").st_uid:
        assert told(1) == "nova\n"
