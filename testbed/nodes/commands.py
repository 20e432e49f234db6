"""Run tools of the system."""

import subprocess

from testbed.nodes.errors import LabError

#: for a shell on a node
ASK_LIBVIRT = "virsh -q capabilities >/dev/null 2>&1 || :"


def run(*command: str, patience: float = 60.0) -> str:
    """Run a command to its end; return its output.

    :param patience: timeout in seconds
    :raises LabError: it failed; the message has its output
    """
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=patience,
        )
    except FileNotFoundError:
        raise LabError(f"{command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise LabError(
            f"{' '.join(command)}: not done after {patience:g} s"
        ) from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise LabError(f"{' '.join(command)}: {said}")
    return done.stdout
