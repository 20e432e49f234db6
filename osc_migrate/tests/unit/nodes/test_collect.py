"""A survey of nodes that are played: what is asked of whom, and when."""

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes import collect as module
from osc_migrate.nodes.answers import Answer, Question, complete
from osc_migrate.nodes.collect import survey
from osc_migrate.nodes.role import Role
from osc_migrate.tests.unit.nodes import shells

CONF = (
    "M 1 /etc/nova/nova.conf\nF /etc/nova/nova.conf\nS DEFAULT\nO host=%s\nE\n"
)


class Node:
    """Answers each question with its name."""

    def __init__(self, name, log):
        self.name, self._log = name, log

    def ask(self, questions):
        self._log.append((self.name, frozenset(questions)))
        found = dict.fromkeys(questions, "")
        if "config.nova" in found:
            found["config.nova"] = CONF % self.name
        return {
            key: Answer(0, f"{text or key}\n#end {key}\n")
            for key, text in found.items()
        }


class FakeSessions:
    def __init__(self, *names, dead=(), dies=()):
        self.log = []
        self._nodes = [Node(name, self.log) for name in names]
        self._dead, self._dies = dead, dies
        self.lost = {}

    def each(self, work):
        found = {}
        for node in self._nodes:
            if node.name in self._dead:
                found[node.name] = Unread("no route")
            else:
                found[node.name] = work(node)
            if node.name in self._dies:
                self.lost[node.name] = Unread("closed in the middle")
        return found

    def asked(self, name):
        return [keys for node, keys in self.log if node == name]


COMPUTES = {"HostB": Role.COMPUTE, "HostC": Role.COMPUTE}


@pytest.fixture(autouse=True)
def reach(monkeypatch):
    """The reach, played."""

    class Reach:
        seen = []

        @staticmethod
        def listen(node, others):
            assert others == 1
            return {"reach.listen": Question(node.name)}

        @staticmethod
        def questions(node, peers, listening):
            Reach.seen.append((node.name, [p.name for p in peers], listening))
            return {f"reach.{peer.name}": Question("") for peer in peers}

        @staticmethod
        def silence(answers):
            return {"reach.silence": Question("")}

    Reach.seen = []
    monkeypatch.setattr(module, "reach", Reach)
    return Reach


def test_what_nodes_are_before_what_they_reach():
    sessions = FakeSessions("HostB", "HostC")
    found = survey(sessions, COMPUTES)
    asked = sessions.asked("HostB")
    assert "config.nova" in asked[0]
    assert asked[1] == {"system.clock"}
    assert "system.release" in asked[2]
    assert asked[3:] == [{"reach.listen"}, {"reach.HostC"}, {"reach.silence"}]
    assert found.lost == {}
    assert [node.config.get("DEFAULT", "host") for node in found.nodes()] == [
        "HostB",
        "HostC",
    ]


def test_listeners_are_known_when_others_try_them(reach):
    survey(FakeSessions("HostB", "HostC"), COMPUTES)
    name, peers, listening = reach.seen[0]
    assert (name, peers) == ("HostB", ["HostC"])
    assert "reach.listen" in listening["HostC"]


def test_nothing_is_touched_read_only():
    sessions = FakeSessions("HostB", "HostC")
    survey(sessions, COMPUTES, read_only=True)
    everything = frozenset().union(*sessions.asked("HostB"))
    assert "reach.HostC" in everything
    assert not everything & {"reach.listen", "reach.silence"}


def test_one_node_has_nobody_to_reach():
    sessions = FakeSessions("HostB")
    survey(sessions, {"HostB": Role.COMPUTE})
    assert len(sessions.asked("HostB")) == 3


def test_a_file_server_is_no_peer(reach):
    roles = COMPUTES | {"HostA": Role.STORAGE}
    found = survey(FakeSessions("HostA", "HostB", "HostC"), roles)
    assert [name for name, _, _ in reach.seen] == ["HostB", "HostC"]
    assert [node.role for node in found.nodes()] == [
        Role.STORAGE,
        Role.COMPUTE,
        Role.COMPUTE,
    ]


@pytest.mark.parametrize("how", ["dead", "dies"])
def test_a_lost_node_is_nobodys_peer_and_has_its_reason(reach, how):
    roles = COMPUTES | {"HostD": Role.COMPUTE}
    sessions = FakeSessions("HostB", "HostC", "HostD", **{how: ["HostD"]})
    found = survey(sessions, roles)
    assert set(found.lost) == {"HostD"}
    assert [node.name for node in found.nodes()] == ["HostB", "HostC"]
    assert next(peers for _, peers, _ in reach.seen) == ["HostC"]


def test_ports_are_closed_whatever_happens(reach):
    def breaks(*args):
        raise KeyboardInterrupt

    reach.questions = breaks
    sessions = FakeSessions("HostB", "HostC")
    with pytest.raises(KeyboardInterrupt):
        survey(sessions, COMPUTES)
    assert sessions.asked("HostB")[-1] == {"reach.silence"}


def test_servers_are_looked_for_on_computes_alone():
    server = "aaaaaaaa-0000-4000-8000-0000000000b1"
    sessions = FakeSessions("HostA", "HostB")
    roles = {"HostA": Role.STORAGE, "HostB": Role.COMPUTE}
    survey(sessions, roles, servers=[server])
    assert "guests.all" in frozenset().union(*sessions.asked("HostB"))
    assert "guests.all" not in frozenset().union(*sessions.asked("HostA"))


@pytest.mark.parametrize("shell", shells.SHELLS, ids=lambda argv: argv[0])
@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("echo x; exit 3", Answer(3, "x\n")),
        ("(exit 4) # why", Answer(4, "")),
        ("printf %s 'no end'", Answer(0, "no end")),
        ("cat <<'END'\n#end b.c\nEND\n", Answer(0, "#end b.c\n")),
        ("true", Answer(0, "")),
    ],
)
def test_the_mark_changes_no_answer(shell, command, expected):
    asked = Question(command).marked("a.b")
    assert complete("a.b", shells.ask(shell, asked.text)) == expected


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(0, ""), "a.b: the answer is incomplete"),
        (Answer(0, "x\n#end a.c\n"), "a.b: the answer is incomplete"),
        (Answer(0, "x\n#end a.b\ny"), "a.b: the answer is incomplete"),
        (Answer(126, ""), "a.b failed with exit status 126"),
        (
            Answer(127, "", "sh: awk: not found\n"),
            "a.b failed with exit status 127: sh: awk: not found",
        ),
        (Unread("no answer within 2 s"), "no answer within 2 s"),
    ],
)
def test_what_is_incomplete_is_unread(answer, reason):
    found = complete("a.b", answer)
    assert isinstance(found, Unread)
    assert found.reason == reason
