"""A run whose terminal, reader or supervisor ends it: a real process."""

import contextlib
import fcntl
import io
import os
import signal
import socket
import subprocess
import sys
import termios

import pytest

from osc_migrate.commands import base, lost_output, signals
from osc_migrate.tests.unit.commands import run_driver

FIRST = ("vm1: moved", "vm2: not begun")


class Driven:
    """The process, and what it says through its socket."""

    def __init__(self, process, ours):
        self.process = process
        self._socket = ours
        self._heard = ours.makefile("r")

    def heard(self):
        return self._heard.readline().rstrip("\n")

    def stopped_by(self, words):
        assert self.heard() == f"stopped: {words}"

    def ended(self, *rows):
        """Lets the first server arrive; the exit code and what became."""
        self._socket.sendall(b"arrive\n")
        said = self._heard.read().splitlines()
        code = self.process.wait(600)
        assert code == 130
        assert tuple(said[:2]) == rows
        return said[2]


@contextlib.contextmanager
def driven(tmp_path, **options):
    ours, its = socket.socketpair()
    ours.settimeout(600)
    words = [sys.executable, "-m", run_driver.__name__]
    process = subprocess.Popen(
        [*words, str(its.fileno()), str(tmp_path)],
        pass_fds=[its.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        **options,
    )
    its.close()
    try:
        yield Driven(process, ours)
    finally:
        process.kill()
        process.wait()
        ours.close()
        if process.stderr:
            process.stderr.close()


@pytest.mark.parametrize("number", list(signals.STOPPED_BY))
def test_a_signal_stops_it_and_what_moves_is_followed(tmp_path, number):
    with driven(tmp_path, stderr=subprocess.PIPE, text=True) as run:
        assert run.heard() == "moving"
        run.process.send_signal(number)
        run.stopped_by(signals.STOPPED_BY[number])
        if number != signal.SIGINT:
            # The shell repeats what the kernel has sent.
            run.process.send_signal(number)
        end = run.ended(*FIRST)
        err = run.process.stderr.read()
    assert end == "interrupted, osc-migrate run ID: interrupted"
    assert f"no new move begins: {signals.STOPPED_BY[number]}" in err
    assert "openstack migrate drain --resume" in err


def test_a_tee_that_dies_with_the_first_ctrl_c(tmp_path):
    """As in 'drain 2>&1 | tee log': the terminal sends it to both."""
    with driven(tmp_path, stderr=subprocess.PIPE) as run:
        assert run.heard() == "moving"
        run.process.stderr.close()
        run.process.send_signal(signal.SIGINT)
        # It has something to say since, to no reader.
        said = {run.heard(), run.heard()}
        assert said == {"stopped: interrupted", f"stopped: {LOST}"}
        end = run.ended(*FIRST)
    assert end == "interrupted, osc-migrate run ID: interrupted"


LOST = "interrupted: the output has no reader"


def test_a_reader_that_is_gone_before_anything_was_said(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    with driven(tmp_path, stderr=writer) as run:
        os.close(writer)
        run.stopped_by(LOST)
        end = run.ended("vm1: not begun", "vm2: not begun")
    # No service was touched either.
    assert end == "interrupted, None"


def test_a_terminal_that_is_closed(tmp_path):
    master, slave = os.openpty()

    def own_terminal():
        fcntl.ioctl(2, termios.TIOCSCTTY, 0)

    with driven(
        tmp_path,
        stderr=slave,
        start_new_session=True,
        preexec_fn=own_terminal,
    ) as run:
        os.close(slave)
        assert run.heard() == "moving"
        os.close(master)
        said = {run.heard(), run.heard()}
        assert said == {
            "stopped: interrupted: the terminal was closed (SIGHUP)",
            f"stopped: {LOST}",
        }
        end = run.ended(*FIRST)
    assert end == "interrupted, osc-migrate run ID: interrupted"


def test_what_nohup_ignores_stays_ignored():
    kept = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.handled(lambda *_: pytest.fail("it is ignored")):
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, kept)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_single_move_is_left_as_by_ctrl_c(number):
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), signals.raising_interrupt():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


class TestLostOutput:
    def pipe(self):
        reader, writer = os.pipe()
        os.close(reader)
        return os.fdopen(writer, "w")

    def test_the_first_write_says_so_and_no_write_fails(self, monkeypatch):
        said = []
        with self.pipe() as stream:
            monkeypatch.setattr(sys, "stderr", stream)
            with lost_output.surviving_lost_output(
                lambda: said.append("lost")
            ):
                base.say("one")
                base.say("two")
                assert not sys.stderr.isatty()
            # A caller that has kept the stream itself can write as well.
            print("three", file=stream, flush=True)
            assert sys.stderr is stream
        assert said == ["lost"]

    def test_a_stream_that_was_closed(self, monkeypatch):
        said = []
        stream = io.StringIO()
        stream.close()
        monkeypatch.setattr(sys, "stderr", stream)
        with lost_output.surviving_lost_output(lambda: said.append("lost")):
            base.say("one")
        assert said == ["lost"]

    def test_what_is_read_is_not_lost(self, capsys):
        with lost_output.surviving_lost_output(
            lambda: pytest.fail("it is read")
        ):
            base.say("one")
        assert capsys.readouterr().err == "one\n"
