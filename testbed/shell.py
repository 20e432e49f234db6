"""The real ``openstack`` as a subprocess, as an operator has it."""

import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

# Another one can be named, to run the tests with another client.
OPENSTACK = os.environ.get(
    "OPENSTACK", str(pathlib.Path(sys.executable).parent / "openstack")
)


@dataclasses.dataclass
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def json(self):
        return json.loads(self.out)


class Shell:
    """A shell in which only `environment` of OS_* is set."""

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
        """A command under way; killed if it is still there after."""
        process = self.start(*words)
        try:
            yield Running(process)
        finally:
            process.kill()
            process.communicate()


class Running:
    """A command under way."""

    def __init__(self, process):
        self._process = process
        self._begin = time.monotonic()

    def interrupt(self):
        """As Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)

    def read_error_line(self):
        """:raises EOFError: there are no more, so that no loop waits on."""
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
