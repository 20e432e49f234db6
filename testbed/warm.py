"""Run the real ``openstack`` often, without its two seconds of imports.

A process that has imported the client forks for each command. The child
behaves like ``openstack``, with its own arguments, environment and exit code.
Use shell.py if imports matter for the test. Commands that are started with
``start`` or ``running``, as for Ctrl-C, use shell.py anyway.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from testbed.cloud.processes import ROOT
from testbed.shell import Result, Shell


class WarmShell(Shell):
    """A Shell whose commands are forked."""

    def run(self, *words, timeout=600):
        """:raises subprocess.TimeoutExpired: as Shell's does."""
        if os.environ.get("OPENSTACK"):
            return super().run(*words, timeout=timeout)
        begin = time.monotonic()
        with tempfile.TemporaryDirectory() as directory:
            files = [os.path.join(directory, name) for name in ("out", "err")]
            code = _forker.run(
                {
                    "words": words,
                    "files": files,
                    "timeout": timeout,
                    "environment": self.environment,
                }
            )
            out, err = (pathlib.Path(name).read_text() for name in files)
        if code == -signal.SIGALRM:
            raise subprocess.TimeoutExpired(words, timeout, out, err)
        return Result(code, out, err, time.monotonic() - begin)


class _Forker:
    """The process that forks, shared by all shells; it ends with this one."""

    def __init__(self):
        self._process = None
        self._lock = threading.Lock()

    def run(self, asked):
        """Return a command's exit code, encoded like subprocess does."""
        with self._lock:
            if self._process is None:
                self._process = self._start()
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def _start(self):
        path = filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", __name__],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


_forker = _Forker()


def _main():
    from importlib.metadata import entry_points

    # cliff reads the program name from here, once.
    sys.argv = ["openstack"]
    from openstackclient import shell

    # Modules that the commands would import.
    import osc_migrate.commands.base  # noqa: F401

    for point in entry_points(group="openstack.migrate.v1"):
        point.load()
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _child(shell, asked)
        status = os.waitpid(pid, 0)[1]
        print(json.dumps(os.waitstatus_to_exitcode(status)), flush=True)


def _child(shell, asked):
    code = 70
    try:
        os.environ.clear()
        os.environ.update(asked["environment"])
        signal.alarm(int(asked["timeout"]))  # by default it ends the process
        for number, name in enumerate(asked["files"], start=1):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        code = shell.main(list(asked["words"])) or 0
    except SystemExit as exc:
        code = exc.code if isinstance(exc.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _main()
