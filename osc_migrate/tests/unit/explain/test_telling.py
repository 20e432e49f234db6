"""The faults of real clouds, as the API and the source's log show them."""

import pytest

from osc_migrate.explain import message_choice
from osc_migrate.explain.joiner import explain
from osc_migrate.explain.node_logs.lines import Logs
from osc_migrate.explain.node_logs.parsing import read
from osc_migrate.tests.unit import past, shapes
from osc_migrate.tests.unit.nova_logs import (
    MANAGER,
    PATH,
    REFUSED,
    WANTED,
    answer,
    failure,
    line,
)

CONNECT = "unable to connect to server at "
NO_HOST = past.refused("")[1]
SSH = (
    "Resize error: not able to execute ssh command: Unexpected error while"
    " running command.\nCommand: ssh -o BatchMode=yes 10.77.0.13 mkdir -p"
    " /var/lib/nova/instances/x\nExit code: 255\nStdout: ''\nStderr: "
)

# What was done to a lab of Nova 34, libvirt 9.0 and QEMU 7.2 -> what the
# source's log said after 'Live Migration failure', and the cause.
LOGGED = {
    "libvirtd-tcp.socket does not listen": (REFUSED, "libvirt-refused"),
    "port 16509 rejected": (REFUSED, "libvirt-refused"),
    "port 16509 dropped": (
        f"{CONNECT}'10.77.0.13:16509': Connection timed out",
        "libvirt-unreachable",
    ),
    "ports 49152-49261 rejected": (
        f"{CONNECT}'10.77.0.13:49152': Connection refused",
        "data-port-closed",
    ),
    "ports 49152-49261 dropped": (
        "Timed out during operation: cannot acquire state change lock (held"
        " by monitor=remoteDispatchDomainMigratePerform3Params)",
        "data-port-silent",
    ),
    "name not resolvable": (
        "Unable to resolve address 'HostC' service '16509': Temporary"
        " failure in name resolution",
        "destination-name-unknown",
    ),
    "name of an unused address": (
        f"{CONNECT}'HostC:16509': No route to host",
        "libvirt-unreachable",
    ),
    "name of a host without libvirtd": (
        f"{CONNECT}'HostC:16509': Connection refused",
        "libvirt-refused",
    ),
    "name of the source": (
        "internal error: Attempt to migrate guest to the same host"
        " 22222222-bbbb-4222-8222-0000000000b2",
        "destination-is-source",
    ),
    "certificate of another CA, or for another name": (
        "authentication failed: Failed to verify peer's certificate",
        "certificate-refused",
    ),
    "no client certificate": (
        "Unable to read TLS confirmation: Input/output error",
        "certificate-missing",
    ),
    "aborted": (
        "operation aborted: job 'migration out' canceled by client",
        "migration-aborted",
    ),
}
# The others: the API has their words, and the log nothing.
TOLD = {
    "libvirtd stopped": (
        (
            past.event(
                past.CONDUCTOR, "controller", "No valid host was found. "
            ),
        ),
        "no-valid-host",
    ),
    "shared directory not mounted": (
        past.refused(
            "HostB is not on shared storage: Shared storage live-migration"
            " requires either shared storage or boot-from-volume with no"
            " local disks."
        ),
        "shared-storage-missing",
    ),
    "shared directory read-only": (
        (
            past.event(past.CHECK, "HostC", "OSError", 2),
            past.event(
                past.CONDUCTOR,
                "controller",
                "Migration error: [Errno 30] Read-only file system",
            ),
        ),
        "storage-read-only",
    ),
    "instances_path of root, or another uid": (
        (
            past.event(past.CHECK, "HostC", "PermissionError", 2),
            past.event(
                past.CONDUCTOR,
                "controller",
                "Migration error: [Errno 13] Permission denied",
            ),
        ),
        "storage-forbidden",
    ),
    "no private key": (
        (
            past.event(
                "compute_resize_instance",
                "HostB",
                f"{SSH}'nova@10.77.0.13: Permi",
            ),
        ),
        "ssh-key-refused",
    ),
    "unknown host key": (
        (
            past.event(
                "compute_resize_instance",
                "HostB",
                f"{SSH}'Host key verification ",
            ),
        ),
        "ssh-host-key-unknown",
    ),
    "port 22 rejected": (
        (
            past.event(
                "compute_resize_instance",
                "HostB",
                f"{SSH}'ssh: connect to host 1",
            ),
        ),
        "ssh-unreachable",
    ),
}


def logs(*lines, node="HostB", **changes):
    log = read(node, WANTED, answer(*lines))
    return Logs((log,), {}, "zgrep it")


def told(logged, *events, **changes):
    return explain(
        past.history(**changes),
        past.attempt(*(events or past.prepared())),
        True,
        logged,
    )


@pytest.mark.parametrize("message, id", LOGGED.values(), ids=LOGGED)
def test_what_the_log_says(message, id):
    said = told(logs(*failure(message)))
    assert said.cause == id
    assert said.failed_host == "HostB"
    assert said.message == f"Live Migration failure: {message}"
    assert said.meaning and said.next
    first, *others = said.logs
    assert first == (
        f"HostB {PATH}: 2026-11-23T12:00:03Z ERROR Live Migration failure:"
        f" {message}"
    )
    # Its tracebacks repeat it.
    assert [one.partition("ERROR ")[2] for one in others] == [
        "Migration operation has aborted"
    ]


@pytest.mark.parametrize("events, id", TOLD.values(), ids=TOLD)
def test_what_the_api_says_with_an_empty_log(events, id):
    assert told(None, *events).cause == id
    said = told(logs(), *events)
    assert (said.cause, said.logs) == (id, ())
    assert f"no error of this move on HostB in {PATH}" in said.note


def test_a_guest_that_never_converged_was_not_just_aborted():
    said = told(
        logs(
            line("Live migration not completed after 1800 sec", "WARNING"),
            *failure(
                "operation aborted: job 'migration out' canceled by client"
            ),
        )
    )
    assert said.cause == "guest-never-converged"


def test_up_to_nova_32_it_was_cancelled():
    lines = (
        line("Live migration not completed after 1800 sec", "WARNING"),
        line("Migration operation was cancelled", "WARNING"),
    )
    said = explain(
        past.history(),
        past.attempt(*past.prepared(), record=past.record("cancelled")),
        True,
        logs(*lines),
    )
    assert said.cause == "guest-never-converged"
    assert "post-copy" in said.next
    assert "not completed" in said.logs[0]


def test_the_log_tells_why_nobody_ends_it():
    lines = failure("Timed out waiting for a reply to message ID 1")
    open_ = past.attempt(*past.prepared(), record=past.record("running"))
    said = explain(past.history(), open_, True, logs(*lines))
    assert said.cause == "destination-silent"
    # What is under way has no such cause, whatever was logged.
    busy = past.history(now=shapes.server(task_state="migrating"))
    assert explain(busy, open_, True, logs(*lines)).cause == ""


def test_the_log_tells_that_nova_watches_it_no_more():
    """Seen: the record stays 'running', the guest has moved."""
    words = "Error monitoring migration: Timed out waiting for a reply to 1"
    open_ = past.attempt(*past.prepared(), record=past.record("running"))
    busy = past.history(now=shapes.server(task_state="migrating"))
    said = explain(busy, open_, True, logs(line(words, "WARNING")))
    assert said.cause == "services-lost-touch"
    assert "virsh list --all" in said.next


def test_a_timeout_amid_the_copy_is_not_the_destination():
    lines = failure("Timed out waiting for a reply to message ID 1")
    said = told(logs(*lines), *past.prepared())
    assert said.cause == "services-lost-touch"


def test_words_of_the_api_are_not_overruled():
    shared = "HostB is not on shared storage: Shared storage live-migration"
    said = told(logs(*failure(REFUSED)), *past.refused(shared))
    assert said.cause == "shared-storage-missing"
    assert REFUSED in said.logs[0]


def test_why_a_host_was_passed_over():
    skipped = line(
        "Skipping host: HostC because: Migration pre-check error: Unacceptable"
        " CPU info: CPU doesn't have compatibility.",
        "DEBUG",
        "nova.conductor.tasks.live_migrate",
    )
    said = told(logs(skipped, node="HostA"), NO_HOST)
    assert said.cause == "cpu-incompatible"


def test_which_filter_left_no_host():
    lines = [
        line(text, "INFO", "nova.filters", who="[req-8f0d] ")
        for text in (
            "Filter AvailabilityZoneFilter returned 0 hosts",
            "Filtering removed all hosts for the request",
        )
    ]
    said = told(logs(*lines, node="HostA"), NO_HOST)
    assert said.cause == "no-valid-host"
    assert "AvailabilityZoneFilter" in said.logs[0]


def test_words_that_nobody_knows_are_shown():
    said = told(logs(*failure("the cable is out")))
    assert (said.cause, said.message) == (
        "",
        "Live Migration failure: the cable is out",
    )
    assert said.meaning.startswith("no known cause")
    assert "the cable is out" in said.logs[0]


def test_chatter_is_not_shown():
    lines = (
        line("VM Paused (Lifecycle Event)", "INFO"),
        line("Took 1 seconds to wait for the console", "INFO"),
        line("Traceback (most recent call last):", logger=MANAGER, who=""),
    )
    assert message_choice.lines(logs(*lines)) == []


def test_a_node_that_was_not_reached():
    lost = Logs((), {"HostB": "its host key is not known"}, "zgrep it")
    said = told(lost)
    assert "HostB's log was not read: its host key is not known" in said.note
    assert "by hand, there: zgrep it" in said.note
    assert "grep" in said.next


def test_without_the_nodes_their_command_is_named():
    assert "openstack migrate explain vm1 --nodes" in told(None).next
    assert "--nodes" not in told(logs()).next
    old = explain(past.history(), past.attempt(*past.prepared()), False)
    assert f"--migration {old.migration_id} --nodes" in old.next
