"""Claims about security in the documentation name tests that exist."""

import pathlib
import re

import pytest

import osc_migrate

ROOT = pathlib.Path(osc_migrate.__file__).parent.parent
TESTS = ROOT / "osc_migrate/tests/unit"
PAGES = ("HACKING.rst", "doc/source/reference/security.rst")


@pytest.fixture(scope="module")
def tests():
    return {
        name
        for path in TESTS.rglob("test_*.py")
        for name in re.findall(r"(?m)^ *def (test_\w+)", path.read_text())
    }


@pytest.mark.parametrize("page", PAGES)
def test_each_test_that_a_page_names_exists(page, tests):
    named = set(re.findall(r"``(test_\w+)``", (ROOT / page).read_text()))
    assert len(named) > 10
    assert named - tests == set()


@pytest.mark.parametrize("page", PAGES)
def test_each_file_that_a_page_names_exists(page):
    text = (ROOT / page).read_text()
    for name in re.findall(r"``((?:\w+/)*test_\w+\.py)``", text):
        assert (ROOT / name).exists() or list(TESTS.rglob(name)), name
