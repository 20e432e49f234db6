"""The service of a host, against recorded answers."""

import pytest

from osc_migrate import errors
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.migration.compute_service import ComputeService, ServiceState
from osc_migrate.tests.unit import sky as skies
from osc_migrate.tests.unit.sky import NOVA, Sky


@pytest.fixture
def service(healthy):
    row = skies.service("HostB", id="77", disabled_reason="a fan")
    healthy.nova("/os-services", {"services": [row | {"status": "disabled"}]})
    healthy.mock.put(NOVA + "/os-services/77", json={"service": {}})
    return ComputeService(Cloud(healthy.connection), "HostB")


def test_how_it_stands(service, healthy):
    assert service.state() == ServiceState(False, "a fan")
    healthy.nova("/os-services", {"services": [skies.service("HostB")]})
    assert service.state() == ServiceState(True)


def test_there_is_none(service, healthy):
    healthy.nova("/os-services", {"services": []})
    with pytest.raises(errors.NotFound, match="HostB"):
        service.state()


@pytest.mark.parametrize(
    ("wanted", "body"),
    [
        (ServiceState(True), {"status": "enabled"}),
        (ServiceState(False), {"status": "disabled"}),
        (
            ServiceState(False, "a run"),
            {"status": "disabled", "disabled_reason": "a run"},
        ),
        (
            ServiceState(False, "x" * 300),
            {"status": "disabled", "disabled_reason": "x" * 255},
        ),
    ],
)
def test_it_is_put_where_it_should_be(service, healthy, wanted, body):
    service.set_state(wanted)
    (call,) = healthy.calls("/os-services/77")
    assert call.json() == body


@pytest.mark.parametrize(
    ("wanted", "path", "body"),
    [
        (ServiceState(True), "enable", {}),
        (ServiceState(False), "disable", {}),
        (
            ServiceState(False, "a run"),
            "disable-log-reason",
            {"disabled_reason": "a run"},
        ),
    ],
)
def test_an_old_nova_knows_it_by_its_host(requests_mock, wanted, path, body):
    sky = Sky(requests_mock, newest="2.52")
    requests_mock.put(f"{NOVA}/os-services/{path}", json={"service": {}})
    ComputeService(Cloud(sky.connection), "HostB").set_state(wanted)
    (call,) = sky.calls(f"/{path}")
    named = {"host": "HostB", "binary": "nova-compute"}
    assert call.json() == named | body


class TestTries:
    @pytest.fixture(autouse=True)
    def _at_once(self, monkeypatch):
        monkeypatch.setattr("osc_migrate.cloud.rest.PAUSE", 0)

    def test_a_reading_is_asked_for_again(self, healthy):
        rows = {"services": [skies.service("HostB")]}
        healthy.nova("/os-services", 503, 429, rows)
        cloud = Cloud(healthy.connection, 3)
        assert cloud.compute_service("HostB") is not None
        assert len(healthy.calls("/os-services")) == 3

    @pytest.mark.parametrize(("tries", "calls"), [(1, 1), (3, 3)])
    def test_so_often_and_no_more(self, healthy, tries, calls):
        healthy.nova("/os-services", 503)
        cloud = Cloud(healthy.connection, tries)
        with pytest.raises(errors.ApiError):
            cloud.compute_service("HostB")
        assert len(healthy.calls("/os-services")) == calls

    def test_not_what_was_refused(self, healthy):
        healthy.nova("/os-services", 403)
        with pytest.raises(errors.ApiError):
            Cloud(healthy.connection, 3).compute_service("HostB")
        assert len(healthy.calls("/os-services")) == 1
