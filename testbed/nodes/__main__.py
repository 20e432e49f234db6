"""The command line: python -m testbed.nodes up, down, ssh ..."""

import argparse
import os
import shlex
import sys

from testbed.cloud.processes import ROOT
from testbed.cloud.program import Parser, say
from testbed.cloud.program import main as run
from testbed.nodes import packages
from testbed.nodes.content import KINDS, NSPAWN
from testbed.nodes.errors import LabError
from testbed.nodes.lab import Lab

_PROGRAM = "python -m testbed.nodes"


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        _PROGRAM,
        "Three machines on this machine: HostA (controller and file server), "
        "HostB and HostC (compute nodes), with systemd, sshd, libvirt and "
        "QEMU.  Needs root.",
        str(ROOT / ".nodes"),
    )
    command = parser.command
    up = command("up", "Start the nodes, and wait until they can be used.")
    up.add_argument(
        "--kind",
        choices=KINDS,
        default=NSPAWN,
        help="vm: virtual machines with NFS; nspawn: containers, which start "
        "faster (default: %(default)s)",
    )
    down = parser.down("Stop the nodes, and remove them.")
    down.add_argument(
        "--purge", action="store_true", help="remove the logs too"
    )
    reset = command("reset", "Bring a node back to how it was at first.")
    reset.add_argument("node", choices=Lab.names, metavar="NODE")
    ssh = command("ssh", "Log in to a node, or run a command on it.")
    ssh.add_argument("node", metavar="NODE")
    ssh.add_argument(
        "words", metavar="COMMAND", nargs=argparse.REMAINDER, default=[]
    )
    command("install", "Install what the labs and their tests need.")
    command("env", "Print shell variables: what is needed to use the nodes.")
    return parser.parser


def _running(lab: Lab) -> Lab:
    if not lab.is_up:
        raise LabError(f"no lab is up in {lab.state.path}")
    return lab


def _up(lab: Lab, options: argparse.Namespace) -> int:
    Lab.up(lab.state.path, options.kind, say, lasting=True)
    say(f"to use it:  ssh -F {lab.ssh_config} {lab.names[-1]}")
    return 0


def _down(lab: Lab, options: argparse.Namespace) -> int:
    if not lab.state.exists:
        say(f"no lab in {lab.state.path}")
        return 0
    options.purge |= options.owner is not None
    lab.down(options.purge, options.owner)
    say("down")
    return 0


def _reset(lab: Lab, options: argparse.Namespace) -> int:
    _running(lab).reset(options.node)
    return 0


def _ssh(lab: Lab, options: argparse.Namespace) -> int:
    command = ["ssh", "-F", str(_running(lab).ssh_config), options.node]
    sys.stdout.flush()
    os.execvp("ssh", [*command, *options.words])


def _env(lab: Lab, options: argparse.Namespace) -> int:
    _running(lab)
    facts = {
        "NODES": " ".join(lab.names),
        "NODES_SSH_CONFIG": str(lab.ssh_config),
        "NODES_INSIDE": shlex.join(lab.inside()),
    }
    for name in lab.names:
        facts[f"NODES_ADDRESS_{name}"] = lab.address(name)
    for name, value in facts.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def _install(lab: Lab, options: argparse.Namespace) -> int:
    packages.require_root()
    for kind in packages.NEEDED:
        packages.install(kind, say)
    return 0


_COMMANDS = {
    "install": _install,
    "up": _up,
    "down": _down,
    "reset": _reset,
    "ssh": _ssh,
    "env": _env,
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command."""
    return run(_parser(), Lab, _COMMANDS, arguments, (LabError,))


if __name__ == "__main__":
    sys.exit(main())
