import subprocess
import sys
from importlib import metadata

import pytest

import osc_migrate
from osc_migrate import plugin


def test_it_has_what_openstackclient_wants():
    for name in (
        "API_NAME",
        "API_VERSION_OPTION",
        "API_VERSIONS",
        "DEFAULT_API_VERSION",
        "make_client",
        "build_option_parser",
    ):
        assert hasattr(plugin, name)


def test_it_brings_nothing_but_the_standard_library():
    """Every 'openstack' command imports it, used or not."""
    code = (
        "import argparse, sys, typing; before = set(sys.modules);"
        "import osc_migrate.plugin;"
        "print(*sorted(set(sys.modules) - before))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True
    )
    assert found.stdout.split() == [b"osc_migrate", b"osc_migrate.plugin"]


def test_it_tells_its_version_when_asked():
    assert osc_migrate.__version__ == metadata.version("osc-migrate")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = osc_migrate.nothing
