"""Every command against APIs that send nonsense.

Some fields, rows or bodies of a cloud in order are replaced by what no
service should send. Whatever it is, an operator gets a result or an error in
words, and a terminal nothing that steers it.
"""

import contextlib
import copy
import csv
import dataclasses
import functools
import io
import json
import subprocess
from collections.abc import Iterable
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
from osc_migrate.moves.mover import Mover
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.commands.desk import Desk
from osc_migrate.tests.unit.sky import HOST_B, HOST_C, NOVA, PROJECT, VM1

# Each example runs a whole command, with some thirty requests.
FEW = settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
HUGE = "h" * 10_000
NAMES = (
    "",
    " ",
    "-rf",
    "; reboot",
    "$(reboot)`reboot`",
    '\\"; reboot; "',
    "trailing\\",
    "%s %d %(name)s",
    "{} {0} {name} {0.__class__}",
    "[bold]x[/bold] [/]",
    "\x1b[2J\x1b]0;title\x07",
    "\x9b31m\x85\u2028",
    "a\nb\r\tc\x00",
    "\u202eevil\u2066\u200b\ufeff",
    "\ud800",
    "\U0010ffff\ufffe",
    "../../../os-hypervisors?a=b#c",
    "größe 機",
    HUGE,
    "\x1b[31m" * 2000,
)
TIMES = (
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59",
    "2026-W01",
    "12:00",
)


def nested(depth: int) -> Any:
    body: Any = "x"
    for n in range(depth):
        body = {"a": body} if n % 2 else [body]
    return body


VALUES = (
    *NAMES,
    *TIMES,
    None,
    True,
    False,
    0,
    -1,
    7,
    10**30,
    -(10**30),
    10**400,
    1.5,
    float("nan"),
    float("inf"),
    [],
    {},
    [None],
    [[]],
    [7],
    ["x"],
    ["\x1b[2J"],
    [{}],
    {"": None},
    {"\x1b[2J": "\x1b[2J"},
    {"id": "\x1b[2J", "links": []},
    nested(200),
    [None] * 1000,
)
BODIES = (
    b"",
    b"\xff\xfe{",
    b'{"servers": [{"id": "\xff\xc3"}]}',
    b"<html>\x1b[2J</html>",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"null",
    b"NaN",
    b'{"servers": ' + b"9" * 5000 + b"}",
    b'{"servers": [], "servers": 7}',
)
MISSING = object()


@dataclasses.dataclass(frozen=True)
class Spoil:
    """What becomes of one answer.

    The numbers choose a thing among those there are, whatever their count.
    """

    answer: int
    place: int
    how: Any

    def body(self, good: Any) -> Any:
        if isinstance(good, skies.Raw):
            return good  # spoilt already
        if isinstance(self.how, bytes):
            return skies.Raw(content=self.how)
        if isinstance(self.how, tuple):
            status, said = self.how
            fault = {"fault": {"message": said, "code": status}}
            return skies.Raw(status_code=status, json=fault)
        return _changed(good, self.place, self.how)


def _changed(good: Any, place: int, how: Any) -> Any:
    body = copy.deepcopy(good)
    places = list(_places(body))
    if not places:
        return how if how is not MISSING else body
    holder, key = places[place % len(places)]
    if how is MISSING:
        del holder[key]
    else:
        holder[key] = how
    return body


def _places(body: Any) -> Any:
    """Where something may stand: (what holds it, its key)."""
    keys: Any = ()
    if isinstance(body, dict):
        keys = body
    elif isinstance(body, list):
        keys = range(len(body))
    for key in keys:
        yield body, key
        yield from _places(body[key])


spoil = st.builds(
    Spoil,
    answer=st.integers(0, 60),
    place=st.integers(0, 400),
    how=st.one_of(
        st.sampled_from(VALUES),
        st.sampled_from([MISSING]),
        st.sampled_from(BODIES),
        st.tuples(
            st.sampled_from([400, 403, 404, 409, 500, 503]),
            st.sampled_from(NAMES),
        ),
        st.text(max_size=20),
    ),
)
spoils = st.lists(spoil, min_size=1, max_size=3)


@functools.cache
def connection() -> Any:
    """One for all: what it remembers is where the services are."""
    return skies.connect()


class OddSky(skies.Sky):
    """A cloud with something of everything, and some answers spoilt."""

    def __init__(self, mock: Any, spoils: Iterable[Spoil] = ()) -> None:
        self._answers: list[tuple[Any, str, list[Any]]] = []
        # What a spoilt ID leads to; whatever comes later goes first.
        mock.get(requests_mock.ANY, status_code=404, json={})
        super().__init__(mock, connection=connection())
        self.healthy()
        self._furnish()
        counted = [
            (n, m)
            for n, (*_, answers) in enumerate(self._answers)
            for m in range(len(answers))
        ]
        for spoil in spoils:
            n, m = counted[spoil.answer % len(counted)]
            answers = self._answers[n][2]
            answers[m] = spoil.body(answers[m])
        for register, path, answers in self._answers:
            register(path, *answers)

    def _kept(self, register: Any, path: str, answers: Any) -> None:
        # The last one counts, as in requests-mock.
        self._answers = [
            one for one in self._answers if one[:2] != (register, path)
        ]
        self._answers.append((register, path, list(answers)))

    def nova(self, path: str, *answers: Any) -> None:
        self._kept(super().nova, path, answers)

    def placement(self, path: str, *answers: Any) -> None:
        self._kept(super().placement, path, answers)

    def keystone(self, path: str, *answers: Any) -> None:
        self._kept(super().keystone, path, answers)

    def neutron(self, path: str, *answers: Any) -> None:
        self._kept(super().neutron, path, answers)

    def glance(self, path: str, *answers: Any) -> None:
        self._kept(super().glance, path, answers)

    def cinder(self, path: str, *answers: Any) -> None:
        self._kept(super().cinder, path, answers)

    def under_way(self, *records: dict[str, Any]) -> None:
        self._kept(self._migrations, "", [{"migrations": list(records)}])

    def _migrations(self, _path: str, answer: Any) -> None:
        self.mock.get(
            NOVA + "/os-migrations",
            **skies._answer(answer),
            additional_matcher=lambda request: "status" in request.qs,
        )

    def _furnish(self) -> None:
        volume, group, port = (c * 8 + VM1[8:] for c in "456")
        before = skies.server(
            **{
                "os-extended-volumes:volumes_attached": [{"id": volume}],
                "server_groups": [group],
                "OS-EXT-SRV-ATTR:hypervisor_hostname": "hostb.test",
                "fault": {
                    "message": "No valid host",
                    "created": "2026-11-23T10:00:04Z",
                    "code": 500,
                },
            }
        )
        after = before | {"OS-EXT-SRV-ATTR:host": "HostC"}
        stopped = skies.server(id=group, name="vm2", status="SHUTOFF")
        self.nova("/servers/detail", {"servers": [before, stopped]})
        self.nova(f"/servers/{VM1}", {"server": after})
        self.nova(
            f"/os-server-groups/{group}",
            {
                "server_group": {
                    "name": "g",
                    "policy": "anti-affinity",
                    "rules": {"max_server_per_host": 1},
                    "members": [VM1, stopped["id"]],
                }
            },
        )
        self.nova(
            f"/servers/{VM1}/topology",
            {"nodes": [{"cpu_pinning": {"0": 4}}], "pagesize_kb": 4},
        )
        self.nova(
            "/os-aggregates",
            {
                "aggregates": [
                    {
                        "name": "a",
                        "hosts": ["HostB", "HostC"],
                        "metadata": {"availability_zone": "nova"},
                    }
                ]
            },
        )
        self.under_way(
            skies.migration(
                "running", id=3, instance_uuid=stopped["id"], uuid=port
            )
        )
        self._moves()
        self.neutron(
            "/ports",
            {
                "ports": [
                    {
                        "id": port,
                        "network_id": port,
                        "binding:vnic_type": "normal",
                    }
                ]
            },
        )
        self.neutron(
            f"/networks/{port}",
            {"network": {"provider:physical_network": "physnet1"}},
        )
        self.neutron(
            f"/ports/{port}/bindings",
            {"bindings": [{"host": "HostB", "status": "ACTIVE"}]},
        )
        self.neutron(
            "/agents",
            {
                "agents": [
                    {
                        "id": port,
                        "agent_type": "Open vSwitch agent",
                        "host": "HostC",
                        "alive": True,
                        "admin_state_up": True,
                        "configurations": {
                            "bridge_mappings": {"physnet1": "br-ex"}
                        },
                    }
                ]
            },
        )
        self.cinder(
            f"/volumes/{volume}",
            {
                "volume": {
                    "status": "in-use",
                    "multiattach": False,
                    "availability_zone": "nova",
                }
            },
        )
        self.placement(
            f"/resource_providers/{HOST_B}/allocations",
            {"allocations": {VM1: {}, HOST_C: {}}},
        )
        self.keystone(
            "/projects", {"projects": [{"id": PROJECT, "name": "web"}]}
        )

    def _moves(self) -> None:
        """None before a move, a failure and its story after."""
        failed = skies.migration(
            "error",
            created_at="2026-11-23T10:00:00.000000",
            instance_uuid=VM1,
        )
        self.nova(
            "/os-migrations", {"migrations": []}, {"migrations": [failed]}
        )
        self.mock.post(
            f"{NOVA}/servers/{VM1}/action",
            status_code=202,
            headers={"x-openstack-request-id": "req-1"},
        )
        actions = f"/servers/{VM1}/os-instance-actions"
        self.nova(
            actions,
            {
                "instanceActions": [
                    {
                        "action": "live-migration",
                        "request_id": "req-1",
                        "start_time": "2026-11-23T10:00:00.000000",
                        "message": "Error",
                        "user_id": "me",
                    }
                ]
            },
        )
        self.nova(
            f"{actions}/req-1",
            {
                "instanceAction": {
                    "events": [
                        {
                            "event": "compute_pre_live_migration",
                            "result": "Error",
                            "start_time": "2026-11-23T10:00:01.000000",
                            "finish_time": "2026-11-23T10:00:02.000000",
                            "host": "HostC",
                            "traceback": "  File\n    raise OSError()\n",
                            "details": "HostC is not on shared storage",
                        }
                    ]
                }
            },
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
        assert set(status.values()) <= {"PASS", "SKIP", "WARN"}, status
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
