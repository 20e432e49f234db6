"""The console examples of the documentation: read, run and compared."""

import dataclasses
import pathlib
import re
import subprocess
from collections.abc import Iterator

from testbed.cloud.processes import ROOT

SOURCE = ROOT / "doc/source"
RECORDED = SOURCE / "cli/examples"


@dataclasses.dataclass
class Example:
    """One command, how it ends, and what it prints."""

    command: str
    lines: list[str]
    code: int = 0


def read(path: pathlib.Path) -> list[Example]:
    """The commands of a page that are shown with a prompt, in order."""
    found: list[Example] = []
    for block in _blocks(path.read_text()):
        prompts = False
        for line in block:
            if line == "$ echo $?":
                found.append(Example(line, []))
                prompts = True
            elif line.startswith("$ "):
                found.append(Example(line[2:], []))
                prompts = True
            elif prompts:
                found[-1].lines.append(line)
    return list(_with_codes(found))


def _with_codes(found: list[Example]) -> Iterator[Example]:
    for one, after in zip(found, [*found[1:], None], strict=True):
        if one.command == "$ echo $?":
            continue
        if after and after.command == "$ echo $?":
            one.code = int(after.lines[0])
        yield one


def _blocks(text: str) -> Iterator[list[str]]:
    """Indented lines after '::' or '.. code-block:: console'."""
    lines = text.splitlines()
    begin = re.compile(r"(\.\. code-block:: console|.*::)$")
    at = 0
    while at < len(lines):
        at += 1
        if not begin.match(lines[at - 1]):
            continue
        block = []
        while at < len(lines) and (
            not lines[at] or lines[at].startswith("   ")
        ):
            block.append(lines[at])
            at += 1
        width = min((len(x) - len(x.lstrip()) for x in block if x), default=0)
        yield [x[width:] for x in block if x.strip()]


def run(command: str, environment: dict[str, str]) -> tuple[int, str]:
    """In a shell, as the reader would; both streams, as a terminal has
    them. Only our own words: those of a page of this repository."""
    done = subprocess.run(
        ["bash", "-c", command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    return done.returncode, done.stdout


def missing(example: Example, said: str) -> list[str]:
    """Lines of the example that were not printed, in their order."""
    there = [_shape(line) for line in said.splitlines()]
    lost, at = [], 0
    for line in example.lines:
        # A bar is drawn on a terminal alone; a phase may be too short to be
        # seen.
        if line.strip() == "..." or "\u2501" in line or _PHASE.match(line):
            continue
        start, cut, _ = line.partition("...")
        wanted = _shape(start)
        for place in range(at, len(there)):
            if there[place] == wanted or (
                cut and there[place].startswith(wanted)
            ):
                at = place + 1
                break
        else:
            lost.append(line)
    return lost


_PHASE = re.compile(r"[\w-]+: [a-z]+( \(\w+ -> \w+\))?$")


def _shape(line: str) -> str:
    """What stays the same from run to run."""
    line = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", line)
    line = re.sub(r"\b\d{8}-\d{6}-[0-9a-f]{4}\b", "RUN", line)
    # A quick move may end before Nova has counted a byte.
    line = re.sub(r"\d+([.,:]\d+)*|\bNone\b", "N", line)
    # Whether such moves are on record depends on what ran before.
    line = re.sub(r"about N$|duration unknown.*", "so long", line)
    line = re.sub(r"\|\s+(?=\|)", "| N ", line)
    line = re.sub(r"[-+=]{3,}", "--", line)
    return " ".join(line.split())


def recorded(command: str, code: int, said: str) -> list[str]:
    """A block as it is written into a page."""
    lines = [".. code-block:: console", "", f"   $ openstack {command}"]
    lines += [f"   {line}".rstrip() for line in said.splitlines()]
    lines += ["   $ echo $?", f"   {code}"]
    return lines
