"""What is done with the answers of nodes."""

import argparse

import pytest

from osc_migrate import errors
from osc_migrate.commands import nodes


def test_a_facts_file_becomes_no_script():
    """A colleague may have written it; root would run the script."""
    given = argparse.Namespace(facts="facts.json", remedy_script="scripts")
    with pytest.raises(errors.UsageError, match="cannot be used with --facts"):
        nodes.visited(given, {"HostB": None})
