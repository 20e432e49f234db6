"""Run a script on a node, and raise an error if it fails."""

from testbed.nodes import Lab
from testbed.nodes.errors import LabError


def do(lab: Lab, name: str, script: str) -> str:
    """Run a script on a node.

    :returns: its output
    :raises LabError: it failed
    """
    done = lab.run(name, script)
    if done.returncode:
        raise LabError(f"{name}: {(done.stderr or done.stdout).strip()}")
    return done.stdout
