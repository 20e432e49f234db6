"""Do something on a node, or say why it cannot be done."""

from testbed.nodes import Lab
from testbed.nodes.errors import LabError


def do(lab: Lab, name: str, script: str) -> str:
    """Run a script on a node.

    :returns: what it prints
    :raises LabError: it failed
    """
    done = lab.run(name, script)
    if done.returncode:
        raise LabError(f"{name}: {(done.stderr or done.stdout).strip()}")
    return done.stdout
