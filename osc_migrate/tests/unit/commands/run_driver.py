"""A drain of two servers on a small cloud in memory, as a process.

Its first server moves until the parent ends it. What the parent hears and
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

from osc_migrate.commands import base, run_base
from osc_migrate.maintenance.planning import Limits, Request
from osc_migrate.maintenance.running import run as runs_run
from osc_migrate.maintenance.running import start
from osc_migrate.maintenance.running.results import Result
from osc_migrate.tests.unit.maintenance.running.lab import Lab, Quick, plan


def main(descriptor, where):
    parent = socket.socket(fileno=descriptor)
    heard = parent.makefile("r")
    # As cliff has it.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    lab = Lab()
    lab.nova.identity = "test"
    lab.looks = 10**9
    start._mover = lambda _: (lab, Quick())
    runs_run.on = lambda _, host: (
        start.Row(s.name, s.id, host, None, "", Result.LEFT)
        for s in lab.servers.values()
        if s.host == host
    )
    steps = plan(lab.boot("vm1"), lab.boot("vm2"))
    run = start.drain(
        lab,
        Request(hosts=("HostB",), limits=Limits(total=1)),
        plan=steps,
        journal_dir=where,
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
    arguments = argparse.Namespace(
        junit=None, formatter="json", long=False, quiet=False
    )
    run_base.execute(command, arguments, run)
    base.say_ending(command.ending)
    for row in run.rows:
        say(f"{row.server}: {row.outcome}")
    say(f"{run.verdict.value}, {lab.disabled['HostB']}".replace(run.id, "ID"))
    return command.exit_code


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), pathlib.Path(sys.argv[2])))
