import pytest

from osc_migrate.maintenance.running.journal import Journal
from osc_migrate.tests.unit.maintenance.running.lab import Lab


@pytest.fixture
def lab():
    return Lab()


@pytest.fixture
def journal(tmp_path):
    return Journal.create(tmp_path)
