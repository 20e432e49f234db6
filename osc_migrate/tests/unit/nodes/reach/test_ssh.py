"""Checks of nova's ssh to the destination."""

import pytest

from osc_migrate.nodes.network.ssh_facts import File
from osc_migrate.nodes.reach.facts import CommandResult
from osc_migrate.tests.unit.nodes.proof import FAIL, PASS, SKIP, UNKNOWN, Case
from osc_migrate.tests.unit.nodes.reach.reached import (
    DENIED,
    both,
    cut,
    prove_way,
    refused,
)
from osc_migrate.tests.unit.nodes.shapes import accounts, network, nodes

SSH = "nova-can-ssh"
HOME = "/var/lib/nova"
STACK = accounts.NOVA.but(name="stack", home="/opt/stack")


def files(**changes):
    found = dict(network.ssh("HostB").files)
    for name, file in changes.items():
        found[f"{HOME}/.ssh/{name}" if name != "ssh" else f"{HOME}/.ssh"] = (
            file
        )
    return {path: file for path, file in found.items() if file}


CASES = [
    Case(SSH, nodes(), PASS, "nova@10.77.0.13"),
    Case(
        SSH,
        refused("Host key verification failed."),
        FAIL,
        "does not know the ssh host key",
        "user_line_add nova /var/lib/nova/.ssh/known_hosts '10.77.0.13"
        " ssh-ed25519 AAAAHostC'",
    ),
    Case(
        SSH,
        refused("WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!"),
        FAIL,
        "knows another",
        "ssh-keygen -q -R 10.77.0.13",
    ),
    Case(
        SSH,
        refused("Host key verification failed.", far={"host_keys": ()}),
        FAIL,
        "does not know",
        "compare with ssh-keygen -lf on HostC",
    ),
    Case(
        SSH,
        refused(DENIED, {"files": files(id_ed25519=None)}),
        FAIL,
        "no private key",
        "ssh-keygen -t ed25519",
    ),
    Case(
        SSH,
        refused(DENIED, {"files": files(id_ed25519=File(0o644, "nova"))}),
        FAIL,
        "mode 644",
        "chmod 600 /var/lib/nova/.ssh/id_ed25519",
    ),
    Case(
        SSH,
        refused(DENIED, (), {"files": files(ssh=File(0o777, "nova"))}),
        FAIL,
        "StrictModes",
        "on HostC: chown -h nova: /var/lib/nova/.ssh; as nova: chmod go-w",
    ),
    Case(
        SSH,
        refused(DENIED, (), {"authorized": ()}),
        FAIL,
        "lacks nova's key",
        "user_line_add nova /var/lib/nova/.ssh/authorized_keys 'ssh-ed25519",
    ),
    Case(SSH, refused(DENIED), FAIL, "refuses", "journalctl"),
    Case(
        SSH,
        refused(
            "This account is currently not available.",
            (),
            {"shell": "/usr/sbin/nologin"},
            1,
        ),
        FAIL,
        "/usr/sbin/nologin",
        "usermod -s /bin/bash nova",
    ),
    Case(
        SSH,
        refused("ssh: connect to host 10.77.0.13 port 22: Connection refused"),
        FAIL,
        "Connection refused",
    ),
    Case(SSH, refused("", status=124), FAIL, "no answer"),
    Case(SSH, refused("bash: line 1: \x1b[2J"), FAIL, "\\x1b[2J"),
    Case(
        SSH,
        refused("su: user nova does not exist", status=1),
        UNKNOWN,
        "container",
    ),
    # Of another user's files nothing was read.
    Case(
        SSH,
        both(
            user=STACK,
            nova_ssh=CommandResult(255, DENIED.replace("nova", "stack")),
        ),
        FAIL,
        "as stack: stack@10.77.0.13: Permission denied",
        "as stack on HostB: ssh",
    ),
    Case(SSH, both(user=STACK), PASS, "stack@10.77.0.13"),
    # A wrapper (ForceCommand) that allows what Nova runs, and nothing else.
    Case(SSH, refused("Forbidden", status=1), PASS, "with status 1"),
    Case(SSH, refused("rssh: restricted", status=64), PASS, "with status 64"),
    Case(SSH, refused("su: Authentication failure", status=1), FAIL, "su:"),
    Case(SSH, refused("kex_exchange_identification", status=255), FAIL),
    Case(SSH, refused("bash: true: not found", status=127), FAIL),
    Case(SSH, cut(), SKIP, "see destination-is-reachable"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check(case):
    prove_way(case)
