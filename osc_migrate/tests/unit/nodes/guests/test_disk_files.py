"""Disk files that QEMU holds and no path leads to any more."""

import os
import subprocess

import pytest

from osc_migrate.checks.check import judge
from osc_migrate.checks.findings import Status
from osc_migrate.facts import Unread
from osc_migrate.nodes.guests import lost_files
from osc_migrate.nodes.guests import reading as guests
from osc_migrate.nodes.guests.checks import GUEST
from osc_migrate.nodes.guests.facts import LostFile
from osc_migrate.nodes.node_checks import judge_after_on_nodes
from osc_migrate.tests.unit.nodes.guests.test_checks import moving, node
from osc_migrate.tests.unit.nodes.guests.test_reading import ONE, XML, said
from osc_migrate.tests.unit.nodes.shapes import guests as shape
from osc_migrate.tests.unit.nodes.shells import SHELLS, ask

SERVER = shape.SERVER
BEFORE = "guests-disk-files-are-there"
AFTER = "disk-files-are-there-after-the-move"
HELD = LostFile(shape.DISK, "/proc/4711/fd/12")
GONE = LostFile(shape.DISK, "")


def on(name, lost):
    running = {SERVER: shape.domain(lost_files=lost)}
    return node(
        name,
        running=running,
        domains=frozenset({SERVER}),
        active=frozenset({SERVER}),
    )


def before(lost):
    facts = moving(source=on("HostB", lost))
    return {f.check: f for f in judge(GUEST, facts, facts.kind)}[BEFORE]


def after(lost):
    gone = frozenset()
    source = node("HostB", running={}, domains=gone, active=gone)
    facts = moving(source=source, destination=on("HostC", lost))
    found = {f.check: f for f in judge_after_on_nodes(facts)}
    assert {c for c, f in found.items() if f.status >= Status.WARN} <= {AFTER}
    return found[AFTER]


@pytest.mark.parametrize("where, name", [(before, "HostB"), (after, "HostC")])
@pytest.mark.parametrize(
    "lost, status, words, remedy",
    [
        ((), "PASS", "all of them", ""),
        (
            (HELD,),
            "FAIL",
            f"{shape.DISK} on NAME: deleted",
            f"On NAME: virsh suspend {SERVER} && cp --sparse=always"
            f" /proc/4711/fd/12 {shape.DISK} && chown",
        ),
        ((GONE,), "FAIL", "deleted", "On NAME, ls -l /proc/PID/fd"),
        (Unread("only root"), "NOT_CHECKED", "only root", ""),
    ],
)
def test_disk_files(where, name, lost, status, words, remedy):
    finding = where(lost)
    assert finding.status.name == status
    assert words.replace("NAME", name) in finding.detail
    assert remedy.replace("NAME", name) in finding.remedy


def test_a_guest_that_is_off_has_none_open():
    facts = moving(destination=node("HostC", running={}))
    found = {f.check: f for f in judge_after_on_nodes(facts)}
    assert found[AFTER].status is Status.SKIP


def read(head):
    text = f"#guest {ONE} 17\n{head}{XML}"
    return guests.read(said(all="", each=text)).running[ONE]


def test_what_a_node_says():
    lost = "pid 4711\nheld 12 /a b\nheld 13 /a b\ngone /a b\ngone /c\nend\n"
    domain = read(lost)
    assert domain.machine == "pc-i440fx-7.2"
    assert domain.lost_files == (
        LostFile("/a b", "/proc/4711/fd/12"),
        LostFile("/c", ""),
    )
    assert read("pid 4711\nend\n").lost_files == ()


@pytest.mark.parametrize("head", ["", "pid 4711\n", "pid x\nend\n", "end\n"])
def test_what_is_no_answer(head):
    with pytest.raises(Unread, match=r"holds|number"):
        _ = read(head).lost_files


@pytest.mark.parametrize("shell", SHELLS, ids=lambda argv: argv[0])
def test_a_process_that_holds_a_deleted_file(shell, tmp_path):
    kept, lost, gone = (tmp_path / name for name in ("kept", "lo st", "gone"))
    kept.write_text("")
    with lost.open("w") as held:
        lost.unlink()
        xml = "".join(
            f"<disk type='file'>\n<source file='{path}' index='1'/>\n</disk>"
            for path in (kept, lost, gone)
        )
        script = lost_files.SCRIPT.replace("%%", "%")
        text = f'{script}\nlost_files {os.getpid()} "{xml}"'
        found = lost_files.read(ask(shell, text).out)
        where = f"/proc/{os.getpid()}/fd/{held.fileno()}"
    assert found == (LostFile(str(lost), where), LostFile(str(gone), ""))


def test_a_process_that_has_ended():
    ended = subprocess.Popen(["true"])
    ended.wait()
    text = lost_files.SCRIPT.replace("%%", "%") + f"lost_files {ended.pid} ''"
    with pytest.raises(Unread):
        lost_files.read(ask(SHELLS[0], text).out)
