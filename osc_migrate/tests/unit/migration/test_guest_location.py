from osc_migrate.facts import Unread
from osc_migrate.migration import guest_location
from osc_migrate.nodes.answers import Answer

VM1 = "11111111-1111-1111-1111-111111111111"


class Shell:
    def __init__(self, name, active):
        self.name, self._active = name, active

    def ask(self, questions):
        said = dict.fromkeys(questions, "") | {"guests.active": self._active}
        return {
            name: Answer(0, f"{said[name]}\n#end {name}\n")
            for name in questions
        }


class Sessions:
    def __init__(self, lost=(), **active):
        self.lost = dict(lost)
        self._shells = [Shell(n, text) for n, text in active.items()]

    def each(self, work):
        return {shell.name: work(shell) for shell in self._shells}


def test_each_host_answers_for_itself():
    sessions = Sessions(
        {"HostD": Unread("no route")}, HostB=f"{VM1}\n", HostC="\n"
    )
    found = guest_location.runs_on(
        sessions, ["HostB", "HostC", "HostD", "HostE"], VM1
    )
    assert (found["HostB"], found["HostC"]) == (True, False)
    assert isinstance(found["HostD"], Unread)
    assert "not visited" in found["HostE"].reason
