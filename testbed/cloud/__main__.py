"""The command line: python -m testbed.cloud up|down|status|env|..."""

import argparse
import os
import shlex
import sys
from typing import Any

from testbed.cloud.cloud import HOSTS, NETWORKS, STUB, Cloud
from testbed.cloud.errors import CloudError
from testbed.cloud.processes import ROOT
from testbed.cloud.program import Parser, say
from testbed.cloud.program import main as run

_PROGRAM = "python -m testbed.cloud"


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        _PROGRAM,
        "A small OpenStack cloud on this machine: real Nova, Keystone, Glance "
        "and Placement, Neutron if wanted; no hypervisor, no packet.",
        str(ROOT / ".cloud"),
    )
    command = parser.command
    up = command("up", "Start the cloud, and wait until it can be used.")
    up.add_argument(
        "--hosts",
        metavar="NAME[,NAME...]",
        default=",".join(HOSTS),
        help="names of the computes (default: %(default)s)",
    )
    up.add_argument(
        "--set",
        metavar="[HOST:]KEY=VALUE",
        action="append",
        default=[],
        help="set a knob of the cloud or of one host; may be repeated",
    )
    up.add_argument(
        "--port",
        metavar="SERVICE=PORT",
        action="append",
        default=[],
        help="use this port instead of a free one; may be repeated",
    )
    up.add_argument(
        "--network",
        choices=NETWORKS,
        default=STUB,
        help="neutron: the real one, with the networks provider and tenant "
        "(default: %(default)s, which has none and starts faster)",
    )
    up.add_argument(
        "--fresh",
        action="store_true",
        help="run the database migrations instead of copying a template",
    )
    down = parser.down("Stop the cloud and remove its state directory.")
    down.add_argument(
        "--keep", action="store_true", help="keep the state directory"
    )
    command("status", "Show the services; exit status 1 if it is not up.")
    env = command("env", "Print shell commands that select the cloud.")
    env.add_argument(
        "--cloud",
        choices=["admin", "demo", "manager", "nova"],
        default="admin",
        help="whose credentials (default: %(default)s)",
    )
    for name, text in (
        ("silence", "Cut a host off: no heartbeat, no messages."),
        ("wake", "Connect a silent host again."),
    ):
        command(name, text).add_argument("host")
    change = command("set", "Set knobs of one host while it runs.")
    change.add_argument("host")
    change.add_argument(
        "settings",
        metavar="KEY=VALUE",
        nargs="+",
        help="an empty value takes the knob back",
    )
    agent = command("agent", "Change Neutron's agent on one host.")
    agent.add_argument("host")
    life = agent.add_mutually_exclusive_group()
    life.add_argument(
        "--alive", action="store_true", default=None, help="it reports"
    )
    life.add_argument(
        "--dead",
        dest="alive",
        action="store_false",
        help="it has not reported for years",
    )
    agent.add_argument(
        "--map",
        metavar="NETWORK:BRIDGE[,...]",
        help="its bridge mappings; '' for none",
    )
    return parser.parser


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise CloudError(f"{text}: write KEY=VALUE")
    return key, value


def _up(cloud: Cloud, options: argparse.Namespace) -> int:
    settings: dict[str, Any] = {}
    host_settings: dict[str, dict[str, Any]] = {}
    for text in options.set:
        name, value = _pair(text)
        host, colon, key = name.rpartition(":")
        if colon:
            host_settings.setdefault(host, {})[key] = value
        else:
            settings[key] = value
    ports = {}
    for text in options.port:
        service, value = _pair(text)
        if not value.isdecimal():
            raise CloudError(f"{text}: write SERVICE=PORT")
        ports[service] = int(value)
    Cloud.up(
        cloud.state.path,
        options.hosts.split(","),
        settings=settings,
        host_settings=host_settings,
        wanted_ports=ports,
        network=options.network,
        fresh=options.fresh,
        lasting=True,
        report=say,
    )
    command = [*_PROGRAM.split(), "env"]
    command[0] = sys.executable
    if cloud.state.path != ROOT / ".cloud":
        command += ["--state", str(cloud.state.path)]
    say(f'to use it:  eval "$({shlex.join(command)})"')
    say("then:       openstack compute service list")
    return 0


def _down(cloud: Cloud, options: argparse.Namespace) -> int:
    if not cloud.state.exists:
        say(f"no cloud in {cloud.state.path}")
        return 0
    if killed := cloud.down(options.keep, options.owner):
        say(f"had to be killed: {', '.join(killed)}")
    say("down")
    return 0


def _status(cloud: Cloud, options: argparse.Namespace) -> int:
    if not cloud.state.exists:
        print(f"no cloud in {cloud.state.path}")
        return 1
    facts = cloud.state.load()
    row = "{:<10} {:<10} {:>8} {:>6}  {}".format
    print(row("SERVICE", "PROCESS", "PID", "PORT", "STATE"))
    for process in cloud.processes:
        for service in facts["processes"][process.name]["serves"]:
            state = "running" if process.alive else "dead"
            port = cloud.ports[service]
            print(row(service, process.name, process.pid, port, state))
    silent = [host for host in cloud.hosts if cloud.control.silent(host)]
    print(f"computes: {', '.join(cloud.hosts)}")
    if silent:
        print(f"silent: {', '.join(silent)}")
    print("up" if cloud.is_up else f"not up ({facts.get('phase', 'empty')})")
    return 0 if cloud.is_up else 1


def _env(cloud: Cloud, options: argparse.Namespace) -> int:
    if not cloud.is_up:
        raise CloudError(f"no cloud is up in {cloud.state.path}")
    for name, value in cloud.environment(options.cloud).items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def _silence(cloud: Cloud, options: argparse.Namespace) -> int:
    cloud.silence(options.host)
    return 0


def _wake(cloud: Cloud, options: argparse.Namespace) -> int:
    cloud.wake(options.host)
    return 0


def _set(cloud: Cloud, options: argparse.Namespace) -> int:
    settings = {
        key: value or None for key, value in map(_pair, options.settings)
    }
    cloud.configure(options.host, **settings)
    return 0


def _agent(cloud: Cloud, options: argparse.Namespace) -> int:
    mappings = None
    if options.map is not None:
        mappings = {}
        for text in filter(None, options.map.split(",")):
            network, colon, bridge = text.partition(":")
            if not colon:
                raise CloudError(f"{text}: write NETWORK:BRIDGE")
            mappings[network] = bridge
    cloud.agent(options.host, alive=options.alive, mappings=mappings)
    return 0


_COMMANDS = {
    "up": _up,
    "down": _down,
    "status": _status,
    "env": _env,
    "silence": _silence,
    "wake": _wake,
    "set": _set,
    "agent": _agent,
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command."""
    try:
        return run(_parser(), Cloud, _COMMANDS, arguments)
    except BrokenPipeError:  # | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


if __name__ == "__main__":
    sys.exit(main())
