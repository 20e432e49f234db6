"""devstack/plugin.sh, called as DevStack calls it, by a stand-in of it."""

import pathlib

from testbed.cloud.processes import ROOT

PLUGIN = ROOT / "devstack"
STAND_IN = pathlib.Path(__file__).with_name("stand_in.sh")


def assignments(**settings):
    """Of a shell, as a line before its command."""
    return " ".join(f"{name}='{said}'" for name, said in settings.items())
