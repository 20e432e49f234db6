import pytest
import requests_mock

from osc_migrate.tests.unit import sky as skies


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
