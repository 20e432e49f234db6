"""The command line: python -m testbed.joint up, down, env."""

import argparse
import shlex
import sys

from testbed.cloud.errors import CloudError
from testbed.cloud.processes import ROOT
from testbed.cloud.program import Parser, say
from testbed.cloud.program import main as run
from testbed.joint import storage
from testbed.joint.joint import Joint
from testbed.nodes.errors import LabError

_PROGRAM = "python -m testbed.joint"


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        _PROGRAM,
        "A real cloud on real nodes: a control plane on this machine, "
        "nova-compute with libvirt on HostB and HostC.  Needs root.",
        str(ROOT / ".joint"),
    )
    up = parser.command("up", "Start it, and wait until it can be used.")
    up.add_argument(
        "--storage",
        choices=storage.KINDS,
        default=storage.SHARED,
        help="of the guests' disks: a directory that all nodes share, each "
        "node's own, a GlusterFS, or NFS, between virtual machines "
        "(default: %(default)s)",
    )
    parser.down("Stop it, and remove its state directory.")
    parser.command(
        "env", "Print shell commands that select the cloud and the nodes."
    )
    return parser.parser


def _up(joint: Joint, options: argparse.Namespace) -> int:
    Joint.up(joint.path, options.storage, say, lasting=True)
    command = [sys.executable, "-m", "testbed.joint", "env"]
    if joint.path != ROOT / ".joint":
        command += ["--state", str(joint.path)]
    say(f'to use it:  eval "$({shlex.join(command)})"')
    say("then:       openstack compute service list")
    return 0


def _down(joint: Joint, options: argparse.Namespace) -> int:
    joint.down(options.owner)
    say("down")
    return 0


def _env(joint: Joint, options: argparse.Namespace) -> int:
    if not joint.is_up:
        raise LabError(f"nothing is up in {joint.path}")
    facts = {
        **joint.environment(),
        "NODES_SSH_CONFIG": str(joint.lab.ssh_config),
    }
    for name, value in facts.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


_COMMANDS = {"up": _up, "down": _down, "env": _env}


def main(arguments: list[str] | None = None) -> int:
    """Run one command."""
    errors = (LabError, CloudError)
    return run(_parser(), Joint, _COMMANDS, arguments, errors)


if __name__ == "__main__":
    sys.exit(main())
