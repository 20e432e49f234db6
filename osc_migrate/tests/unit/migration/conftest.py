"""Shared by the tests of moves."""

import pytest

from osc_migrate.tests.unit.migration.accepting import accepting


@pytest.fixture
def cloud(healthy):
    """vm1 on HostB, and a Nova that moves it to HostC."""
    return accepting(healthy)
