"""The jobs of the gate: as Zuul would read them, and what they name exists."""

import pathlib

import pytest
import voluptuous
import yaml

import osc_migrate
from osc_migrate.tests.unit.zuul_schema import ENTRY
from tools import tiers

ROOT = pathlib.Path(osc_migrate.__file__).parents[1]
FILES = sorted((ROOT / ".zuul.d").glob("*.yaml"))
ENTRIES = [
    entry for path in FILES for entry in yaml.safe_load(path.read_text())
]
JOBS = {e["job"]["name"]: e["job"] for e in ENTRIES if "job" in e}
(PROJECT,) = [entry["project"] for entry in ENTRIES if "project" in entry]
# Of other projects, which Zuul finds.
FOREIGN = {"base", "tempest-multinode-full-py3"}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: str(next(iter(e))))
def test_zuul_would_take_it(entry):
    ENTRY(entry)


@pytest.mark.parametrize(
    "wrong",
    [
        {"job": {"name": "a", "playbook": "x"}},
        {"job": {"parent": "base"}},
        {"job": {"name": "a", "timeout": "1 h"}},
        {"job": {"name": "a", "vars": {"zuul": {}}}},
        {"job": {"name": "a", "vars": {"with-dash": 1}}},
        {"job": {"name": "a", "files": ["("]}},
        {"job": {"name": "a", "nodeset": {"nodes": [{"name": "x"}]}}},
        {"project": {"chekc": {"jobs": []}}},
        {"project": {"check": {"jobs": [{"a": {"tiemout": 1}}]}}},
        {"jobs": []},
    ],
)
def test_zuul_would_refuse_it(wrong):
    with pytest.raises(voluptuous.Invalid):
        ENTRY(wrong)


def test_a_name_is_used_once():
    assert len(JOBS) == sum("job" in entry for entry in ENTRIES)


@pytest.mark.parametrize("name", JOBS)
def test_what_a_job_names_exists(name):
    job = JOBS[name]
    assert job["parent"] in JOBS.keys() | FOREIGN
    for key in ("pre-run", "run", "post-run"):
        if key in job:
            plays = yaml.safe_load((ROOT / job[key]).read_text())
            assert all(play["hosts"] for play in plays)
    verbs = job.get("vars", {}).get("osc_migrate_verbs", ())
    assert {*verbs} <= tiers.TIERS.keys()


@pytest.mark.parametrize("pipeline", ["check", "gate"])
def test_every_job_runs(pipeline):
    run = set(PROJECT[pipeline]["jobs"])
    assert run == {n for n, job in JOBS.items() if not job.get("abstract")}
