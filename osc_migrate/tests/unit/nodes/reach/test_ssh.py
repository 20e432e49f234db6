"""Checks of nova's ssh to the destination."""

import dataclasses

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.network.ssh_facts import File
from osc_migrate.nodes.reach.facts import CommandResult
from osc_migrate.tests.unit.nodes.proof import (
    FAIL,
    NOT_CHECKED,
    PASS,
    SKIP,
    UNKNOWN,
    WARN,
    Case,
)
from osc_migrate.tests.unit.nodes.reach.reached import (
    DENIED,
    both,
    cut,
    prove_way,
    refused,
)
from osc_migrate.tests.unit.nodes.shapes import (
    accounts,
    config,
    network,
    nodes,
    storage,
)
from osc_migrate.tests.unit.nodes.storage.instances import ALONE

SSH = "nova-can-ssh"
SFTP = "nova-can-copy-by-sftp"
NO_SUBSYSTEM = "subsystem request failed on channel 0"
NEW = "OpenSSH_9.2p1 Debian-2+deb12u3, OpenSSL 3.0.15"
RED_HAT = "OpenSSH_8.7p1, OpenSSL 3.0.7"
OLD = "OpenSSH_8.2p1 Ubuntu-4ubuntu0.11"


def contained(name):
    return dataclasses.replace(config.healthy(name), contained=True)


def local(source=None, destination=None, **changes):
    """The disks of both are local.

    :param source: its nova.conf.
    """
    nodes = [
        node.but(storage=storage.healthy(node.name, **ALONE))
        for node in both(**changes)
    ]
    return [
        node.but(config=other) if other else node
        for node, other in zip(nodes, (source, destination), strict=True)
    ]


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
    # ~nova/.ssh/config of the source names another user, port and key.
    Case(
        SSH,
        both(
            login="nova_migration, port 2022",
            nova_ssh=CommandResult(255, DENIED),
        ),
        FAIL,
        "as nova_migration, port 2022",
        "as nova on HostB: ssh",
    ),
    # The container's ssh has its own keys: those of the node mean nothing.
    Case(
        SSH,
        local(contained("HostB"), nova_ssh=CommandResult(255, DENIED)),
        FAIL,
        "as nova:",
        "on HostB, in nova-compute's container: ssh",
    ),
    Case(SFTP, local(), SKIP, "by its configuration"),
    Case(SFTP, local(sftp=CommandResult(0, "")), PASS, "sftp to 10.77.0.13"),
    Case(
        SFTP,
        both(sftp=CommandResult(255, NO_SUBSYSTEM)),
        SKIP,
        "shared storage",
    ),
    Case(
        SFTP,
        local(sftp=CommandResult(255, NO_SUBSYSTEM), openssh=NEW),
        FAIL,
        "scp of OpenSSH_9.2p1",
        "Subsystem sftp",
    ),
    # https://github.com/gtxaspec/wz_mini_hacks/issues/111
    Case(
        SFTP,
        local(
            sftp=CommandResult(127, "sh: /usr/libexec/sftp-server: not found"),
            openssh=NEW,
        ),
        FAIL,
        "sftp-server: not found",
    ),
    Case(
        SFTP,
        local(sftp=CommandResult(255, NO_SUBSYSTEM), openssh=RED_HAT),
        WARN,
        "OpenSSH_8.7p1",
    ),
    Case(
        SFTP,
        local(sftp=CommandResult(255, NO_SUBSYSTEM), openssh=OLD),
        PASS,
        "needs none",
    ),
    Case(
        SFTP,
        local(sftp=CommandResult(255, NO_SUBSYSTEM), openssh="dropbear"),
        FAIL,
        "scp of dropbear",
    ),
    Case(
        SFTP,
        local(sftp=CommandResult(1, "Forbidden"), openssh=NEW),
        NOT_CHECKED,
        "status 1: Forbidden",
    ),
    Case(
        SFTP,
        local(sftp=CommandResult(255, ""), nova_ssh=CommandResult(255, "x")),
        SKIP,
        "see nova-can-ssh",
    ),
    Case(SFTP, local(sftp=Unread("no answer")), UNKNOWN, "no answer"),
    Case(
        SFTP,
        local(
            sftp=CommandResult(255, NO_SUBSYSTEM),
            source=config.healthy(
                "HostB", libvirt__remote_filesystem_transport="rsync"
            ),
        ),
        SKIP,
        "rsync",
    ),
    Case(
        SFTP,
        local(
            sftp=CommandResult(255, NO_SUBSYSTEM),
            openssh=NEW,
            destination=contained("HostC"),
        ),
        FAIL,
        "does not work",
        "kolla: nova_ssh",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check(case):
    prove_way(case)
