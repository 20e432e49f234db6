"""Two clouds: in one much is wrong, in the other nothing; the tests of each
follow one another there."""

import pytest

from functional_tests.proofs import faults, lab
from functional_tests.warm import WarmShell


@pytest.fixture(scope="session")
def faulty(tmp_path_factory):
    state = tmp_path_factory.mktemp("faulty") / "state"
    with lab.faulty(state, faults.MOVES) as made:
        yield made


@pytest.fixture(scope="session")
def asking(faulty):
    with lab.asking(faulty) as made:
        yield made


@pytest.fixture(scope="session")
def healthy(tmp_path_factory):
    state = tmp_path_factory.mktemp("healthy") / "state"
    with lab.healthy(state) as made:
        yield made


@pytest.fixture(scope="session")
def healthy_shell(healthy):
    with WarmShell(healthy.cloud.environment()) as made:
        yield made
