"""The files of a joint cloud in its state directory.

::

    <state>/cloud/     the control plane: as cloud/state.py has it
    <state>/cloud/broker/  RabbitMQ
    <state>/cloud/mariadb/ MariaDB
    <state>/lab/       the nodes: as nodes/state.py has it
"""

import pathlib

from testbed.cloud.state import State


def cloud(state: pathlib.Path) -> State:
    """Return the state of the control plane."""
    return State(state / "cloud")


def lab(state: pathlib.Path) -> pathlib.Path:
    """Return the state directory of the nodes."""
    return state / "lab"
