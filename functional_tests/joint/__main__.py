"""The command line: python -m functional_tests.joint up, down, env."""

import argparse
import shlex
import signal
import sys
from typing import Any

from functional_tests.cloud.errors import CloudError
from functional_tests.cloud.processes import ROOT
from functional_tests.joint.joint import Joint
from functional_tests.nodes.errors import LabError

_PROGRAM = "python -m functional_tests.joint"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=_PROGRAM,
        description="A real cloud on real nodes: a control plane on this "
        "machine, nova-compute with libvirt on HostB and HostC.  Needs root.",
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--state",
        metavar="DIR",
        default=str(ROOT / ".joint"),
        help="where everything of it is kept (default: %(default)s)",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    texts = {
        "up": "Start it, and wait until it can be used.",
        "down": "Stop it, and remove its state directory.",
        "env": "Print shell commands that select the cloud and the nodes.",
    }
    parsers = {
        name: commands.add_parser(
            name, parents=[common], help=text, description=text
        )
        for name, text in texts.items()
    }
    storage = parsers["up"].add_mutually_exclusive_group()
    storage.add_argument(
        "--shared",
        action="store_true",
        default=True,
        help="the nodes share the directory of the guests' disks (default)",
    )
    storage.add_argument(
        "--local",
        dest="shared",
        action="store_false",
        help="each node has a directory of its own",
    )
    return parser


def _up(joint: Joint, options: argparse.Namespace) -> None:
    Joint.up(joint.path, options.shared, _say)
    command = [sys.executable, "-m", "functional_tests.joint", "env"]
    if joint.path != ROOT / ".joint":
        command += ["--state", str(joint.path)]
    _say(f'to use it:  eval "$({shlex.join(command)})"')
    _say("then:       openstack compute service list")


def _down(joint: Joint, options: argparse.Namespace) -> None:
    joint.down()
    _say("down")


def _env(joint: Joint, options: argparse.Namespace) -> None:
    if not joint.is_up:
        raise LabError(f"nothing is up in {joint.path}")
    facts = {
        **joint.environment(),
        "NODES_SSH_CONFIG": str(joint.lab.ssh_config),
    }
    for name, value in facts.items():
        print(f"export {name}={shlex.quote(value)}")


_COMMANDS = {"up": _up, "down": _down, "env": _env}


def _interrupt(number: int, frame: Any) -> None:
    """Let a terminated `up` clean up as an interrupted one does."""
    raise KeyboardInterrupt


def main(arguments: list[str] | None = None) -> int:
    """Run one command."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _COMMANDS[options.command](Joint(options.state), options)
    except (LabError, CloudError) as exc:
        _say(f"error: {exc}")
        return 1
    except KeyboardInterrupt:
        _say("interrupted; what was started has been stopped")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
