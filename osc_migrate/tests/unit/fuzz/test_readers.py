"""Every reader of untrusted input returns, or raises what it documents."""

import os
import resource
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
        target.run(given)
        took = time.thread_time() - began
        count, slowest = count + 1, max(slowest, took)
        assert took < HANG, f"{took:.1f} s of CPU"

    run()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < MEMORY
    with capsys.disabled():
        print(f"\n{name}: {count} inputs, slowest {slowest:.2f} s")
