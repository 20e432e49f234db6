"""Real faults: foreseen where they can be, explained, and the guest runs
exactly once afterwards.  See joint_faults/."""

import json

import pytest

from functional_tests.joint_faults import faults, table
from functional_tests.joint_faults.play import Stage


@pytest.fixture(scope="module")
def stage(joint):
    stage = Stage(joint)
    yield stage
    stage.close()


# One takes a minute or two: of three kinds (libvirt, storage, in the middle
# of a move) the default run plays one, 'tools/test long' the others.
SHORT = {
    "libvirt-does-not-listen",
    "instances-not-mounted",
    "source-compute-killed",
}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(
            fault,
            id=fault.key,
            marks=() if fault.key in SHORT else pytest.mark.long,
        )
        for fault in faults.ALL
    ],
)
def test_what_is_said_of_it(stage, fault):
    played = stage.play(fault)
    judged = table.as_it_should(played)
    print(json.dumps(played.told, indent=1))
    assert all(judged.values()), (judged, played.row)
