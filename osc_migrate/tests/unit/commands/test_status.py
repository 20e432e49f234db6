"""openstack migrate status, as an operator types it."""

import json

import pytest

from osc_migrate.commands import base
from osc_migrate.commands.status import ShowStatus
from osc_migrate.maintenance.running import host_status
from osc_migrate.maintenance.running.holder import Hold
from osc_migrate.maintenance.running.host_status import (
    HostStatus,
    Movability,
    ServerLeft,
)
from osc_migrate.maintenance.running.run_state import Stage
from osc_migrate.migration.mover import Mover
from osc_migrate.tests.unit.commands.desk import Desk

RUN = "20261124-170000-abcd"
LEFT = ServerLeft(
    "vm1", "1111", "ACTIVE", Movability.CAN_MOVE, "HostC", None, "ok"
)


@pytest.fixture
def shown(healthy, tmp_path, monkeypatch, capsys):
    """Runs the command on a host that is like this."""

    def show(*words, rows=(), **changes):
        fields = {
            "host": "HostB",
            "servers": len(rows),
            "leaving": 0,
            "arriving": 0,
            "service": "disabled",
            "state": "up",
        }
        found = HostStatus(**fields | changes)
        monkeypatch.setattr(
            host_status, "of_host", lambda *_: (found, list(rows))
        )
        monkeypatch.setattr(host_status, "of_all", lambda *_: [found])
        desk = Desk(Mover(healthy.connection))
        code = desk.run(ShowStatus, "--journal-dir", str(tmp_path), *words)
        return code, desk.out, capsys.readouterr().err

    return show


def test_an_empty_host_is_said_to_be(shown):
    code, out, err = shown("HostB")
    assert (code, out) == (0, "")
    assert err.splitlines()[-1] == "HostB is empty"


def test_an_empty_host_that_may_be_filled(shown):
    _, _, err = shown("HostB", service="enabled")
    assert "set --disable HostB nova-compute" in err


def test_what_is_left(shown):
    code, out, err = shown("HostB", "-f", "json", rows=[LEFT])
    assert code == base.NOT_MOVED == 4
    (row,) = json.loads(out)
    assert list(row) == list(ServerLeft.COLUMNS)
    assert row["move"] == "can move"
    assert err.splitlines()[-1] == ("HostB is not empty: 1 server: 1 can move")


def test_what_arrives_is_not_nothing(shown):
    code, _, err = shown("HostB", arriving=1)
    assert code == 4
    assert "is not empty" in err


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        (Stage.AT_WORK, f"drain {RUN} is at work on node1, process 7"),
        (Stage.DIED, f"openstack migrate drain --resume {RUN}"),
        (Stage.UNKNOWN, "cannot be seen from here"),
        (Stage.ENDED, "openstack migrate return HostB"),
    ],
)
def test_the_run_and_what_to_do_with_it(shown, stage, said):
    hold = Hold(RUN, stage, "node1", 7, "drain", local=True)
    reason = f"osc-migrate run {RUN} at work on node1"
    _, _, err = shown("HostB", hold=hold, disabled_reason=reason)
    assert said in err
    # Everything is said once.
    assert reason not in err


def test_all_hosts_have_a_row_each_and_no_verdict(shown):
    code, out, err = shown("-f", "json", rows=[LEFT])
    assert (code, err) == (0, "")
    (row,) = json.loads(out)
    assert list(row) == list(HostStatus.COLUMNS)
    assert (row["host"], row["empty"], row["run"]) == ("HostB", False, None)
    _, out, _ = shown("-f", "csv", "--long")
    assert "None" not in out


def test_names_of_strangers_steer_no_terminal(shown):
    _, _, err = shown("HostB", host="Host\x1b[2J", disabled_reason="\x1b[2J")
    assert "\x1b" not in err


def test_what_is_read_is_on_a_terminal_first(shown, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    _, _, err = shown("HostB")
    assert err.splitlines()[0] == "reading what is on HostB"
