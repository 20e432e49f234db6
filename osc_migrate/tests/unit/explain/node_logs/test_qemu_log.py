"""QEMU's log on the destination: the question, its answer, and the result."""

import os
import subprocess

import pytest

from osc_migrate.explain import message_choice
from osc_migrate.explain.joiner import explain
from osc_migrate.explain.node_logs import parsing, qemu_log
from osc_migrate.explain.node_logs.lines import LineFilter, Logs
from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer
from osc_migrate.tests.unit import nova_logs, past
from osc_migrate.tests.unit.nova_logs import OTHER, SERVER, WANTED

PLACE = "/var/log/libvirt/qemu/instance-00000001.log"
# QEMU, migration/vmstate.c and savevm.c, as a destination prints them.
STATE = (
    "qemu-system-x86_64: error while loading state for instance 0x0 of device"
    " '0000:00:03.0/virtio-net'"
)
FEATURES = (
    "qemu-system-x86_64: Features 0x130afffa7 unsupported. Allowed features:"
    " 0x10179bfffe7"
)
# RHEL-6688 and kvm(4): the host's kernel or microcode offers less.
MSR = "qemu-kvm: error: failed to set MSR 0x38f to 0x7000000ff"


def block(*said, server=SERVER, seconds=2.0, end="failed"):
    """A start of a guest, as libvirt 9.0 and QEMU 7.2 write it down."""
    start = f"{past.at(seconds):%Y-%m-%d %H:%M:%S}.101+0000"
    return [
        f"{start}: starting up libvirt version: 9.0.0, qemu version: 7.2.0,"
        " hostname: HostC",
        "LC_ALL=C \\",
        "QEMU_AUDIO_DRV=none \\",
        "/usr/bin/qemu-system-x86_64 \\",
        "-name guest=instance-00000001,debug-threads=on \\",
        f"-uuid {server} \\",
        "-incoming defer \\",
        "-msg timestamp=on",
        "char device redirected to /dev/pts/1 (label charserial0)",
        *(timed(text, seconds + 1) for text in said),
        f"{past.at(seconds + 2):%Y-%m-%d %H:%M:%S}.1+0000: shutting down,"
        f" reason={end}",
    ]


def timed(text, seconds=3.0):
    return f"{past.at(seconds):%Y-%m-%dT%H:%M:%S}.004567Z {text}"


@pytest.fixture
def node(tmp_path):
    """Asks a shell that finds QEMU's logs in `tmp_path`/qemu."""
    directory = tmp_path / "qemu"
    directory.mkdir()

    def asked(wanted=WANTED):
        script = qemu_log.question(wanted).text
        # No libvirt of this machine.
        script = script.replace("\nfind_libvirt\n", "\ncore_root=\n")
        script = script.replace("/var/log/libvirt", str(tmp_path))
        done = subprocess.run(
            ["sh"],
            input=script,
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            timeout=60,
        )
        answer = Answer(done.returncode, done.stdout, done.stderr)
        return qemu_log.read("HostC", wanted, answer)

    asked.directory = directory
    return asked


def put(node, *blocks, name="instance-00000001.log"):
    text = "\n".join(line for lines in blocks for line in lines) + "\n"
    (node.directory / name).write_text(text)


def texts(log):
    return [line.text for line in log.lines if line.level == "ERROR"]


def test_what_qemu_said_in_the_move_and_no_more(node):
    put(
        node,
        block(MSR, seconds=-9000),
        block(STATE, FEATURES),
        block(MSR, server=OTHER),
        block(MSR, seconds=9000),
    )
    put(node, block(MSR, server=OTHER), name="instance-00000002.log")
    log = node()
    assert texts(log) == [STATE, FEATURES]
    assert not log.doubts
    (place,) = log.places
    assert place.endswith("/qemu/instance-00000001.log")
    assert log.lines[1].time == past.at(3)


def test_no_word_of_the_command_line_leaves_the_node(node):
    put(node, block(STATE))
    assert not any("-name" in line.text for line in node().lines)


def test_a_log_that_was_begun_anew_during_the_move(node):
    lines = block(STATE, FEATURES)
    put(node, lines[:10], name="instance-00000001.log.0")
    put(node, lines[10:])
    assert texts(node()) == [STATE, FEATURES]


def test_a_link_is_not_followed(node, tmp_path):
    (tmp_path / "elsewhere").write_text("\n".join(block(STATE)))
    (node.directory / "x.log").symlink_to(tmp_path / "elsewhere")
    assert not node().lines


def test_a_log_from_before_the_move_is_not_read(node):
    put(node, block(STATE))
    old = past.at(-600).timestamp()
    os.utime(node.directory / "instance-00000001.log", (old, old))
    assert not node().places


def test_without_the_directory_that_is_said(node):
    node.directory.rmdir()
    (doubt,) = node().doubts
    assert doubt.startswith("there is no ")


def test_a_server_without_an_id():
    wanted = LineFilter("", WANTED.request, WANTED.since, WANTED.until)
    with pytest.raises(Unread, match="no ID"):
        qemu_log.question(wanted)


def said(*lines, more=".\n"):
    rows = [f"={PLACE}", *(f"|{line}" for line in lines)]
    return Answer(0, "\n".join((*rows, more)))


def read(answer):
    return qemu_log.read("HostC", WANTED, answer)


@pytest.mark.parametrize(
    "answer, doubt",
    (
        (Unread("no answer in 20 s"), "QEMU's log: no answer in 20 s"),
        (
            Answer(0, "!/var/log/libvirt/qemu may not be read: it takes root"),
            "it takes root",
        ),
        (said(more=""), "not read to its end"),
        (Answer(0, ""), "not read to its end"),
    ),
)
def test_what_is_not_known(answer, doubt):
    log = read(answer)
    assert not log.lines
    assert any(doubt in one for one in log.doubts)
    notes = list(message_choice.notes(Logs((), {}, "", (log,))))
    assert any(note.startswith("HostC: ") and doubt in note for note in notes)


@pytest.mark.parametrize(
    "line",
    (
        "no time of its own, and none before it",
        timed(STATE, -3600),
        timed(STATE, 3600),
        timed("qemu-system-x86_64: terminating on signal 15 from pid 9"),
        timed("qemu-system-x86_64: warning: TSC frequency mismatch"),
        "2026-99-99T00:00:00.0Z x",
        f"{past.at(3):%Y-%m-%d %H:%M:%S}.1+0000: shutting down",
    ),
)
def test_what_is_no_error_of_the_move(line):
    assert not texts(read(said(line)))


def test_a_line_without_a_time_belongs_to_that_before():
    lines = read(said(timed("KVM: entry failed, hardware error 0x8"), "EAX=0"))
    assert texts(lines) == ["KVM: entry failed, hardware error 0x8", "EAX=0"]


def test_secrets_are_masked():
    (line,) = read(said(timed("x password=hunter2 y"))).lines
    assert "hunter2" not in line.text


ENDINGS = (
    "operation failed: job 'migration out' unexpectedly failed",
    "operation failed: migration out job: unexpectedly failed",
    "operation failed: job: unexpectedly failed",
)
# What QEMU says, and the cause that is named then.
REASONS = {
    FEATURES: "virtio-features-differ",
    MSR: "cpu-state-refused",
    STATE: "device-state-refused",
    # https://github.com/AlmaLinux/almalinux-deploy/issues/196
    "qemu-kvm: Missing section footer for 0000:00:01.3/piix4_pm": (
        "device-state-refused"
    ),
    "qemu-kvm: words that no cause is known of": "copy-broke-off",
}


def explained(*lines, message="", doubts=False):
    answer = said(*lines) if lines or not doubts else Answer(0, "!denied\n.")
    nova = nova_logs.answer(
        *(nova_logs.failure(message) if message else ()),
        nova_logs.line("x", "INFO"),
    )
    both = Logs(
        (parsing.read("HostB", WANTED, nova),), {}, "", (read(answer),)
    )
    attempt = past.attempt(*past.prepared(), past.event(past.QUEUE, "HostB"))
    return explain(past.history(), attempt, True, both)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("reason", REASONS)
def test_the_reason_behind_a_general_end(ending, reason):
    explanation = explained(timed(reason), message=ending)
    assert explanation.cause == REASONS[reason]
    # With the file and the time.
    shown = f"QEMU on HostC ({PLACE}, 2026-11-23T12:00:03Z): {reason}"
    assert explanation.said == (shown,)
    assert f"HostC {PLACE}: 2026-11-23T12:00:03Z ERROR {reason}" in (
        explanation.logs
    )


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_qemu_said_before_the_move_is_no_reason(ending):
    explanation = explained(timed(MSR, -3600), message=ending)
    assert explanation.cause == "copy-broke-off"
    assert not explanation.said


def test_a_reason_of_novas_is_not_replaced():
    explanation = explained(timed(STATE), message=nova_logs.REFUSED)
    assert explanation.cause == "libvirt-refused"
    assert not explanation.said


def test_what_could_not_be_read_is_a_note():
    explanation = explained(message=ENDINGS[0], doubts=True)
    assert explanation.cause == "copy-broke-off"
    assert "HostC: denied" in explanation.note
