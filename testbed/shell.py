"""Run the real ``openstack`` as a subprocess, like an operator."""

import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

# Can be overridden, to run the tests with another client.
OPENSTACK = os.environ.get(
    "OPENSTACK", str(pathlib.Path(sys.executable).parent / "openstack")
)


@dataclasses.dataclass
class Result:
    """Exit code and output of a command."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def json(self):
        return json.loads(self.out)


class Shell:
    """A shell whose only OS_* variables are those in `environment`."""

    def __init__(self, environment):
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("OS_")
        }
        self.environment = kept | environment

    def start(self, *words):
        return subprocess.Popen(
            [OPENSTACK, *words],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words, timeout=600):
        begin = time.monotonic()
        with self.start(*words) as process:
            return _end(process, begin, timeout)

    def migrate(self, *words):
        """``openstack migrate ...``"""
        return self.run("migrate", *words)

    @contextlib.contextmanager
    def running(self, *words):
        """Start a command; kill it afterwards if it still runs."""
        process = self.start(*words)
        try:
            yield Running(process)
        finally:
            process.kill()
            process.communicate()


class Running:
    """A command that is running."""

    def __init__(self, process):
        self._process = process
        self._begin = time.monotonic()

    def interrupt(self):
        """Send SIGINT, like Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def read_error_line(self):
        """Return the next line of stderr.

        :raises EOFError: the command has ended, so that no loop hangs.
        """
        line = self._process.stderr.readline()
        if not line:
            raise EOFError("the command has ended")
        return line

    def end(self, timeout=600):
        return _end(self._process, self._begin, timeout)


def _end(process, begin, timeout):
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    seconds = time.monotonic() - begin
    return Result(process.returncode, out, err, seconds)
