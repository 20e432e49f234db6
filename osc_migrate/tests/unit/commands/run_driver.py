"""A drain of two servers on a small cloud in memory, as a process.

Its first server moves until the parent says so. What the parent hears and
says goes through a socket, whatever becomes of stdout, stderr and the
terminal.
"""

import argparse
import pathlib
import signal
import socket
import sys
import threading
import types

from osc_migrate.commands import running
from osc_migrate.model.run import Became
from osc_migrate.plans import Limits, Request
from osc_migrate.runs import run as runs_run
from osc_migrate.runs import starting
from osc_migrate.tests.unit.runs.lab import Lab, Quick, plan


def main(descriptor, where):
    parent = socket.socket(fileno=descriptor)
    heard = parent.makefile("r")
    # As cliff has it.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    lab = Lab()
    lab.nova.identity = "test"
    lab.looks = 10**9
    starting._mover = lambda _: (lab, Quick())
    runs_run.on = lambda _, host: (
        starting.Row(s.name, s.id, host, None, "", Became.LEFT)
        for s in lab.servers.values()
        if s.host == host
    )
    steps = plan(lab.boot("vm1"), lab.boot("vm2"))
    run = starting.drain(
        lab,
        Request(hosts=("HostB",), limits=Limits(total=1)),
        plan=steps,
        where=where,
    )

    def say(words):
        parent.sendall(f"{words}\n".encode())

    def stop(why):
        kept(why)
        say(f"stopped: {why}")

    kept, run.stop = run.stop, stop
    sent = lab.sending
    lab.sending = lambda id: (sent(id), say("moving"))

    def release():
        heard.readline()
        lab.looks = 0

    threading.Thread(target=release, daemon=True).start()
    command = types.SimpleNamespace(exit_code=None)
    arguments = argparse.Namespace(junit=None, formatter="json")
    running.do(command, arguments, run)
    for row in run.rows:
        say(f"{row.server}: {row.outcome}")
    say(f"{run.verdict.value}, {lab.disabled['HostB']}".replace(run.id, "ID"))
    return command.exit_code


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), pathlib.Path(sys.argv[2])))
