"""What is written can be read, and nothing else can."""

import dataclasses
import itertools
import json
import os

import pytest

from osc_migrate.errors import MigrateError
from osc_migrate.maintenance import planning
from osc_migrate.maintenance.planning import (
    Request,
    UnsafePlan,
    plan_file,
)
from osc_migrate.tests.unit.maintenance.planning.fleets import (
    fleet,
    group,
    place,
    server,
    stock,
    uuid,
)


def cloud(**changes):
    return fleet(
        **{
            "places": [
                place("HostB"),
                place("HostC", stock=stock(memory=2048)),
                place("HostD"),
            ],
            "servers": [
                server(1),
                server(2),
                server(3),
                server(4, tags=("osc-migrate:never",)),
                server(5, "HostD"),
            ],
            "groups": (group("anti-affinity", 1, 2, 5, max_per_host=2),),
        }
        | changes
    )


def plan():
    return planning.drain(cloud(), Request(hosts=("HostB",)))


def edited(change):
    """The file's text, with that done to its data."""
    data = json.loads(plan_file.dumps(plan()))
    change(data)
    return json.dumps(data)


def test_there_and_back(tmp_path):
    path = str(tmp_path / "plan.json")
    plan_file.write(path, plan())
    assert plan_file.read(path) == plan()
    # The same once more: a plan can be compared with another.
    before = (tmp_path / "plan.json").read_text()
    plan_file.write(path, plan())
    assert (tmp_path / "plan.json").read_text() == before
    assert os.listdir(tmp_path) == ["plan.json"]


def test_a_changed_step_changes_its_own_lines():
    def change(data):
        data["steps"][1]["destination"] = "HostC"

    old = plan_file.dumps(plan()).splitlines()
    new = plan_file.dumps(plan_file.loads(edited(change), "x")).splitlines()
    differing = [n for n, pair in enumerate(zip(old, new, strict=True))
                 if pair[0] != pair[1]]  # fmt: skip
    assert len(differing) == 1


def test_names_of_strangers_cannot_steer_a_terminal():
    odd = cloud(servers=[server(1, name="\x1b[2Jvm\u202e1\nx")])
    text = plan_file.dumps(planning.drain(odd, Request(hosts=("HostB",))))
    (step,) = plan_file.loads(text, "x").steps
    assert step.server == r"\x1b[2Jvm\u202e1\nx"


def _set(path, value):
    def change(data):
        *inner, last = path
        for key in inner:
            data = data[key]
        data[last] = value

    return change


def _twice(data):
    data["steps"].append(dict(data["steps"][0], order=3))


def _stays_too(data):
    data["stays"][0]["id"] = data["steps"][0]["id"]


BAD = [
    (_set(["version"], 2), "its version is 2, not 1"),
    (_set(["version"], "1"), "its version is 1, not 1"),
    (_set(["version"], True), "version is not of type integer"),
    (_set(["purpose"], "party"), "purpose is not one of drain"),
    (_set(["made_at"], "yesterday"), "made_at does not match"),
    (_set(["cloud"], ""), "cloud is too short"),
    (_set(["extra"], 1), "it has 'extra', an unknown field"),
    (lambda data: data.pop("room"), "it has no 'room'"),
    (
        _set(["steps", 0, "id"], "../../etc/passwd"),
        "steps[0].id does not match",
    ),
    (_set(["steps", 0, "id"], uuid(1) + "\n"), "steps[0].id does not match"),
    (_set(["steps", 0, "way"], "fly"), "steps[0].way is not one of"),
    (_set(["steps", 0, "reason"], "a\x1b[2Jb"), "control characters"),
    (_set(["steps", 0, "server"], "a\u202eb"), "control characters"),
    (_set(["steps", 0, "needs", "A\nB"], 1), "control characters"),
    (_set(["steps", 0, "needs", "VCPU"], -1), "is less than 0"),
    (_set(["steps", 0, "needs", "VCPU"], 1.5), "is not of type integer"),
    (_set(["steps", 0, "seconds"], "soon"), "is not of type number or null"),
    (_set(["steps", 0, "seconds"], 1e30), "is more than"),
    (_set(["steps", 0, "notes"], ["x"] * 101), "is longer than 100"),
    (_set(["steps", 0, "destination"], "HostB"), "on HostB already"),
    (_set(["steps", 0, "way"], "stop"), "takes no destination"),
    (_set(["steps", 1, "order"], 7), "order 2 does not follow order 7"),
    (_set(["steps", 1, "order"], 0), "order 0 does not follow order 0"),
    (_set(["steps", 0, "wave"], 9), "wave 0 does not follow wave 9"),
    (_twice, "duplicate server"),
    (_stays_too, "duplicate server"),
    (_set(["steps"], {}), "steps is not of type array"),
]


@pytest.mark.parametrize("change, why", BAD, ids=[why for _, why in BAD])
def test_what_is_refused(change, why):
    with pytest.raises(plan_file.BadPlan) as caught:
        plan_file.loads(edited(change), "plan.json")
    assert why in str(caught.value)
    assert "'plan.json'" in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "text, why",
    [
        ("", "truncated, or not JSON"),
        ("[]", "it is not of type object"),
        ("null", "it is not of type object"),
        ('{"version": NaN}', "NaN is not a number"),
        ('{"a": 1, "a": 2}', "twice"),
        ("[" * 100_000, "RecursionError"),
    ],
)
def test_no_plan_at_all(text, why):
    with pytest.raises(plan_file.BadPlan) as caught:
        plan_file.loads(text, "x")
    assert why in str(caught.value) or "recursion" in str(caught.value)


def test_every_cut():
    text = plan_file.dumps(plan())
    for end in range(0, len(text) - 2, 7):
        with pytest.raises(plan_file.BadPlan):
            plan_file.loads(text[:end], "x")


def test_files_that_are_none(tmp_path, monkeypatch):
    with pytest.raises(plan_file.BadPlan, match="No such file"):
        plan_file.read(str(tmp_path / "none"))
    with pytest.raises(plan_file.BadPlan, match="directory"):
        plan_file.read(str(tmp_path))
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(plan_file.BadPlan, match="not UTF-8 text"):
        plan_file.read(str(tmp_path / "binary"))
    monkeypatch.setattr(plan_file, "MAX_BYTES", 10)
    (tmp_path / "large").write_text(plan_file.dumps(plan()))
    with pytest.raises(plan_file.BadPlan, match="larger than"):
        plan_file.read(str(tmp_path / "large"))
    with pytest.raises(MigrateError, match="cannot be written"):
        plan_file.write(str(tmp_path / "no" / "where"), plan())
    # A device is written to, not replaced.
    plan_file.write("/dev/null", plan())
    assert not os.path.isfile("/dev/null")


def _without(*numbers):
    def change(data):
        data["steps"] = [
            step
            for number, step in enumerate(data["steps"])
            if number not in numbers
        ]

    return change


@pytest.mark.parametrize("removed", [(0,), (1,), (2,), (0, 1), (1, 2)])
def test_removed_steps_leave_no_gaps(removed):
    before = plan().steps
    steps = plan_file.loads(edited(_without(*removed)), "x").steps
    kept = [s for n, s in enumerate(before) if n not in removed]
    assert [step.id for step in steps] == [step.id for step in kept]
    assert [step.order for step in steps] == list(range(len(kept)))
    waves = [step.wave for step in steps]
    assert waves[0] == 0
    # Steps of one wave stay together, and apart from the others.
    assert [(a == b) for a, b in itertools.pairwise(waves)] == [
        a.wave == b.wave for a, b in itertools.pairwise(kept)
    ]
    assert set(waves) == set(range(max(waves) + 1))


def test_a_plan_without_a_step_is_as_safe_as_another():
    planning.check(cloud(), plan_file.loads(edited(_without(0)), "x"))


# -- judged on the cloud


def test_the_plan_itself_is_safe():
    planning.check(cloud(), plan())


def _all_to(host):
    def change(data):
        for step in data["steps"]:
            step["destination"] = host

    return change


def _one_wave(data):
    for step in data["steps"]:
        step["wave"] = 0


@pytest.mark.parametrize(
    "change, why",
    [
        (_set(["cloud"], "https://other.test"), "another cloud"),
        (_set(["steps", 0, "id"], uuid(77)), "does not exist"),
        (
            _set(["steps", 0, "destination"], "HostX"),
            "compute host HostX does not exist",
        ),
        (
            _set(["steps", 0, "source"], "HostX"),
            "compute host HostX does not exist",
        ),
        (_all_to("HostC"), "HostC has 0 left then"),
        (_all_to("HostD"), "would break server group g1"),
        (_one_wave, "would move at once"),
    ],
)
def test_edited_to_something_unsafe(change, why):
    with pytest.raises(UnsafePlan) as caught:
        planning.check(cloud(), plan_file.loads(edited(change), "x"))
    assert why in str(caught.value)
    assert "nothing was changed" in str(caught.value)


def test_needs_that_were_made_small_help_nobody():
    def change(data):
        _all_to("HostC")(data)
        for step in data["steps"]:
            step["needs"] = {}

    with pytest.raises(UnsafePlan, match="MEMORY_MB"):
        planning.check(cloud(), plan_file.loads(edited(change), "x"))


def test_drift_is_a_matter_of_its_step():
    """Elsewhere, in error, not wanted any more: no reason to refuse all."""
    planning.check(
        cloud(
            servers=[
                server(1, "HostD"),
                server(2, status="ERROR"),
                server(3, tags=("osc-migrate:never",)),
                server(5, "HostD"),
            ]
        ),
        plan(),
    )


class TestTerms:
    """What a plan was made under."""

    @pytest.mark.parametrize(
        "request_",
        [
            Request(hosts=("HostB",)),
            Request(hosts=("HostB",), to=("HostD", "HostC")),
            Request(hosts=("HostB",), cold_running=True, block=True),
        ],
    )
    def test_there_and_back(self, tmp_path, request_):
        made = planning.drain(cloud(), request_)
        path = str(tmp_path / "plan.json")
        plan_file.write(path, made)
        found = plan_file.read(path)
        assert found == made
        assert found.terms.to == request_.to
        assert found.terms.avoid == ("HostB",)
        assert found.terms.cold_running is request_.cold_running
        assert found.terms.block is request_.block

    def test_a_file_of_an_older_version_has_none(self):
        text = edited(lambda data: data.pop("terms"))
        found = plan_file.loads(text, "plan.json")
        assert found == dataclasses.replace(plan(), terms=None)
        request = Request(hosts=("HostB",), cold_running=True)
        assert planning.bind_request(request, found) == request

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda t: t.update(to=["HostX"]), "not among the hosts of --to"),
            (lambda t: t.update(avoid=["HostC", "HostD"]), "to be avoided"),
            (lambda t: t.update(to="HostC"), "terms.to"),
            (lambda t: t.update(more=1), "more"),
            (lambda t: t.update(block=1), "block"),
        ],
    )
    def test_a_file_that_contradicts_them_is_refused(self, change, words):
        text = edited(lambda data: change(data["terms"]))
        with pytest.raises(plan_file.BadPlan, match=words):
            plan_file.loads(text, "plan.json")

    def test_no_step_may_be_left_to_the_scheduler_then(self):
        def change(data):
            data["terms"]["to"] = ["HostC", "HostD"]
            data["steps"][0]["destination"] = None

        with pytest.raises(plan_file.BadPlan, match="the scheduler's choice"):
            plan_file.loads(edited(change), "plan.json")

    def test_a_copy_of_disks_has_to_be_among_them(self):
        text = edited(lambda data: data["steps"][0].update(way="block"))
        with pytest.raises(plan_file.BadPlan, match="needs --block"):
            plan_file.loads(text, "plan.json")

    def test_they_bind_the_request(self):
        made = planning.drain(
            cloud(), Request(hosts=("HostB",), to=("HostD",))
        )
        bound = planning.bind_request(Request(hosts=("HostB",)), made)
        assert bound.to == ("HostD",)
        assert bound.avoid == {"HostB"}
        assert planning.bind_request(bound, made) == bound

    @pytest.mark.parametrize(
        ("planned", "asked", "words"),
        [
            ({"to": ("HostD",)}, {"to": ("HostC",)}, "made for --to HostD"),
            (
                {"to": ("HostC", "HostD")},
                {"to": ("HostD",)},
                "made for --to HostC, HostD",
            ),
            ({}, {"to": ("HostX",)}, "not among the hosts of --to: HostX"),
            ({}, {"cold_running": True}, "made without --cold-running"),
            ({}, {"block": True}, "made without --block"),
        ],
    )
    def test_what_disagrees_is_refused(self, planned, asked, words):
        made = planning.drain(cloud(), Request(hosts=("HostB",), **planned))
        with pytest.raises(MigrateError, match=words) as refused:
            planning.bind_request(Request(hosts=("HostB",), **asked), made)
        assert "nothing was changed" in str(refused.value)

    def test_what_agrees_is_taken(self):
        made = planning.drain(
            cloud(), Request(hosts=("HostB",), to=("HostC", "HostD"))
        )
        # In any order; and one that narrows a plan without any.
        asked = Request(hosts=("HostB",), to=("HostD", "HostC"))
        assert {*planning.bind_request(asked, made).to} == {"HostC", "HostD"}
        assert planning.bind_request(asked, plan()).to == asked.to

    def test_a_file_allows_nothing_by_itself(self):
        made = planning.drain(
            cloud(), Request(hosts=("HostB",), cold_running=True, block=True)
        )
        bound = planning.bind_request(Request(hosts=("HostB",)), made)
        assert (bound.cold_running, bound.block) == (False, False)
