import hypothesis
import pytest
import requests_mock

from osc_migrate.tests.unit import sky as skies

# The same examples in every run: what fails can be repeated, and no run fails
# by chance. Long tests draw new ones.
hypothesis.settings.register_profile(
    "repeatable", derandomize=True, deadline=None
)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture
def mock():
    with requests_mock.Mocker() as mocker:
        yield mocker


@pytest.fixture
def sky(mock):
    """A cloud that speaks the newest microversions and knows nothing yet."""
    return skies.Sky(mock)


@pytest.fixture
def healthy(sky):
    """vm1 on HostB, HostC empty, nothing wrong."""
    sky.healthy()
    return sky


@pytest.fixture
def clock():
    return skies.FakeClock()
