"""``openstack``, with more patience for nodes: emulated ones are slow.

Whatever bounds an answer of theirs is multiplied, here and in the commands
themselves, and nothing else is changed.

usage: python -m testbed.patient WORD...
"""

import dataclasses
import re
import subprocess
import sys

from osc_migrate.nodes.transport import sessions
from osc_migrate.nodes.transport.shell import Limits, Shell
from testbed import shell

_TIMES = 6
_LIMITS = Limits(Limits.connect * _TIMES, Limits.node * _TIMES)
_TIMEOUT = re.compile(r"(?<=timeout -k 1 )\d+")


class PatientShell(shell.Shell):
    """A Shell whose commands wait so long."""

    def start(self, *words):
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", __name__, *words],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


class _OnNode(Shell):
    def __init__(self, argv, name, limits=None):
        super().__init__(argv, name, _LIMITS)

    def ask(self, questions):
        return super().ask({n: _longer(q) for n, q in questions.items()})


def _longer(question):
    command = _TIMEOUT.sub(lambda m: str(int(m[0]) * _TIMES), question.command)
    limit = question.limit * _TIMES
    return dataclasses.replace(question, command=command, limit=limit)


def main():
    from openstackclient.shell import main as client

    sessions.Shell = _OnNode
    sys.argv[0] = "openstack"
    return client(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
