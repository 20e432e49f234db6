"""What a move is counted by, with nodes that are this machine."""

import argparse
import os
import sys
import time
import types

import pytest

from osc_migrate.cloud.migrations import Kind
from osc_migrate.commands import live_counters, terminal
from osc_migrate.tests.unit import shapes

VIRSH = """#!/bin/sh
printf 'Job type: 2\\n\\nmemory_total: 100\\nmemory_remaining: 40\\n'
"""


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """The options of a command that asks HostB: a local virsh."""
    program = tmp_path / "virsh"
    program.write_text(VIRSH)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setitem(sys.modules, "libvirt", None)
    inventory = tmp_path / "inventory"
    inventory.write_text("HostB local://\n")
    return argparse.Namespace(
        nodes=True,
        wait=True,
        inventory=str(inventory),
        ssh_config=None,
        ssh_user=None,
        sudo=False,
        connect_timeout=None,
    )


def counted(asked, kind=Kind.LIVE, facts=None):
    with live_counters.gauge(asked, facts or shapes.move(), kind) as counters:
        if counters is None:
            return None
        end = time.monotonic() + 20
        while (job := counters()) is None and time.monotonic() < end:
            time.sleep(0.02)
        return job


def test_virsh_tells_without_the_module(asked, monkeypatch, capsys):
    assert counted(asked).memory_remaining == 40
    # Who sees no line needs no advice about it.
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(terminal, "draws", lambda: True)
    assert counted(asked).memory_remaining == 40
    assert "pip install 'osc-migrate[libvirt]'" in capsys.readouterr().err


def test_a_run_counts_each_move(asked):
    count = live_counters.of_run(asked)
    with count(shapes.move(), Kind.LIVE) as counters:
        end = time.monotonic() + 20
        while (job := counters()) is None and time.monotonic() < end:
            time.sleep(0.02)
    assert job.memory_remaining == 40
    # What nothing can be counted of, and what is not reached, is followed
    # all the same.
    with count(shapes.move(), Kind.COLD) as counters:
        assert counters is None
    asked.inventory = "/no/such/inventory"
    with count(shapes.move(), Kind.LIVE) as counters:
        assert counters is None
    asked.nodes = False
    assert live_counters.of_run(asked) is None


def test_the_module_is_preferred(asked, monkeypatch):
    domain = types.SimpleNamespace(
        jobStats=lambda: {
            "type": 1,
            "memory_total": 100,
            "memory_remaining": 30,
            "errmsg": "no number",
        }
    )
    connection = types.SimpleNamespace(
        lookupByUUIDString=lambda id: domain, close=lambda: None
    )
    libvirt = types.SimpleNamespace(
        libvirtError=ValueError,
        registerErrorHandler=lambda handler, context: None,
        openReadOnly=lambda uri: connection,
    )
    monkeypatch.setitem(sys.modules, "libvirt", libvirt)
    assert counted(asked).memory_remaining == 30


@pytest.mark.parametrize(
    ("options", "kind", "facts"),
    [
        ({"nodes": False}, Kind.LIVE, shapes.move()),
        ({"wait": False}, Kind.LIVE, shapes.move()),
        ({}, Kind.COLD, shapes.move()),
        ({}, Kind.LIVE, shapes.move(source=None)),
    ],
)
def test_nothing_to_count(asked, options, kind, facts):
    asked.__dict__.update(options)
    assert counted(asked, kind, facts) is None
