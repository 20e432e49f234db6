"""Masking of secrets: none is left, nothing else is changed."""

import pathlib

import pytest

from osc_migrate.checks.findings import Finding, Status
from osc_migrate.commands import base, junit
from osc_migrate.facts import Unread
from osc_migrate.maintenance.running.journal import Journal
from osc_migrate.nodes import survey_file
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.collect import Survey
from osc_migrate.nodes.role import Role
from osc_migrate.nodes.transport import ansible, target
from osc_migrate.redact import mask_secrets
from osc_migrate.tests.unit import secret_shapes as shapes

_MARKS = (shapes.HIDDEN, shapes.RAW[:12], "eyJzdWIi", "K1VYBAAhunter2z")


def leaked(text):
    return [mark for mark in (*_MARKS, shapes.PEM[:20]) if mark in text]


def test_the_corpora_are_large_and_each_shape_is_one():
    assert len(set(shapes.SECRETS)) >= 150
    assert len(set(shapes.HARMLESS)) >= 60
    for text in shapes.SECRETS:
        assert leaked(text), text


@pytest.mark.parametrize("text", shapes.SECRETS, ids=ascii)
def test_no_secret_is_left(text):
    for whole in (
        text,
        f"2026-11-23 12:00:03.000 1 ERROR nova.compute [-] {text} (HTTP 500)",
        f"first\n{text}\nlast",
    ):
        assert not leaked(mask_secrets(whole)), mask_secrets(whole)


@pytest.mark.parametrize("text", shapes.HARMLESS, ids=ascii)
def test_what_is_no_secret_stays(text):
    for whole in (text, f"first line\n{text}\nlast line"):
        assert mask_secrets(whole) == whole


def test_masking_twice_changes_nothing_more():
    for text in shapes.SECRETS:
        assert mask_secrets(mask_secrets(text)) == mask_secrets(text)


def test_what_stands_beside_a_secret_is_kept():
    for text, kept in (
        ('{"adminPass": "x1", "host": "HostC"}', '"host": "HostC"'),
        ("{'password': 'x1', 'name': 'vm1'}", "'name': 'vm1'"),
        (f"virsh secret-set-value {shapes.UUID} x1", shapes.UUID),
        ("rabbit://nova:x1@10.0.0.1:5672/", "@10.0.0.1:5672/"),
        ("password = x1 HostC", "HostC"),
    ):
        assert "x1" not in mask_secrets(text)
        assert kept in mask_secrets(text)


class _Args:
    formatter = "table"


def _saved(text):
    answers = {"HostB": {"a": Answer(0, text, text), "b": Unread(text)}}
    lost = {"HostC": Unread(text)}
    roles = dict.fromkeys(("HostB", "HostC"), Role.COMPUTE)
    return survey_file.dumps(Survey(roles, answers, lost))


def test_no_secret_reaches_an_outlet(tmp_path, capsys):
    """Facts file, JUnit file, journal, cells of every format, and stderr."""
    path = str(tmp_path / "junit.xml")
    book = Journal.create(tmp_path / "runs")
    for text in shapes.SECRETS:
        assert not leaked(_saved(text)), text
        findings = [
            Finding("a-check", "HostC", status, text, text)
            for status in Status
        ]
        junit.write(path, "suite", findings)
        assert not leaked(pathlib.Path(path).read_text()), text
        book.note("refused", "1", reason=text)
        book.note("row", "1", row={"reason": text})
        args = _Args()
        for args.formatter in ("table", "value", "shell", "json", "yaml"):
            assert not leaked(repr(base.cells(args, (text, 1)))), text
        base.say(text)
    book.close()
    assert not leaked(book.path.read_bytes().decode(errors="replace"))
    out = capsys.readouterr()
    assert not leaked(out.out + out.err)


def test_a_reason_that_is_set_again_is_kept_as_it_is(tmp_path):
    book = Journal.create(tmp_path / "runs")
    reason = "disk swapped, password = x1"
    book.note("disable", host="HostB", enabled=True, reason=reason)
    assert book.last("disable").data["reason"] == reason
    book.close()


def test_no_secret_of_an_inventory_is_an_argument():
    names = ("password", "ssh_pass", "become_pass", "become_password")
    secrets = {f"ansible_{name}": shapes.HIDDEN for name in names}
    fields = ansible._fields(
        "HostB", secrets | {"ansible_host": "10.0.0.2", "os_password": "x1"}
    )
    argv = target.Target("HostB", **fields).argv
    assert "10.0.0.2" in argv
    assert not leaked(repr((fields, argv)))
