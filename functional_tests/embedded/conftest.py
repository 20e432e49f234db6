"""One cloud for the tests that follow one another here."""

import pytest

from functional_tests.embedded.user import QUICK, User
from testbed.cloud import Cloud


@pytest.fixture(scope="package")
def shared(tmp_path_factory):
    state = tmp_path_factory.mktemp("shared") / "cloud"
    with Cloud.up(state, settings=QUICK) as cloud:
        yield cloud


@pytest.fixture
def user(shared):
    user = User(shared)
    yield user
    for host in shared.hosts:
        shared.wake(host)
    user.clean()
