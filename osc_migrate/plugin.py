"""What ``openstack`` reads at every start, so it imports nothing heavy."""

import argparse
import typing

if typing.TYPE_CHECKING:
    from osc_migrate.migration import mover

API_NAME = "migrate"
# All four names are required: without API_VERSION_OPTION every openstack
# command fails, without DEFAULT_API_VERSION these commands are missing.
API_VERSION_OPTION = "os_migrate_api_version"
API_VERSIONS = ("1",)
DEFAULT_API_VERSION = "1"


def make_client(instance: typing.Any) -> "mover.Mover":
    """Return the object for ``client_manager.migrate``."""
    from osc_migrate.migration import mover

    return mover.Mover(instance.sdk_connection)


def build_option_parser(
    parser: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    """Add no global option: there is no separate API to choose."""
    return parser
