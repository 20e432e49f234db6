"""Loads the options and fixtures where the suite runs from a clone.

Installed, the same module is named with ``-p`` (see :mod:`.plugin`): pytest
reads the options of a conftest.py only when its path is on the command line.
"""

# They repeat in a plain way what the suite checks: 'pytest validators/guide'.
collect_ignore = ["guide"]

pytest_plugins = [f"{__package__}.plugin"]
