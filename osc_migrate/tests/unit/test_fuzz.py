"""Every command against APIs that send nonsense.

Some fields, rows or bodies of a cloud in order are replaced by what no
service should send. Whatever it is, an operator gets a result or an error in
words, and a terminal nothing that steers it.
"""

import contextlib
import csv
import io
import json
import subprocess
from typing import Any

import pytest
import requests_mock
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from osc_migrate import errors
from osc_migrate.commands.base import WIDEST
from osc_migrate.commands.describe_resource import DescribeResource
from osc_migrate.commands.explain import Explain
from osc_migrate.commands.live import Live
from osc_migrate.commands.preflight import Preflight
from osc_migrate.migration.mover import Mover
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.commands.desk import Desk
from osc_migrate.tests.unit.odd_sky import OddSky
from osc_migrate.tests.unit.sky import NOVA, VM1
from osc_migrate.tests.unit.spoils import HUGE, NAMES, Spoil, spoils

# Each example runs a whole command, with some thirty requests.
FEW = settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


class FastClock(skies.FakeClock):
    """A minute for each second: an API that is silent is given up soon."""

    def sleep(self, seconds: float) -> None:
        super().sleep(60 * seconds)


LIVE = ("live", "vm1", "HostC", "--timeout", "900")
COMMANDS = {
    "preflight": Preflight,
    "live": Live,
    "describe": DescribeResource,
    "explain": Explain,
}
LISTS = ("table", "value", "csv", "yaml", "json")
ONES = ("table", "value", "shell", "yaml", "json")


def run(sky: skies.Sky, form: str, *words: str) -> tuple[str, str]:
    """(stdout, stderr), an error's words among the latter."""
    name, *rest = words
    desk = Desk(Mover(sky.connection, FastClock()))
    told = io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(told):
        try:
            code = desk.run(COMMANDS[name], *rest, "-f", form)
        except errors.MigrateError as error:
            # cliff logs its words as they are.
            print(error, file=told)
            assert str(error).strip()
        else:
            assert code in (0, 3, 4, 5)
    return desk.out, told.getvalue()


def harmless(text: str, spared: str = "") -> None:
    text.encode()  # or a terminal could not show it at all
    for line in text.splitlines():
        found = [c for c in line if not c.isprintable() and c not in spared]
        assert not found, (found, line[:200])
    assert text.count("\n") == len(text.splitlines())


def survives(spoils: list[Spoil], form: str, *words: str) -> None:
    with requests_mock.Mocker() as mock:
        out, err = run(OddSky(mock, spoils), form, *words)
    # json escapes none but those that JSON forbids.
    harmless(out, "\x7f" if form == "json" else "")
    harmless(err)
    assert max(map(len, err.splitlines()), default=0) <= 2 * WIDEST
    if out and form == "json":
        json.loads(out)
    elif out and form == "yaml":
        yaml.safe_load(out)
    elif out and form == "csv":
        columns = {len(row) for row in csv.reader(io.StringIO(out))}
        assert len(columns) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("preflight", "vm1", "HostC", "--long"),
        ("preflight", "vm1"),
        ("preflight", "--host", "HostB"),
        ("preflight",),
        ("describe", "HostB", "--long"),
        ("explain", "vm1", "--long"),
        ("explain", "vm1", "--all"),
    ],
    ids=" ".join,
)
@given(spoils=spoils, form=st.sampled_from(LISTS))
@FEW
def test_lists_survive(words, spoils, form):
    survives(spoils, form, *words)


@given(spoils=spoils, form=st.sampled_from(ONES))
@FEW
def test_live_survives(spoils, form):
    survives(spoils, form, *LIVE)


def test_the_cloud_of_these_tests_is_in_order():
    with requests_mock.Mocker() as mock:
        sky = OddSky(mock)
        out, err = run(sky, "json", "preflight", "vm1", "HostC", "--long")
        status = {row["check"]: row["status"] for row in json.loads(out)}
        assert set(status.values()).isdisjoint({"FAIL", "UNKNOWN"}), status
    with requests_mock.Mocker() as mock:
        out, err = run(OddSky(mock), "json", *LIVE)
        assert json.loads(out)["status"] == "error"
        assert "shared-storage-missing" in err


def named(mock: Any, name: str) -> skies.Sky:
    sky = skies.Sky(mock)
    sky.healthy()
    rows = [skies.server(name=name, tenant_id=name)]
    sky.nova(f"/servers/{VM1}", {"server": rows[0]})
    sky.nova("/servers/detail", {"servers": rows})
    sky.keystone("/projects", 403)
    sky.mock.post(f"{NOVA}/servers/{VM1}/action", status_code=202)
    return sky


@pytest.mark.parametrize("form", LISTS)
def test_a_huge_name_floods_no_table_and_is_whole_elsewhere(mock, form):
    out, _ = run(named(mock, HUGE), form, "describe", "HostB")
    if form == "table":
        assert HUGE[: WIDEST - 3] + "..." in out
        assert max(map(len, out.splitlines())) < WIDEST + 200
    else:
        assert HUGE in out


@pytest.mark.parametrize(
    "name", [n for n in NAMES if n.isprintable() and n.strip()]
)
def test_a_shell_reads_each_name_as_it_is(mock, name):
    out, _ = run(named(mock, name), "shell", "live", VM1, "--no-wait")
    read = subprocess.run(
        ["/bin/sh", "-c", f'{out}\nprintf %s "$server"'],
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (read.stdout, read.stderr) == (name, "")
