"""Run a process and measure its cost."""

import dataclasses
import os
import pathlib
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence

ROOT = pathlib.Path(__file__).resolve().parent.parent


@dataclasses.dataclass(frozen=True)
class Cost:
    """Cost of one process alone, without concurrent ones."""

    code: int
    out: str
    err: str
    # Seconds.
    wall: float
    user: float
    system: float
    # Peak memory in MiB.
    peak: float

    @property
    def cpu(self) -> float:
        return self.user + self.system


def run(
    words: Sequence[str], env: Mapping[str, str], timeout: float = 300
) -> Cost:
    """Run a command to its end.

    :raises SystemExit: it was killed, after `timeout` seconds or otherwise.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begin = time.monotonic()
        process = subprocess.Popen(
            words,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
        timer = threading.Timer(timeout, process.kill)
        timer.start()
        # Popen.wait() would discard the resource usage.
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - begin
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        cost = Cost(
            code=process.returncode,
            out=out.read().decode(),
            err=err.read().decode(),
            wall=wall,
            user=used.ru_utime,
            system=used.ru_stime,
            peak=used.ru_maxrss / 1024,
        )
    if cost.code < 0:
        raise SystemExit(f"{' '.join(words)} was killed: {cost.code}")
    return cost


def environment(**more: str) -> dict[str, str]:
    """Return the environment without OS_*, but with this tree's plugin."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith("OS_")}
    return kept | {"PYTHONPATH": str(ROOT)} | more


def table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Format a table as valid reStructuredText."""
    text = [[str(cell) for cell in row] for row in (names, *rows)]
    widths = [max(map(len, column)) for column in zip(*text, strict=True)]
    rule = "  ".join("=" * width for width in widths)
    lines = [
        "  ".join(
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in text
    ]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])
