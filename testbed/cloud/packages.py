"""Report a missing package of the cloud early, and in one line.

The cloud consists of the real Nova, Keystone, Glance, Placement and Neutron,
in a separate environment.  With another interpreter it would fail deep inside
a child process, so the package and the remedy are reported first.
"""

import importlib.util
import pathlib
import sys

from testbed.cloud.errors import CloudError

HERE = pathlib.Path(__file__).parent

#: importable module -> name of the package that contains it
NEEDED = {
    "nova": "nova",
    "keystone": "keystone",
    "glance": "glance",
    "neutron": "neutron",
    "placement": "openstack-placement",
    "keystoneauth1": "keystoneauth1",
    "openstack": "openstacksdk",
    "werkzeug": "werkzeug",
}


def check() -> None:
    """Raise CloudError unless every package of the cloud can be found."""
    missing = [
        package
        for module, package in NEEDED.items()
        if importlib.util.find_spec(module) is None
    ]
    if not missing:
        return
    verb = "is" if len(missing) == 1 else "are"
    raise CloudError(
        f"{', '.join(missing)} {verb} not installed in {sys.executable}; "
        f"install with: {sys.executable} -m pip install "
        f"-r {HERE / 'requirements.txt'} -c {HERE / 'constraints.txt'}"
    )
