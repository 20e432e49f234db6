"""One lab of containers for the tests that follow one another here."""

import pytest

from testbed.nodes import Lab


@pytest.fixture(scope="package")
def lab(tmp_path_factory):
    """Containers; a test that changes them brings them back."""
    with Lab.up(tmp_path_factory.mktemp("nspawn") / "lab") as up:
        yield up
