"""Measure the cost of running many commands on many compute nodes.

Each node is a separate sshd on loopback, so that client and nodes share the
cores of one machine and the network costs nothing: only the work is measured.
Each method runs the same commands on every node:

ours          one persistent shell per node (osc_migrate.nodes.transport)
floor         one plain 'ssh node sh -s < script' per node, by xargs
testinfra     its own ssh backend, as tests under 'pytest -n auto'
  control     the same with a ControlPath
ansible       a playbook with one 'shell' task per command, pipelining
  raw         the same with 'raw' tasks, which need no Python on the node

CPU is the client's, including the processes of its logins, without the nodes.
MiB is the peak memory of the client process itself.

The methods take turns, forwards and backwards; each figure is the minimum of
its runs. The slow methods run once.

With --real the commands are those that 'preflight --nodes' runs on a compute
node. Some of these scripts are unsuitable for a playbook, so that the slow
methods only run the typical commands.

Usage: python -m benchmarks.nodes [--repeat N] [--forks N]
       [--slow=WAY,... | --real] [NODES ...]
"""

import argparse
import contextlib
import importlib.metadata
import json
import os
import pathlib
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence

from benchmarks.measure import Cost, environment, run, table
from osc_migrate.facts import Unread
from osc_migrate.nodes import node_questions as node_facts
from osc_migrate.nodes.answers import Answer, Question
from osc_migrate.nodes.role import Role
from osc_migrate.nodes.transport.sessions import visit
from osc_migrate.nodes.transport.shell import NodeLimits
from osc_migrate.nodes.transport.target import Target
from testbed.endpoints import Endpoints

# Typical commands: available on every machine, and none of them slow.
TYPICAL = tuple(
    Question(command)
    for command in (
        "uname -r",
        "hostname",
        "cat /etc/os-release",
        "cat /proc/cpuinfo",
        "cat /proc/meminfo",
        "cat /proc/mounts",
        "cat /proc/cmdline",
        "cat /proc/modules",
        "cat /proc/loadavg",
        "cat /proc/sys/vm/overcommit_memory",
        "date +%s.%N",
        "df -P",
        "df -Pi",
        "id root",
        "id nova",
        "getent passwd",
        "getent group",
        "getent hosts localhost",
        "cat /etc/hosts",
        "cat /etc/resolv.conf",
        "cat /etc/nova/nova.conf",
        "cat /etc/libvirt/libvirtd.conf",
        "ls -ldn / /var/lib /etc",
        "stat -f -c %T /",
        "readlink -f /proc/self",
        "test -d /var/lib/nova/instances",
        "ls /sys/class/net",
        "cat /sys/class/net/lo/mtu",
        "cat /proc/net/tcp",
        "cat /proc/net/route",
        "ls /proc/sys/net/ipv4",
        "ls /sys/devices/system/node",
        "cat /sys/kernel/mm/transparent_hugepage/enabled",
        "ls -A /root/.ssh",
        "sha256sum /etc/passwd",
        "command -v qemu-img",
        "command -v virsh",
        "systemctl is-active libvirtd",
        "ps -eo pid,comm",
        "env",
    )
)
FAST = "floor", "ours"
SLOW = "testinfra", "control", "ansible", "raw"
PYTHON = sys.executable
QUIET = "-p", "no:cacheprovider", "-q", "--no-header", "--tb=line"
TESTS = """
import json, pathlib, pytest
COMMANDS = json.loads(pathlib.Path({commands!r}).read_text())

@pytest.mark.parametrize("n", range(len(COMMANDS)))
def test(host, n):
    host.run(COMMANDS[n])
"""
ANSIBLE_CONFIG = """
[defaults]
gather_facts = no
forks = {forks}
stdout_callback = minimal
host_key_checking = True
interpreter_python = {python}
[ssh_connection]
pipelining = True
ssh_args = -F {config} -o ControlMaster=auto -o ControlPersist=60s
control_path_dir = {control}
"""


class Bench:
    """Nodes, commands, and the methods to run them."""

    def __init__(
        self,
        sshds: Endpoints,
        nodes: Sequence[str],
        questions: Sequence[Question],
        forks: int,
    ) -> None:
        self._config = str(sshds.config)
        self._nodes = nodes
        self._folder = sshds.folder
        self._forks = min(forks, len(nodes))
        texts = [question.text for question in questions]
        self._write("commands.json", json.dumps(texts))
        self._write("nodes", "\n".join(nodes) + "\n")
        self._write(
            "script", "\n".join(f"({text}\n) </dev/null" for text in texts)
        )
        self._write(
            "test_nodes.py",
            TESTS.format(commands=str(self._folder / "commands.json")),
        )

    def _write(self, name: str, text: str) -> str:
        path = self._folder / name
        path.write_text(text)
        return str(path)

    def ways(self, slow: bool) -> dict[str, Callable[[], Cost]]:
        found = {"floor": self.floor, "ours": self.ours}
        if not slow:
            return found
        found |= {"testinfra": self.testinfra, "  control": self.control}
        if shutil.which("ansible-playbook"):
            found |= {"ansible": self.ansible, "  raw": self.raw}
        return found

    def ours(self) -> Cost:
        words = [PYTHON, "-m", "benchmarks.nodes", "--forks"]
        return self._run(
            [*words, str(self._forks), "--visit", str(self._folder)]
        )

    def floor(self) -> Cost:
        script = f"{self._folder}/script"
        # Its exit status is that of the last command.
        one = (
            f"ssh -F {self._config} -T -o BatchMode=yes {{}} sh -s"
            f" < {script} > {self._folder}/said_{{}} 2>&1; :"
        )
        words = ["xargs", "-a", f"{self._folder}/nodes", "-P"]
        return self._run([*words, str(self._forks), "-I{}", "sh", "-c", one])

    def testinfra(self, config: str = "") -> Cost:
        hosts = ",".join(f"ssh://{node}" for node in self._nodes)
        words = [PYTHON, "-m", "pytest", *QUIET, "-n", "auto"]
        words += [f"--hosts={hosts}"]
        words += [f"--ssh-config={config or self._config}"]
        return self._run([*words, str(self._folder / "test_nodes.py")])

    def control(self) -> Cost:
        # Not in testinfra's URI, which does not accept a controlpath.
        plain = pathlib.Path(self._config).read_text()
        with _short_folder() as folder:
            path = f"ControlPath {folder}/%h-%p"
            return self.testinfra(self._write("control", f"{path}\n{plain}"))

    def ansible(self, module: str = "shell") -> Cost:
        tasks = [
            {f"ansible.builtin.{module}": command, "ignore_errors": True}
            for command in json.loads(
                (self._folder / "commands.json").read_text()
            )
        ]
        play = {"hosts": "all", "gather_facts": False, "tasks": tasks}
        book = self._write("book.yaml", json.dumps([play]))
        with _short_folder() as folder:
            config = ANSIBLE_CONFIG.format(
                forks=self._forks,
                python=PYTHON,
                config=self._config,
                control=folder,
            )
            return self._run(
                ["ansible-playbook", "-i", f"{self._folder}/nodes", book],
                ANSIBLE_CONFIG=self._write("ansible.cfg", config),
            )

    def raw(self) -> Cost:
        return self.ansible("raw")

    def _run(self, words: Sequence[str], **more: str) -> Cost:
        cost = run(words, environment(**more), 3600)
        if cost.code:
            raise SystemExit(f"{words}: {cost.code}\n{cost.out}\n{cost.err}")
        return cost


@contextlib.contextmanager
def _short_folder() -> Iterator[str]:
    """Create a directory with a short path, as sockets require."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield folder


def visit_once(folder: pathlib.Path, forks: int) -> None:
    """Run our method in a separate process."""
    commands = json.loads((folder / "commands.json").read_text())
    questions = {
        str(n): Question(command, limit=60)
        for n, command in enumerate(commands)
    }
    config = folder / "ssh_config"
    targets = {
        name: Target(name, f"ssh://{name}?ssh_config={config}")
        for name in (folder / "nodes").read_text().split()
    }
    # All logins use this machine, so they may have to wait.
    limits = NodeLimits(connect=120, node=600)
    found = visit(targets, lambda shell: shell.ask(questions), forks, limits)
    for name, answers in found.items():
        if isinstance(answers, Unread):
            raise SystemExit(f"{name}: {answers}")
        bad = [a for a in answers.values() if not isinstance(a, Answer)]
        if bad:
            raise SystemExit(f"{name}: {bad}")


def surveyed() -> tuple[Question, ...]:
    """Return the questions of a survey for one compute node, except those
    about its connections to others."""
    more = node_facts.questions({}, Role.COMPUTE, read_only=True)
    return (*node_facts.FIRST.values(), *more.values())


def measure(
    nodes: int,
    questions: Sequence[Question] = TYPICAL,
    forks: int = 20,
    repeat: int = 5,
    slow: Sequence[str] = (),
) -> str:
    """Return a table with the cost of each method for this many nodes."""
    costs: dict[str, list[Cost]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        Endpoints(folder) as sshds,
    ):
        names = [f"node{n}" for n in range(nodes)]
        for name in names:
            sshds.start(name)
        bench = Bench(sshds, names, questions, forks)
        ways = [
            (name, way)
            for name, way in bench.ways(slow=bool(slow)).items()
            if name in FAST or name.strip() in slow
        ]
        # The first run only warms the caches.
        bench.ours()
        for turn in range(repeat):
            for name, way in ways if turn % 2 else reversed(ways):
                if turn == 0 or name in FAST:
                    costs.setdefault(name, []).append(cost := way())
                    # A slow method takes minutes: show progress.
                    print(
                        f"  {name.strip()}: {cost.wall:.2f} s",
                        file=sys.stderr,
                        flush=True,
                    )
    least = {name: min(c.wall for c in costs[name]) for name, _ in ways}
    cpu = {name: min(c.cpu for c in costs[name]) for name, _ in ways}
    peak = {name: max(c.peak for c in costs[name]) for name, _ in ways}
    return table(
        ("way", "wall s", "of the floor", "of ours", "CPU s", "MiB"),
        [
            (
                name.strip(),
                f"{wall:.2f}",
                f"{wall / least['floor']:.2f}",
                f"{wall / least['ours']:.1f}",
                f"{cpu[name]:.1f}",
                f"{peak[name]:.0f}" if name == "ours" else "",
            )
            for name, wall in least.items()
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("nodes", type=int, nargs="*", default=[20, 50, 100])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--forks", type=int, default=20)
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--slow",
        nargs="?",
        const=",".join(SLOW),
        default="",
        metavar="WAY,...",
        help="peers, too: all of them, or these",
    )
    which.add_argument(
        "--real", action="store_true", help="a survey's questions"
    )
    parser.add_argument("--visit", type=pathlib.Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.visit:
        visit_once(asked.visit, asked.forks)
        return
    version = importlib.metadata.version("pytest-testinfra")
    print(
        f"Python {platform.python_version()}, pytest-testinfra {version}, "
        f"{os.cpu_count()} cores, {asked.forks} nodes at once"
    )
    if asked.slow and not shutil.which("ansible-playbook"):
        print("ansible-playbook is not installed: not measured")
    questions = surveyed() if asked.real else TYPICAL
    for nodes in asked.nodes:
        print(f"\n{nodes} nodes, {len(questions)} commands each\n")
        found = measure(
            nodes,
            questions,
            asked.forks,
            asked.repeat,
            asked.slow.split(",") if asked.slow else (),
        )
        print(found, flush=True)


if __name__ == "__main__":
    main()
