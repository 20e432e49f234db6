"""Real faults: foreseen where they can be, explained, and the guest runs
exactly once afterwards.  See joint_faults/."""

import json

import pytest

from functional_tests.joint_faults import during, faults, table
from functional_tests.joint_faults.play import Stage


@pytest.fixture(scope="module")
def stage(joint):
    stage = Stage(joint)
    yield stage
    stage.close()


# Those that strike in the middle of a move take minutes; of these two ways to
# end, with and without Nova, the others are for 'tools/test long'.
SHORT = {"source-compute-killed", "api-killed"}
LONG = {fault.key for fault in during.FAULTS} - SHORT


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(
            fault,
            id=fault.key,
            marks=pytest.mark.long if fault.key in LONG else (),
        )
        for fault in faults.ALL
    ],
)
def test_what_is_said_of_it(stage, fault):
    played = stage.play(fault)
    judged = table.as_it_should(played)
    print(json.dumps(played.told, indent=1))
    assert all(judged.values()), (judged, played.row)
