"""The real ``openstack``, many times, without its two seconds of imports.

A process that has imported the client forks for each command; the child is
what ``openstack`` is, with arguments, environment and exit code of its own.
Where it matters that nothing is loaded yet, or for Ctrl-C, use shell.py.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import traceback

from functional_tests.cloud.processes import ROOT
from functional_tests.shell import Result, Shell


class WarmShell(Shell):
    """A Shell whose commands are forked; a context manager."""

    def __init__(self, environment):
        super().__init__(environment)
        path = os.environ.get("PYTHONPATH")
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", __name__],
            env=self.environment
            | {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), path]))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        with self._process:
            self._process.stdin.close()

    def run(self, *words, timeout=120):
        begin = time.monotonic()
        with tempfile.TemporaryDirectory() as directory:
            files = [os.path.join(directory, name) for name in ("out", "err")]
            asked = {"words": words, "files": files, "timeout": timeout}
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            code = json.loads(self._process.stdout.readline())
            out, err = (pathlib.Path(name).read_text() for name in files)
        return Result(code, out, err, time.monotonic() - begin)


def _main():
    from importlib.metadata import entry_points

    from openstackclient import shell

    # What the commands themselves would import.
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
        signal.alarm(int(asked["timeout"]))  # its default action is to end
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
