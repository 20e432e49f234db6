"""Measure what an installed plugin costs every ``openstack`` command.

It compares two virtual environments that differ only in the plugin. Each has
links to all packages of the current environment; one also has links to this
tree's ``osc_migrate`` and its metadata (as installed by a wheel, without the
import hook of an editable install). No file is copied or changed, and both
use the same compiled bytecode. Runs alternate in pairs, so that other load
affects both alike.

Usage: python -m benchmarks.startup [pairs]
"""

import pathlib
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import venv

from benchmarks.measure import ROOT, Cost, environment, run, table

PLUGIN = "osc_migrate"
START = "import sys; from openstackclient.shell import main; sys.exit(main())"
# Runs the same, then prints the names of all loaded modules.
LIST = """import sys
from openstackclient.shell import main
try:
    main()
finally:
    print(*sorted(sys.modules))
"""


def main() -> None:
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory() as place:
        bare = make(pathlib.Path(place, "bare"), plugin=False)
        full = make(pathlib.Path(place, "full"), plugin=True)
        check(bare, full)
        compare(bare, full, pairs)
        print()
        brings(full)


def make(place: pathlib.Path, plugin: bool) -> pathlib.Path:
    """Create an environment; return the path of its Python."""
    venv.create(place, symlinks=True, with_pip=False)
    python = place / "bin" / "python"
    found = subprocess.run(
        [
            python,
            "-c",
            "import sysconfig; print(sysconfig.get_path('purelib'))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    site = pathlib.Path(found.stdout.strip())
    for one in pathlib.Path(sysconfig.get_path("purelib")).iterdir():
        ours = PLUGIN in one.name
        if not ours or (plugin and one.suffix == ".dist-info"):
            (site / one.name).symlink_to(one)
    if plugin:
        (site / PLUGIN).symlink_to(ROOT / PLUGIN)
    return python


def check(bare: pathlib.Path, full: pathlib.Path) -> None:
    """Check both environments, and fill the caches of bytecode and of
    stevedore's entry points."""
    for python, expected in ((bare, False), (full, True)):
        told = start(python, "help", "migrate", "live")
        if (told.code == 0) is not expected:
            raise SystemExit(f"the plugin in {python}: {told.err}")
        start(python, "--version")


def start(python: pathlib.Path, *words: str) -> Cost:
    env = environment()
    del env["PYTHONPATH"]
    return run([str(python), "-c", START, *words], env)


def compare(bare: pathlib.Path, full: pathlib.Path, pairs: int) -> None:
    without, having = [], []
    for n in range(pairs):
        # Alternate the order: the second one benefits from warmer caches.
        for python in (bare, full) if n % 2 else (full, bare):
            cost = start(python, "--version")
            (without if python == bare else having).append(cost)
    rows = [
        row("wall", [c.wall for c in without], [c.wall for c in having]),
        row("CPU", [c.cpu for c in without], [c.cpu for c in having]),
        row(
            "memory",
            [c.peak / 1000 for c in without],
            [c.peak / 1000 for c in having],
            "MiB",
        ),
    ]
    print(f"openstack --version, medians of {pairs} pairs\n")
    print(
        table(
            ("", "without", "with", "difference", "median of pairs", "ratio"),
            rows,
        )
    )


def row(
    name: str, without: list[float], having: list[float], unit: str = "ms"
) -> list[str]:
    low, high = (statistics.median(s) * 1000 for s in (without, having))
    paired = statistics.median(
        (b - a) * 1000 for a, b in zip(without, having, strict=True)
    )
    return [
        f"{name} ({unit})",
        f"{low:.1f}",
        f"{high:.1f}",
        f"{high - low:+.1f}",
        f"{paired:+.1f}",
        f"{high / low:.3f}",
    ]


def brings(full: pathlib.Path) -> None:
    """Print which of the plugin's modules a start imports, and their time."""
    env = environment()
    del env["PYTHONPATH"]
    told = run([str(full), "-c", LIST, "--version"], env).out.splitlines()
    modules = told[-1].split()
    ours = [name for name in modules if name.partition(".")[0] == PLUGIN]
    print(f"modules after a start: {len(modules)}, of which ours are\n")
    # Modules loaded as entry points have no separate line: import them again
    # explicitly, after the shared parts of the standard library.
    code = f"import argparse, typing; import {', '.join(ours)}"
    lines = run([str(full), "-X", "importtime", "-c", code], env).err
    rows = [
        (name.strip(), own.rpartition(":")[2].strip())
        for own, _, name in (
            line.split("|")
            for line in lines.splitlines()
            if line.count("|") == 2
        )
        if name.strip() in ours
    ]
    print(table(("module", "own time (us)"), rows))


if __name__ == "__main__":
    main()
