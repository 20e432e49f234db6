"""Two clouds: in one much is wrong, in the other nothing; the tests of each
are in one file and follow one another there."""

import pytest

from functional_tests.proofs import faults, lab
from functional_tests.proofs.asking import Asking
from testbed.warm import WarmShell


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    state = tmp_path_factory.mktemp("faulty") / "state"
    with lab.faulty(state, faults.MOVES) as made:
        yield made


@pytest.fixture(scope="module")
def asking(faulty):
    return Asking(faulty, WarmShell(faulty.cloud.environment()))


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    state = tmp_path_factory.mktemp("healthy") / "state"
    with lab.healthy(state) as made:
        yield made


@pytest.fixture(scope="module")
def healthy_shell(healthy):
    return WarmShell(healthy.cloud.environment())
