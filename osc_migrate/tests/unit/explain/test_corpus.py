"""explain names the true cause of real messages, or none."""

import re

import pytest

from osc_migrate.explain import causes, message_choice
from osc_migrate.explain.node_logs.lines import LogLine
from osc_migrate.tests.unit.explain.corpus import CORPUS


def _named(message):
    found = causes.find([message])
    return found.id if found else ""


def test_no_message_of_the_corpus_gets_a_wrong_cause():
    wrong = [
        (cause, _named(message), message)
        for cause, _, message in CORPUS
        if _named(message) not in (cause, "")
    ]
    assert wrong == []


def test_nearly_every_message_gets_its_cause():
    right = sum(_named(message) == cause for cause, _, message in CORPUS)
    assert right / len(CORPUS) >= 0.95


def test_the_corpus_is_of_many_real_messages():
    assert len(CORPUS) >= 150
    messages = [message for _, _, message in CORPUS]
    assert len(set(messages)) == len(messages)
    ids = {cause.id for cause in causes.CAUSES}
    for cause, source, _ in CORPUS:
        assert cause in ids or not cause
        # A file of a project, or an address.
        assert re.search(r"\w/\w|\.(?:c|py)\b|https://", source), source


# Prefixes that Nova, virsh and logs put before a message.
WRAPPED = (
    "Live Migration failure: {0}: libvirt.libvirtError: {0}",
    "Migration error: {}",
    "error: {}",
)


@pytest.mark.parametrize("wrapper", WRAPPED)
def test_what_surrounds_a_message_does_not_change_its_cause(wrapper):
    wrong = [
        (cause, _named(wrapper.format(message)), message)
        for cause, _, message in CORPUS
        if _named(wrapper.format(message)) != cause
    ]
    assert wrong == []


# What Nova and libvirt add behind the reason, as other lines.
ENDINGS = (
    "No valid host was found. There are not enough hosts available.",
    "operation failed: job 'migration out' unexpectedly failed",
    "internal error: QEMU unexpectedly closed the monitor (vm='i-2a')",
)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_general_ending_hides_no_reason(ending):
    specific = [
        (cause, message)
        for cause, _, message in CORPUS
        if cause
        and not causes.cause_by_id(cause).general
        and not causes.cause_by_id(cause).summary
    ]
    assert len(specific) > 150
    for cause, message in specific:
        assert causes.find([ending, message]).id == cause
        assert causes.find([message, ending]).id == cause


def test_lines_of_logs_name_the_reason_before_the_end():
    def lines(*texts):
        return [
            LogLine("HostB", "journal", None, "ERROR", text) for text in texts
        ]

    end, reason = (
        "Live Migration failure: operation failed: job 'migration out'"
        " unexpectedly failed",
        'qemu-system-x86_64: Failed to get "write" lock',
    )
    assert message_choice.cause(lines(end)).id == "copy-broke-off"
    assert message_choice.cause(lines(end, reason)).id == "disk-locked"


@pytest.mark.parametrize(
    "text, best, besides",
    [
        ("Host key verification failed.", "ssh-host-key-unknown", []),
        # A general form of the same words is not another reason.
        (
            "unable to connect to server at 'h:16509': Connection refused",
            "libvirt-refused",
            [],
        ),
        # Nor is the end that follows it.
        (
            "internal error: QEMU unexpectedly closed the monitor:"
            " Cannot allocate memory",
            "memory-not-allocated",
            [],
        ),
        (
            "[Errno 28] No space left on device; Failed to delete binding for"
            " port(s) 1",
            "port-binding-left-over",
            ["disk-full"],
        ),
        ("nothing that is known", None, []),
    ],
)
def test_what_else_a_message_shows_is_named(text, best, besides):
    found = causes.find([text])
    assert (found.id if found else None) == best
    assert [cause.id for cause in causes.shown_besides([text])] == besides
