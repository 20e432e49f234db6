"""The matrix of hosts as a terminal shows it."""

import json
import re

import pytest
from rich.cells import cell_len

from osc_migrate.checks.findings import Finding, Status
from osc_migrate.checks.host_matrix import Pair
from osc_migrate.cloud.host_pairs import HostPairs
from osc_migrate.commands import host_matrix
from osc_migrate.commands.preflight import PAIR, Preflight
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.commands.desk import Desk

NAMES = ("HostB", "HostC", "HostD")
HOSTILE = "host\x1b[2J\u202e"


def disabled(name):
    detail = "its nova-compute is disabled: " + "memory is replaced " * 20
    return Finding("destination-is-enabled", name, Status.FAIL, detail)


def risk(name):
    return Finding("destination-cpu", name, Status.WARN, "missing there: avx")


def unread(name):
    return Finding("destination-is-up", name, Status.UNKNOWN, "403")


def matrix(names, reasons=lambda source, target: ()):
    return [
        Pair(source, target, tuple(reasons(source, target)))
        for source in names
        for target in names
        if source != target
    ]


def test_names_where_they_have_room():
    def reasons(source, target):
        if target == "HostC":
            yield disabled(target)
        if target == "HostD":
            yield risk(target)

    lines = list(host_matrix.lines(matrix(NAMES, reasons), 80))
    assert lines[2:6] == [
        "        HostB HostC HostD",
        "1 HostB     -     A     b",
        "2 HostC   yes     -     b",
        "3 HostD   yes     A     -",
    ]
    assert any(line.startswith("A   destination-is-enabled") for line in lines)
    assert "b   destination-cpu: missing there: avx (HostD)" in lines


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize(
    "names",
    [
        [f"compute-{n:03}.rack-{n % 7}.example.org" for n in range(60)],
        [f"{n:03}-{'a' * 200}" for n in range(9)],
        [f"ホスト{n}-計算機ノード計算機ノード" for n in range(30)],
        [HOSTILE, "b", "c"],
        ["a", "b.example.org"],
    ],
)
def test_it_fits_and_no_host_is_lost(names, width):
    def reasons(source, target):
        return (f(target) for f in (disabled, unread, risk) if target != "b")

    lines = list(host_matrix.lines(matrix(names, reasons), width))
    assert max(map(cell_len, lines)) <= width
    assert all(line.isprintable() for line in lines)
    rows = [line for line in lines if re.match(r" ?\d+ \S", line)]
    cells = [cell for row in rows for cell in row.split()]
    assert cells.count("-") == len(names)


def test_many_hosts_have_numbers_in_blocks():
    names = [f"compute-{n:03}.example.org" for n in range(40)]
    lines = list(host_matrix.lines(matrix(names), 80))
    rows = [line for line in lines if line.startswith("40 ")]
    assert len(rows) == 3
    assert rows[-1].endswith(" -")
    assert "example.org" not in "".join(lines)


def test_a_domain_that_is_a_name_is_kept():
    lines = list(host_matrix.lines(matrix(["example.org", "a.example.org"])))
    assert any("1 a.example.org" in line for line in lines)


def test_a_name_is_cut_in_its_middle():
    assert host_matrix.shorten("compute-017-rack-4", 12) == "compu..ack-4"
    assert host_matrix.shorten("HostB", 12) == "HostB"
    assert cell_len(host_matrix.shorten("計算機" * 9, 9)) <= 9


class FakeMover:
    def __init__(self, **changes):
        hosts = {name: shapes.host(name=name) for name in NAMES}
        hosts["HostC"] = hosts["HostC"].but(**changes)
        self.host_pairs = lambda: HostPairs(hosts)


def test_rows_for_programs():
    desk = Desk(FakeMover(status="disabled"))
    assert desk.run(Preflight, "--matrix", "-f", "json") == 0
    rows = json.loads(desk.out)
    assert tuple(rows[0]) == PAIR
    assert [row["verdict"] for row in rows].count("no") == 2
    (row,) = [r for r in rows if (r["source"], r["destination"]) == NAMES[:2]]
    assert row["reasons"].startswith("destination-is-enabled: ")


def test_a_matrix_for_people(capsys):
    desk = Desk(FakeMover(state="down"))
    # HostC has nowhere to go.
    assert desk.run(Preflight, "--matrix") == 3
    assert "\n2 HostC     B     -     B\n" in desk.out
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == "6 pairs of hosts: 2 yes, 4 no"


@pytest.mark.parametrize("words", [["vm1"], ["vm1", "HostC"], ["--host", "x"]])
def test_a_matrix_is_of_all_hosts(capsys, words):
    assert Desk(None).run(Preflight, "--matrix", *words) == 2
    assert "--matrix compares all hosts" in capsys.readouterr().err


def test_all_findings_of_a_matrix_as_junit(tmp_path):
    path = tmp_path / "matrix.xml"
    Desk(FakeMover(status="disabled")).run(
        Preflight, "--matrix", "--junit", str(path)
    )
    assert path.read_text().count("destination-is-enabled") >= 2
