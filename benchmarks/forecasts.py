"""The forecast of a move against how it went, on real guests.

usage: python -m benchmarks.forecasts [--state DIR] [--rounds N]

Prints the table of doc/source/move/forecast.rst: guests that have written
256 MiB and go on writing at five rates, copied with
live_migration_bandwidth = 32.
"""

import argparse
import contextlib
import dataclasses
import re
import sys
import tempfile

from testbed import real_guest
from testbed.joint import Joint
from testbed.shell import Shell

CHECK = "guest-writes-slower-than-it-is-copied"
BANDWIDTH, FILLED = 32, 256
RATES = (0, 8, 16, 22, 64)
_ABOUT = re.compile(r"about (?:(\d+) s|([\d:]+) min) for")
_WRITES = re.compile(r"it writes ([\d.]+) (B|KiB|MiB|GiB)/s")


@dataclasses.dataclass(frozen=True)
class Row:
    # Write rate of the guest in MiB/s: configured, and measured by QEMU.
    dirty: int
    measured: float
    # Seconds; None if the forecast was that it does not converge.
    foretold: float | None
    status: str
    detail: str
    # Seconds of the copy and of the pause, from libvirt; None if it did not
    # converge and was aborted.
    took: float | None
    pause: float | None
    # Duration of the whole command.
    seconds: float

    @property
    def error(self):
        """Error of the forecast, relative to the actual duration."""
        if self.foretold is None or self.took is None:
            return None
        return self.foretold / self.took - 1


def seconds(detail):
    """Return the forecast in a finding, in seconds; None without one."""
    match = _ABOUT.search(detail)
    if not match:
        return None
    if match[1]:
        return float(match[1])
    total = 0
    for part in match[2].split(":"):
        total = total * 60 + int(part)
    return float(total)


def play(joint, dirty, filled=FILLED):
    """Forecast the move of one guest, then move it."""
    shell = Shell(joint.environment())
    nodes = ("--nodes", "--ssh-config", str(joint.lab.ssh_config))
    with real_guest.booted(joint, f"writes-{dirty}", dirty, filled) as server:
        early = shell.migrate(
            "preflight",
            *(server.name, "HostC", "--long", "-f", "json", *nodes),
        )
        (found,) = [r for r in early.json if r["check"] == CHECK]
        done = shell.migrate(
            "live",
            *(server.name, "HostC", "-f", "json", *nodes),
            *("--on-stall", "abort", "--stall-after", "20"),
        )
        took = pause = None
        if done.code == 0:
            counted = real_guest.completed(joint, "HostC", server)
            took = counted["time_elapsed"] / 1000
            pause = counted["downtime"] / 1000
    writes = _WRITES.search(found["detail"])
    units = {"B": 2**-20, "KiB": 2**-10, "MiB": 1, "GiB": 1024}
    return Row(
        dirty=dirty,
        measured=float(writes[1]) * units[writes[2]] if writes else -1,
        foretold=seconds(found["detail"]),
        status=found["status"],
        detail=found["detail"],
        took=took,
        pause=pause,
        seconds=done.seconds,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", help="of a joint cloud that is up")
    parser.add_argument("--rounds", type=int, default=1)
    chosen = parser.parse_args()
    with contextlib.ExitStack() as stack:
        if chosen.state:
            joint = Joint.up(chosen.state)
        else:
            place = stack.enter_context(tempfile.TemporaryDirectory())
            joint = stack.enter_context(Joint.up(f"{place}/state"))
        stack.enter_context(
            real_guest.options(joint, live_migration_bandwidth=BANDWIDTH)
        )
        print("set, measured MiB/s; foretold, took s; error; pause s; command")
        for _ in range(chosen.rounds):
            for dirty in RATES:
                row = play(joint, dirty)
                error = "-" if row.error is None else f"{row.error:+.0%}"
                print(
                    f"{row.dirty:3} {row.measured:5.1f}"
                    f" {row.foretold or '-':>6} {row.took or '-':>7}"
                    f" {error:>5} {row.pause or '-':>6}"
                    f" {row.seconds:6.1f}  {row.status}: {row.detail}",
                    flush=True,
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
