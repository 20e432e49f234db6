"""Loads the options and fixtures where the suite runs from a clone.

Installed, the same module is named with ``-p`` (see :mod:`.plugin`): pytest
reads the options of a conftest.py only when its path is on the command line.
"""

pytest_plugins = [f"{__package__}.plugin"]
