"""openstack migrate explain --nodes, as an operator types it."""

import json

import pytest

from osc_migrate import errors
from osc_migrate.commands.explain import Explain
from osc_migrate.facts import Unread
from osc_migrate.migration.mover import Mover
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.transport import sessions
from osc_migrate.nodes.transport.connection_errors import NodeLost
from osc_migrate.nodes.transport.shell import NodeLimits
from osc_migrate.tests.unit import nova_logs
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.commands.desk import Desk
from osc_migrate.tests.unit.sky import VM1

ACTIONS = f"/servers/{VM1}/os-instance-actions"
REQUEST = nova_logs.REQUEST
SAID = f"Live Migration failure: {nova_logs.REFUSED}"
WHEN = "2026-11-23T12:00:0"


class Nodes:
    """Takes the place of nodes.visit.Sessions."""

    def __init__(self, said):
        self.said = said
        self.asked = {}
        self.closed = False

    def __call__(self, targets, forks, limits):
        self.targets, self.forks, self.limits = targets, forks, limits
        return self

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.closed = True

    def each(self, work):
        found = {}
        for name in self.targets:
            said = self.said.get(name, Answer(0, "=- journal\n"))
            if isinstance(said, NodeLost):
                found[name] = said
            else:
                found[name] = work(Node(self, name, said))
        return found


class Node:
    def __init__(self, nodes, name, said):
        self.nodes, self.name, self.said = nodes, name, said

    def ask(self, questions):
        self.nodes.asked[self.name] = questions
        return dict.fromkeys(questions, self.said)


@pytest.fixture
def nodes(healthy, monkeypatch):
    """A cloud with a server whose copy failed, and its nodes."""
    healthy.nova(
        "/os-migrations",
        {
            "migrations": [
                skies.migration(
                    "error",
                    created_at=f"{WHEN}1.000000",
                    updated_at=f"{WHEN}4.000000",
                )
            ]
        },
    )
    request = {
        "action": "live-migration",
        "request_id": REQUEST,
        "start_time": f"{WHEN}0.000000",
        "message": None,
        "user_id": "me",
    }
    healthy.nova(ACTIONS, {"instanceActions": [request]})
    events = [
        {
            "event": event,
            "result": "Success",
            "start_time": f"{WHEN}1.000000",
            "finish_time": f"{WHEN}2.000000",
            "host": host,
            "traceback": None,
            "details": None,
        }
        for event, host in (
            ("compute_check_can_live_migrate_destination", "HostC"),
            ("compute_live_migration", "HostB"),
            ("compute_pre_live_migration", "HostC"),
        )
    ]
    healthy.nova(
        f"{ACTIONS}/{REQUEST}", {"instanceAction": {"events": events}}
    )
    made = Nodes(
        {"HostB": nova_logs.answer(*nova_logs.failure(nova_logs.REFUSED))}
    )
    monkeypatch.setattr(sessions, "Sessions", made)
    return made


@pytest.fixture
def explained(healthy, nodes):
    def run(*words):
        desk = Desk(Mover(healthy.connection))
        assert desk.run(Explain, "vm1", *words) == 0
        return desk.out

    return run


def row(explained, *words):
    (only,) = json.loads(explained("--nodes", "-f", "json", *words))
    return only


def test_the_log_of_the_source_tells(explained, nodes):
    told = row(explained)
    assert told["cause"] == "libvirt-refused"
    assert told["message"] == SAID
    assert told["failed_host"] == "HostB"
    assert told["logs"][0].endswith(f"ERROR {SAID}")
    assert "--nodes" not in told["next"]
    assert list(nodes.asked) == ["HostB", "HostC"]
    assert nodes.closed


def test_a_person_sees_it(explained):
    out = explained("--nodes")
    assert "libvirt-refused" in out
    assert nova_logs.PATH in out


def test_what_is_asked(explained, nodes):
    row(explained)
    (question,) = nodes.asked["HostB"].values()
    assert question.args[:2] == (VM1, REQUEST)
    since, until = map(int, question.args[2:4])
    assert until - since == 60 + 3 + 120


def test_without_the_option_no_node_is_visited(explained, nodes):
    (told,) = json.loads(explained("-f", "json"))
    assert (told["cause"], told["logs"]) == ("", [])
    assert "or: openstack migrate explain vm1 --nodes" in told["next"]
    assert nodes.asked == {}


def test_a_move_that_worked_needs_no_node(explained, nodes, healthy):
    done = skies.migration(
        "completed",
        created_at=f"{WHEN}1.000000",
        updated_at=f"{WHEN}4.000000",
        dest_compute="HostB",
    )
    healthy.nova("/os-migrations", {"migrations": [done]})
    assert "it worked" in row(explained)["meaning"]
    assert nodes.asked == {}


def test_every_move_in_one_visit(explained, nodes, healthy):
    healthy.nova(
        "/os-migrations",
        {
            "migrations": [
                skies.migration(
                    status,
                    id=n,
                    created_at=f"{WHEN}1.000000",
                    updated_at=f"{WHEN}4.000000",
                )
                for n, status in ((3, "error"), (2, "completed"), (1, "error"))
            ]
        },
    )
    told = json.loads(explained("--nodes", "--all", "-f", "json"))
    assert [one["cause"] for one in told] == [
        "libvirt-refused",
        "",
        "libvirt-refused",
    ]
    assert len(nodes.asked["HostB"]) == 2


def test_a_node_that_is_lost(explained, nodes):
    nodes.said["HostB"] = NodeLost("its host key is not known", "log in once")
    told = row(explained)
    assert told["cause"] == ""
    lost = "HostB's log was not read: its host key is not known: log in once"
    assert lost in told["note"]
    assert f"by hand, there: sudo zgrep -F {VM1}" in told["note"]


@pytest.mark.parametrize(
    "said",
    [
        Unread("no answer within 40 s"),
        Answer(127, "", "sh: not found"),
        Answer(0, ""),
        Answer(0, "\x1b[2J" * 9),
        Answer(0, f"=+0000 \x1b[2J\n|{VM1} \x1b[2J\u202e evil"),
    ],
)
@pytest.mark.parametrize("formatter", ["table", "csv", "value", "json"])
def test_odd_answers_are_no_traceback(explained, nodes, said, formatter):
    nodes.said = {"HostB": said, "HostC": said}
    out = explained("--nodes", "-f", formatter)
    assert "\x1b" not in out and "\u202e" not in out


def test_ids_that_are_none_are_not_looked_for(explained, nodes, healthy):
    request = {
        "action": "live-migration",
        "request_id": "'; reboot",
        "start_time": f"{WHEN}0.000000",
        "message": None,
        "user_id": "me",
    }
    healthy.nova(ACTIONS, {"instanceActions": [request]})
    healthy.nova(f"{ACTIONS}/'; reboot", {"instanceAction": {"events": []}})
    row(explained)
    (question,) = nodes.asked["HostB"].values()
    assert question.args[:2] == (VM1, "")


def test_control_nodes_are_asked_for_two_logs(explained, nodes):
    row(explained, "--control", "HostA")
    services = [q.args[4] for q in nodes.asked["HostA"].values()]
    assert services == ["nova-conductor", "nova-scheduler"]


def test_nodes_are_reached_as_was_said(explained, nodes, tmp_path):
    inventory = tmp_path / "nodes"
    inventory.write_text("HostB ssh://me@192.0.2.7\n")
    row(
        explained,
        *("--inventory", str(inventory), "--ssh-user", "ops"),
        *("--sudo", "--forks", "3"),
    )
    assert "192.0.2.7" in nodes.targets["HostB"].argv
    # The address of its hypervisor.
    assert "User=ops" in nodes.targets["HostC"].argv
    assert all(
        t.argv[-1].endswith("sudo -n sh") for t in nodes.targets.values()
    )
    assert nodes.forks == 3
    assert nodes.limits == NodeLimits()


def test_slow_nodes_get_the_time_that_was_allowed(explained, nodes):
    row(explained, "--connect-timeout", "59.5", "--node-timeout", "720")
    assert nodes.limits == NodeLimits(connect=59.5, node=720)
    assert "ConnectTimeout=60" in nodes.targets["HostB"].argv


@pytest.mark.parametrize("seconds", ["0", "-1", "3601", "nan", "long"])
def test_a_wait_without_end_is_wrong_usage(explained, seconds):
    with pytest.raises(SystemExit):
        explained("vm1", "--nodes", "--node-timeout", seconds)


def test_with_hypervisors_hidden_a_node_goes_by_its_name(
    explained, nodes, healthy
):
    for path in ("/os-hypervisors/detail", "/os-hypervisors"):
        healthy.nova(path, 403)
    assert row(explained)["cause"] == "libvirt-refused"
    assert "HostB" in nodes.targets["HostB"].argv


def test_an_inventory_that_is_none_is_an_error(explained, tmp_path):
    with pytest.raises(errors.MigrateError, match="inventory"):
        explained("--nodes", "--inventory", str(tmp_path / "none"))


@pytest.mark.parametrize("option", ["--inventory", "--control"])
def test_options_of_nodes_need_nodes(explained, option):
    with pytest.raises(errors.MigrateError, match="requires --nodes"):
        explained(option, "x")
