"""Runs tests by tiers: what can run here, and what came of it.

usage: tools/test [TIER...]
"""

import concurrent.futures
import dataclasses
import os
import pathlib
import sys
import tempfile
import time
from collections.abc import Sequence
from xml.etree import ElementTree

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tools import processes  # noqa: E402
from tools.ability import missing_for_nodes  # noqa: E402

BIN = pathlib.Path(sys.executable).parent
INTERRUPTED = 130


@dataclasses.dataclass(frozen=True)
class Tier:
    """Some tests that are asked for by one word."""

    what: str
    #: on two cores
    minutes: int
    on_nodes: bool = False
    by_default: bool = True


TIERS = {
    "lint": Tier("ruff, mypy, and the shell scripts", 1),
    "docs": Tier("builds the documentation; spelling", 1),
    "unit": Tier("no cloud, no nodes", 4),
    "cloud": Tier(
        "the real 'openstack' on the embedded cloud: no root, no package", 14
    ),
    "release": Tier(
        "sdist and wheel, beside the oldest and the newest client", 1
    ),
    "nodes": Tier("real nodes, broken on purpose", 12, on_nodes=True),
    "machines": Tier(
        "the same on emulated machines, with NFS", 7, on_nodes=True
    ),
    "long": Tier(
        "the rest of the long tables, and what depends on timing",
        90,
        on_nodes=True,
        by_default=False,
    ),
}
#: those that pytest runs, all at once
POOLED = ("unit", "cloud", "release", "nodes", "long")
#: minutes that images of nodes take once
IMAGES = 5


@dataclasses.dataclass
class Count:
    """How the tests of one tier ended."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    #: why it could not run, or what went wrong besides
    note: str = ""

    def __str__(self) -> str:
        some = [
            f"{number} {word}"
            for number, word in (
                (self.passed, "passed"),
                (self.failed, "failed"),
                (self.skipped, "skipped"),
            )
            if number
        ]
        return ", ".join([*some, *filter(None, [self.note])]) or "no test ran"


def commands_of(tier: str, scratch: pathlib.Path) -> list[list[str]]:
    """What `lint` and `docs` consist of, each of which may fail."""
    bin = str(BIN)
    if tier == "lint":
        scripts = [
            str(path.relative_to(ROOT))
            for pattern in (
                *("tools/*", ".ci/run", "devstack/settings"),
                *("devstack/*.sh", "devstack/lib/*"),
                "*/devstack/*.sh",
            )
            for path in sorted(ROOT.glob(pattern))
            if path.is_file() and path.suffix in ("", ".sh", ".bash")
        ]
        return [
            [f"{bin}/ruff", "check", "."],
            [f"{bin}/ruff", "format", "--check", "."],
            [f"{bin}/mypy"],
            [f"{bin}/bashate", "-i", "E006", *scripts],
            [f"{bin}/shellcheck", "-x", *scripts],
        ]
    sphinx = [f"{bin}/sphinx-build", "-q", "-W"]
    pages = sorted(path.name for path in ROOT.glob("*.rst"))
    return [
        [*sphinx, "--keep-going", "-j", "auto", "doc/source", f"{scratch}/h"],
        [*sphinx, "--keep-going", "-b", "man", "doc/source", f"{scratch}/m"],
        [*sphinx, "releasenotes/source", f"{scratch}/notes"],
        [
            *(f"{bin}/codespell", *pages, "doc", "devstack", "releasenotes"),
            *("osc_migrate", "validators"),
        ],
    ]


class Run:
    """Of some tiers."""

    def __init__(self, tiers: Sequence[str]) -> None:
        self.tiers = tiers
        self.counts: dict[str, Count] = {}
        self.groups = processes.Groups()
        self.begin = time.monotonic()

    def all(self) -> None:
        """Run them; what fails does not keep the others from running."""
        quick = [name for name in ("lint", "docs") if name in self.tiers]
        pooled = [name for name in POOLED if name in self.tiers]
        pool = concurrent.futures.ThreadPoolExecutor()
        try:
            done = [pool.submit(self.commands, name) for name in quick]
            if any(TIERS[name].on_nodes for name in self.tiers):
                self.packages()
            for one in done:
                one.result()
        finally:
            pool.shutdown(wait=False)
        if pooled:
            workers = os.environ.get("WORKERS") or str(
                min((os.cpu_count() or 1) + 1, 8)
            )
            self.pytest(pooled, "-n", workers)
        # Emulated machines are slow enough alone.
        if "machines" in self.tiers:
            self.pytest(["machines"])
        if "long" in self.tiers:
            self.pytest(["long-machines"])

    def say(self, text: str) -> None:
        """With the time since the start."""
        minutes, seconds = divmod(int(time.monotonic() - self.begin), 60)
        print(f"[{minutes:2}:{seconds:02}] {text}", flush=True)

    def commands(self, tier: str) -> None:
        """Run the commands of a tier; show what those that fail have said."""
        count = self.counts[tier] = Count()
        with tempfile.TemporaryDirectory() as scratch:
            for command in commands_of(tier, pathlib.Path(scratch)):
                code, said = self.groups.output(command)
                count.passed += code == 0
                count.failed += code != 0
                if code:
                    self.say(f"{' '.join(command)}: exit status {code}")
                    print(said, flush=True)
        self.say(f"{tier}: {count}")

    def packages(self) -> None:
        """Install what nodes are made with; labs say what they lack."""
        self.say("installing what the nodes need, unless it is there")
        command = [sys.executable, "-m", "testbed.nodes", "install"]
        code, said = self.groups.output(command)
        if code:
            self.say(f"the packages of the nodes: {said.strip()}")

    def pytest(self, tiers: list[str], *words: str) -> None:
        """Run tiers with pytest, all at once."""
        self.say(f"running {', '.join(tiers)}")
        paths = ["osc_migrate"] * bool({"unit", "long"}.intersection(tiers))
        paths += ["functional_tests"] * (set(tiers) != {"unit"})
        with tempfile.TemporaryDirectory() as scratch:
            report = pathlib.Path(scratch) / "junit.xml"
            code = self.groups.call(
                [
                    *(sys.executable, "-m", "pytest"),
                    *("-p", "tools.pytest_tiers", "--tiers", ",".join(tiers)),
                    *(
                        "-rfEs",
                        "--durations=20",
                        f"--junitxml={report}",
                        *words,
                    ),
                    *paths,
                ]
            )
            found = counted(report)
        for name in tiers:
            count = found.get(name) or Count()
            shown = self.counts.setdefault(name.partition("-")[0], Count())
            shown.passed += count.passed
            shown.failed += count.failed
            shown.skipped += count.skipped
        if code and not any(found[name].failed for name in found):
            shown.failed += 1
            shown.note = f"pytest: exit status {code}"

    def summary(self) -> int:
        """Print one line for each tier and one for all; the exit status."""
        print()
        for name, count in self.counts.items():
            print(f"{name:<9} {count}")
        passed, failed, skipped = (
            sum(getattr(count, word) for count in self.counts.values())
            for word in ("passed", "failed", "skipped")
        )
        print(f"\n{passed} passed, {failed} failed, {skipped} skipped")
        return int(bool(failed) or not passed)


def counted(report: pathlib.Path) -> dict[str, Count]:
    """The tests of each tier, as pytest has reported them."""
    counts: dict[str, Count] = {}
    if not report.is_file():
        return counts
    for case in ElementTree.parse(report).iter("testcase"):
        tier = next(
            (
                entry.get("value")
                for entry in case.iter("property")
                if entry.get("name") == "tier"
            ),
            None,
        )
        count = counts.setdefault(tier or "unknown", Count())
        if case.find("failure") is not None or case.find("error") is not None:
            count.failed += 1
        elif case.find("skipped") is not None:
            count.skipped += 1
        else:
            count.passed += 1
    # A worker that has died takes the tier of its test with it.
    lost = counts.pop("unknown", None)
    if lost:
        some = next(iter(counts.values()), None)
        if some is None:
            some = counts["unit"] = Count()
        some.failed += lost.failed
    return counts


def usage() -> str:
    """What can be asked for."""
    lines = [f"  {name:<9} {tier.what}" for name, tier in TIERS.items()]
    return "\n".join(
        [
            "usage: tools/test [TIER...]",
            "",
            *lines,
            "",
            "without a word: all but 'long', and but what cannot run here",
        ]
    )


def main(words: Sequence[str]) -> int:
    """Run the tiers that are asked for, or all that can run."""
    if unknown := set(words) - TIERS.keys():
        print(usage(), file=sys.stderr)
        return 0 if unknown <= {"-h", "--help"} else 2
    wanted = list(words) or [n for n, t in TIERS.items() if t.by_default]
    lacking = (
        missing_for_nodes() if any(TIERS[n].on_nodes for n in wanted) else ""
    )
    run = Run([n for n in wanted if not (lacking and TIERS[n].on_nodes)])
    for name in wanted:
        if name not in run.tiers:
            run.counts[name] = Count(note=f"not run: {lacking}")
    announce(run, wanted, lacking)
    try:
        with processes.interruptible():
            run.all()
    except KeyboardInterrupt:
        print("\ninterrupted: ending what was started", flush=True)
        left = run.groups.end()
        if left:
            print(f"had to be killed: {', '.join(left)}", flush=True)
        return INTERRUPTED
    code = run.summary()
    if words and lacking:
        return 1  # what was asked for by name did not run
    return code


def announce(run: Run, wanted: Sequence[str], lacking: str) -> None:
    """Say what is going to happen, and how long it takes."""
    minutes = sum(TIERS[name].minutes for name in run.tiers)
    for name in wanted:
        about = TIERS[name].what
        if name in run.tiers:
            print(f"{name:<9} {about}")
        else:
            print(f"{name:<9} cannot run here: {lacking}")
    text = f"about {minutes} min on two cores"
    if any(TIERS[name].on_nodes for name in run.tiers):
        text += f"; the first time on a machine, {IMAGES} more"
    print(f"{text}\n", flush=True)


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
