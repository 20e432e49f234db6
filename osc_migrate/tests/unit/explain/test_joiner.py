"""Facts in, an explanation out: what real clouds had to show."""

import pytest

from osc_migrate.explain.joiner import explain
from osc_migrate.facts import Unread
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.past import (
    CHECK,
    CHECK_SOURCE,
    CONDUCTOR,
    NO_HOST,
    PREPARE,
    QUEUE,
    action,
    at,
    attempt,
    event,
    history,
    prepared,
    record,
    refused,
)

SHARED = "HostB is not on shared storage: Shared storage live-migration"
FINISH = "compute_post_live_migration_at_destination"
SSH = "Resize error: not able to execute ssh command: Stderr: 'Host key veri"


def told(*events, past=None, newest=True, **changes):
    return explain(past or history(), attempt(*events, **changes), newest)


def test_a_check_that_refuses_is_named_and_not_the_summary():
    said = told(*refused(SHARED))
    assert (said.failed_step, said.failed_host) == (CHECK, "HostC")
    assert said.message == SHARED
    assert said.cause == "shared-storage-missing"
    assert said.reached == "checking"
    assert "migrate block" in said.next
    assert said.said == (
        f"{CHECK} on HostC: {SHARED}",
        f"{CONDUCTOR} on controller: {NO_HOST}",
    )


def test_the_innermost_step_is_the_one():
    same = {"finish": at(4)}
    wrapped = f"Migration pre-check error: Error while ...: {SHARED}"
    said = told(
        event(CONDUCTOR, "controller", NO_HOST, **same),
        event(CHECK, "HostC", wrapped, **same),
        event(CHECK_SOURCE, "HostB", SHARED, **same),
    )
    assert (said.failed_step, said.failed_host) == (CHECK_SOURCE, "HostB")
    assert said.message == SHARED
    # Once, however many passed it on.
    assert said.said == (
        f"{CHECK_SOURCE} on HostB: {SHARED}",
        f"{CONDUCTOR} on controller: {NO_HOST}",
    )


def test_a_second_cause_of_the_same_message_is_named():
    both = (
        "[Errno 28] No space left on device; Failed to delete binding for"
        " port(s) 1 on host HostC"
    )
    explanation = told(*refused(both))
    assert explanation.cause == "port-binding-left-over"
    assert "also shows disk-full (" in explanation.note
    assert "also shows" not in told(*refused(SHARED)).note


def test_a_general_end_gives_way_to_a_reason():
    end = "internal error: QEMU unexpectedly closed the monitor"
    assert told(*refused(end)).cause == "qemu-ended"
    reason = f"{end}: qemu-system-x86_64: failed to set MSR 0xda0 to 0x100"
    explanation = told(*refused(reason))
    assert explanation.cause == "cpu-state-refused"
    assert "also shows" not in explanation.note


def test_an_exceptions_bare_name_gets_its_callers_words():
    said = told(
        event(CHECK, "HostC", "OSError", 2),
        event(
            CONDUCTOR,
            "controller",
            "Migration error: [Errno 30] Read-only file system",
            finish=at(5),
        ),
    )
    assert said.message.startswith("OSError; Migration error: [Errno 30]")
    assert len(said.said) == 2
    assert said.cause == "storage-read-only"
    assert said.failed_host == "HostC"


def test_a_step_that_fails_later_is_named():
    events = (event(PREPARE, "HostC", "Virtual interface plugin failed", 4),)
    said = told(*events, *prepared()[1:])
    assert (said.failed_step, said.failed_host) == (PREPARE, "HostC")
    assert (said.reached, said.cause) == ("preparing", "port-plug-failed")


def test_unknown_words_have_no_cause_but_a_log():
    said = told(*refused("injected"))
    assert (said.cause, said.check) == ("", "")
    assert "see the message" in said.meaning
    assert "on HostC: grep" in said.next and "nova-compute" in said.next


def test_a_copy_that_fails_has_no_reason_but_a_log():
    """libvirt's words never reach the API (seen with Nova 34)."""
    said = told(*prepared())
    assert (said.failed_step, said.failed_host) == ("guest-copy", "HostB")
    assert (said.reached, said.message, said.cause) == ("prepared", "", "")
    assert "API shows no reason" in said.meaning
    assert said.log.host == "HostB"
    assert "'Live Migration failure'" in said.next


def test_a_copy_that_somebody_aborted_is_an_error_since_nova_33():
    past = history(actions=(action("live_migration_cancel", 3), action()))
    said = told(*prepared(), past=past)
    assert said.cause == "migration-aborted"
    assert "aborted by user me" in said.note


@pytest.mark.parametrize("when", [-10, 90])
def test_an_abort_of_another_move_is_none_of_this(when):
    past = history(actions=(action("live_migration_cancel", when),))
    assert told(*prepared(), past=past).cause == ""


def test_the_scheduler_alone_has_only_a_summary():
    said = told(event(CONDUCTOR, "controller", NO_HOST))
    assert said.cause == "no-valid-host"
    assert said.failed_step == CONDUCTOR
    assert "nova-scheduler" in said.next and "req-0" in said.next


def test_a_dead_destination_is_known_by_the_wait():
    """Seen: 62.6 s, and no more than the summary."""
    waited = record(updated_at=at(63))
    said = told(event(CONDUCTOR, "controller", NO_HOST), record=waited)
    assert said.cause == "destination-silent"


@pytest.mark.parametrize("words", ["", "MessagingTimeout"])
def test_one_that_broke_off_behind_the_copy(words):
    """Seen: with RabbitMQ restarted, or nova-conductor hanging, just then."""
    open_ = event(FINISH, "HostC", finish=None)
    finish = event(FINISH, "HostC", words) if words else open_
    said = told(*prepared(), finish)
    assert said.cause == "finish-broken-off"
    assert (said.failed_step, said.failed_host) == (FINISH, "HostC")
    # A reason that is known is better.
    said = told(*prepared(), event(FINISH, "HostC", SHARED))
    assert said.cause == "shared-storage-missing"


def test_a_guest_that_died_in_the_copy():
    """Seen: of an assertion of QEMU's, and Nova calls the copy complete."""
    missing = "Instance vm1 could not be found."
    said = told(*prepared(), event(FINISH, "HostC", missing))
    assert said.cause == "guest-is-gone"
    # Before that step it is another story.
    said = told(*prepared(), event(QUEUE, "HostB", missing))
    assert said.cause == "guest-moved-without-nova"


def test_a_host_that_is_not_well_now_is_a_hint():
    lost = "AUTO: Connection to libvirt lost: 1"
    ill = shapes.host(status="disabled", disabled_reason=lost)
    said = told(*refused("x"), past=history(hosts={"HostC": ill}))
    assert said.note == f"now HostC is disabled ({lost})"


def test_several_hosts_make_attribution_doubtful():
    said = told(
        event(CHECK, "HostC", SHARED, 2),
        event(CHECK, "HostD", when=3, finish=None),
        event(CONDUCTOR, "controller", NO_HOST, finish=at(6)),
        record=record(destination=None),
    )
    assert said.failed_host == "HostC, HostD"
    assert said.destination is None
    assert "2 hosts were tried, HostC, HostD" in said.note


def test_one_host_that_was_asked_is_the_destination():
    said = told(*refused("x"), record=record(destination=None))
    assert said.destination == "HostC"


def test_a_message_that_nova_cut_says_so():
    said = told(*refused("x" * 255))
    assert "cut the message at 255" in said.note


def test_a_step_that_never_ended_is_the_one():
    said = told(
        event("compute_resize_instance", "HostB", when=2, finish=None),
        event("compute_prep_resize", "HostC"),
        record=record(type="migration"),
    )
    assert said.failed_step == "compute_resize_instance"
    assert (said.failed_host, said.kind) == ("HostB", "cold")
    assert said.reached == "running"


def test_a_cold_one_ends_with_its_last_step():
    steps = event("compute_finish_resize", "HostC", when=9)
    late = record("confirmed", type="migration", updated_at=at(9999))
    assert told(steps, record=late).seconds == 10.0


def test_ssh_words_that_nova_cut_are_known():
    said = told(
        event("compute_resize_instance", "HostB", SSH),
        record=record(type="migration"),
    )
    assert said.cause == "ssh-host-key-unknown"


def test_below_2_84_the_code_stands_for_the_words():
    old = Unread("microversion 2.84")
    code = "raise exception.InvalidSharedStorage(path=source)"
    said = told(
        event(CHECK, message=old, failed=True, host=old, raised=code),
        action=action(),
    )
    assert said.cause == "shared-storage-missing"
    assert said.message == code
    assert said.failed_host == "HostC"  # by the step's role
    assert "2.84" in said.note and "line of code" in said.note


def test_words_that_may_not_be_read_name_the_policy():
    hidden = Unread("policy events:details")
    said = told(event(CHECK, message=hidden, failed=True))
    assert said.message == "" and said.cause == ""
    assert said.note == "policy events:details"
    assert "shows no message" in said.meaning


def test_steps_that_may_not_be_read_name_the_policy():
    said = told(events=Unread("HTTP 403; policy show"))
    assert (said.failed_step, said.failed_host) == ("", "")
    assert "policy show" in said.meaning
    assert "on HostB: grep" in said.next


def test_a_fault_of_that_time_is_the_message():
    now = shapes.server(status="ERROR", fault="Oops: x", faulted_at=at(5))
    said = told(*prepared(), past=history(now=now))
    assert said.message == "the server's fault says: Oops: x"
    assert "set --state active vm1" in said.next


def test_a_fault_of_another_time_is_not():
    now = shapes.server(status="ERROR", fault="Oops: x", faulted_at=at(-999))
    assert told(*prepared(), past=history(now=now)).message == ""


@pytest.mark.parametrize(
    "power, kind, advice",
    [
        (1, "live-migration", "its guest runs on HostB"),
        (4, "live-migration", "see whether the guest runs on HostB"),
        (1, "migration", "see whether the guest runs on HostB"),
    ],
)
def test_what_error_asks_for(power, kind, advice):
    now = shapes.server(status="ERROR", power_state=power)
    said = told(past=history(now=now), record=record(type=kind))
    assert advice in said.next


def test_an_older_attempt_says_nothing_of_now():
    now = shapes.server(status="ERROR")
    said = told(*prepared(), past=history(now=now), newest=False)
    assert "ERROR" not in said.next.partition("failure'")[2]
    good = told(record=record("completed"), newest=False)
    assert good.meaning == "it worked"


def test_success_says_so():
    there = history(now=shapes.server(host="HostC"))
    said = told(record=record("completed"), past=there)
    assert said.meaning == "it worked; the server is ACTIVE on HostC"
    assert (said.reached, said.cause, said.next) == ("completed", "", "")


def test_success_that_the_server_denies():
    said = told(record=record("completed"))
    assert "says 'completed'; the server is ACTIVE on HostB" in said.meaning
    assert said.next


@pytest.mark.parametrize(
    "kind, wanted",
    [
        ("migration", "openstack migrate cold vm1 --confirm"),
        ("resize", "openstack server resize confirm vm1"),
    ],
)
def test_one_waits_to_be_confirmed(kind, wanted):
    now = shapes.server(status="VERIFY_RESIZE", host="HostC")
    said = told(record=record("finished", type=kind), past=history(now=now))
    assert wanted in said.next


@pytest.mark.parametrize(
    "status, meaning",
    [
        ("running", "not busy"),
        ("cancelled", "aborted"),
        ("reverted", "was reverted"),
    ],
)
def test_other_ends(status, meaning):
    assert meaning in told(record=record(status)).meaning


def test_one_under_way_is_not_over():
    busy = history(now=shapes.server(task_state="migrating"))
    said = told(record=record("running (post-copy)"), past=busy)
    assert said.meaning.startswith("it has not ended")
    assert (said.reached, said.ended) == ("post-copy", None)


def test_a_request_without_record():
    said = told(record=None)
    assert (said.kind, said.status) == ("live", "unknown")
    assert "no migration record" in said.meaning
    assert told(record=None, action=action(failed=True)).status == "error"


def test_a_server_that_is_gone():
    said = told(*prepared(), past=history(now=None))
    assert "--deleted" in said.next


def test_nothing_but_a_record():
    bare = record(
        type=None,
        source=Unread("x"),
        destination=Unread("x"),
        created_at=Unread("x"),
        updated_at=Unread("x"),
    )
    said = told(record=bare, action=None, events=Unread("nothing fits"))
    assert said.kind == "unknown"
    assert (said.started, said.seconds, said.reached) == (None, None, None)
    assert "nothing fits" in said.meaning


def test_a_check_is_named_only_when_there_is_one():
    assert told(*refused(SHARED)).check == ""
    down = "Compute service of HostC is unavailable at this time."
    assert told(*refused(down)).check == "destination-is-up"


def test_a_flood_of_words_is_cut():
    said = told(*refused("a b\n" * 500_000))
    assert len(said.message) < 2100 and "\n" not in said.message


def test_steps_are_told_in_order():
    lines = told(*prepared()).steps
    assert lines[0] == f"{CONDUCTOR} on controller: ok 1.0 s"
    assert lines[3].startswith(QUEUE) and lines[4].startswith(PREPARE)
