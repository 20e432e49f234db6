"""Every reader of untrusted input returns, or raises what it documents."""

import contextlib
import os
import resource
import signal
import time

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from osc_migrate.tests.unit.fuzz.targets import TARGETS

# Inputs in all of the long run; seconds of CPU that one may take; memory in
# KiB that all may take.
INPUTS = int(os.environ.get("FUZZ_INPUTS", 1_000_000))
HANG = 1.0
MEMORY = 2**21
CALM = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}


class Hang(BaseException):
    """No reader may catch it."""


@contextlib.contextmanager
def ended(seconds):
    """Ends what takes more CPU, even if it would never end by itself."""

    def stop(signum, frame):
        raise Hang(f"more than {seconds:g} s of CPU")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def test_a_hang_is_ended():
    with pytest.raises(Hang), ended(0.02):
        while True:
            with contextlib.suppress(Exception):
                sum(range(1000))


@pytest.mark.parametrize("name", TARGETS)
def test_a_few_inputs(name):
    target = TARGETS[name]

    @settings(max_examples=12, derandomize=True, **CALM)
    @given(target.inputs)
    def run(given):
        target.run(given)

    run()


@pytest.mark.long
@pytest.mark.parametrize("name", TARGETS)
def test_many_inputs(name, capsys):
    target = TARGETS[name]
    count, slowest = 0, 0.0

    @settings(
        max_examples=INPUTS // len(TARGETS),
        derandomize=False,
        phases=[Phase.generate],
        **CALM,
    )
    @given(target.inputs)
    def run(given):
        nonlocal count, slowest
        began = time.thread_time()
        with ended(HANG):
            target.run(given)
        took = time.thread_time() - began
        count, slowest = count + 1, max(slowest, took)
        assert took < HANG, f"{took:.1f} s of CPU"

    run()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < MEMORY
    with capsys.disabled():
        print(f"\n{name}: {count} inputs, slowest {slowest:.2f} s")
