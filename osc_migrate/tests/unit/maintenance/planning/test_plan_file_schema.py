"""The schema of a plan file, and our check beside jsonschema's."""

import copy
import json

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osc_migrate.maintenance.planning import plan_file, schema_check
from osc_migrate.tests.unit.maintenance.planning.fleets import uuid
from osc_migrate.tests.unit.maintenance.planning.test_plan_file import plan


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(plan_file.schema())
    jsonschema.validate(
        json.loads(plan_file.dumps(plan())), plan_file.schema()
    )


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.sampled_from([2**63, 2**64, -(2**63), 1e9, 1e10, 0.5, -0.5]),
    st.sampled_from(["", "live", "x" * 300, "a\nb", uuid(1), uuid(1) + "\n"]),
    st.just([]),
    st.just({}),
    st.just(["a", 1]),
    st.just({"a": {"b": {"free": 1, "total": 2}}}),
)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_our_check_says_what_jsonschema_says(data):
    """After one change anywhere."""
    document = json.loads(plan_file.dumps(plan()))
    changed = copy.deepcopy(document)
    inner = changed
    while True:
        keys = (
            sorted(inner)
            if isinstance(inner, dict)
            else list(range(len(inner)))
        )
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        deeper = isinstance(inner[key], dict | list)
        if deeper and data.draw(st.booleans()):
            inner = inner[key]
            continue
        if isinstance(inner, dict) and data.draw(st.booleans()):
            value = inner.pop(key)
            inner[data.draw(st.sampled_from([key, "other"]))] = value
        else:
            inner[key] = data.draw(VALUES)
        break
    try:
        jsonschema.validate(changed, plan_file.schema())
        theirs = True
    except jsonschema.ValidationError:
        theirs = False
    try:
        schema_check.check(changed, plan_file.schema())
        ours = True
    except schema_check.Misshapen:
        ours = False
    # Python's '$' lets a line break pass, that of JSON schema does not.
    if theirs and not ours:
        assert "\\n" in json.dumps(changed)
    else:
        assert ours == theirs


def test_an_unknown_word_of_a_schema_is_not_passed_over():
    with pytest.raises(ValueError, match="uniqueItems"):
        schema_check.check([], {"type": "array", "uniqueItems": True})
