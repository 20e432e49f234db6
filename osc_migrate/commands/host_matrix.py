"""Draw which host can move servers to which, within the terminal's width."""

import shutil
import string
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.cells import cell_len

from osc_migrate.checks.findings import Finding, Status
from osc_migrate.checks.host_matrix import Pair, Possibility
from osc_migrate.redact import mask_secrets
from osc_migrate.text import printable, some

# Maximum width of a name, of a row and of a column.
ROW = 24
COLUMN = 12
# Width of a cell below a number instead of a name, with the space before it.
CELL = 4
# Maximum letters in one cell.
LETTERS = 3
# Maximum characters of a reason in the legend.
REASON = 300
# Letters for reasons; further reasons share the last one.
_ALPHABET = string.ascii_uppercase
TITLE = "From the host of a row to the host of a column:"
KEY = {
    Possibility.YES: "yes: no check of the hosts rules it out",
    Possibility.NO: "capital letter: it cannot move",
    Possibility.WARNING: "small letter: a risk",
    Possibility.UNKNOWN: "letter with '?': not known",
}
DEPENDS = (
    "Room, server groups and networks depend on the server: openstack migrate"
    " preflight SERVER"
)


def lines(pairs: Sequence[Pair], width: int = 0) -> Iterator[str]:
    """Yield the matrix in blocks of columns, then the legend.

    :param width: in columns; 0 for that of the terminal, or 80.
    """
    cells = {(pair.source, pair.destination): pair for pair in pairs}
    width = width or shutil.get_terminal_size((80, 24)).columns
    letters = _reason_letters(cells.values())
    names = _short_names({name for pair in cells for name in pair})
    yield from textwrap.wrap(TITLE, width)
    for block, labelled in _blocks(names, width):
        yield ""
        yield from _block(names, block, labelled, cells, letters)
    yield ""
    verdicts = {pair.verdict for pair in pairs}
    key = "; ".join(
        text for verdict, text in KEY.items() if verdict in verdicts
    )
    yield from textwrap.wrap(key, width)
    for letter, description in _legend(cells.values(), letters):
        yield from textwrap.wrap(
            f"{letter:<3} {description}",
            width,
            subsequent_indent="    ",
            break_on_hyphens=False,
        )
    yield from textwrap.wrap(DEPENDS, width)


def summary(pairs: Sequence[Pair]) -> str:
    """Sum up the pairs: '12 pairs of hosts: 9 yes, 3 no'."""
    counts = Counter(pair.verdict for pair in pairs)
    parts = ", ".join(f"{counts[v]} {v}" for v in Possibility if counts[v])
    if not parts:
        return "fewer than two compute hosts"
    return f"{some(len(pairs), 'pair')} of hosts: {parts}"


def shorten(name: str, width: int) -> str:
    """Cut the middle of a name that is longer than `width`."""
    if cell_len(name) <= width:
        return name
    rest = width - 2
    start, end = name, name
    while cell_len(start) > rest - rest // 2:
        start = start[:-1]
    while cell_len(end) > rest // 2:
        end = end[1:]
    return f"{start}..{end}"


def _short_names(names: Iterable[str]) -> dict[str, str]:
    """Return each host's name without the domain that all share."""
    shown = {name: printable(name, 255) for name in sorted(names)}
    labels = [text.split(".")[::-1] for text in shown.values()]
    shared = 0
    for level in zip(*labels, strict=False):
        if len(set(level)) > 1:
            break
        shared += 1
    if not shared or shared >= min(map(len, labels)):
        return shown
    return {
        name: ".".join(text.split(".")[:-shared])
        for name, text in shown.items()
    }


def _blocks(
    names: Mapping[str, str], width: int
) -> Iterator[tuple[list[str], bool]]:
    """Yield the destinations of each block, and whether their names fit; if
    not, the columns are numbered."""
    ordered = list(names)
    room = width - _label(names)
    wide = max(map(cell_len, names.values()), default=0)
    column = max(CELL, min(wide, COLUMN) + 1)
    labelled = column * len(ordered) <= room
    size = max(1, room // (column if labelled else CELL))
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size], labelled


def _label(names: Mapping[str, str]) -> int:
    """Return the width of a number with a name."""
    wide = max(map(cell_len, names.values()), default=0)
    return len(str(len(names))) + 1 + min(wide, ROW)


def _block(
    names: Mapping[str, str],
    block: Sequence[str],
    labelled: bool,
    cells: Mapping[tuple[str, str], Pair],
    letters: Mapping[tuple[str, Status], str],
) -> Iterator[str]:
    numbers = {name: number for number, name in enumerate(names, 1)}
    digits = len(str(len(names)))
    label = _label(names)
    wide = max(map(cell_len, names.values()))
    column = max(CELL, min(wide, COLUMN) + 1) if labelled else CELL
    heads = [
        shorten(names[name], column - 1) if labelled else str(numbers[name])
        for name in block
    ]
    yield (
        " " * label + "".join(_align_right(h, column) for h in heads)
    ).rstrip()
    for name, text in names.items():
        row = f"{numbers[name]:>{digits}} " + shorten(text, ROW)
        yield (
            row
            + " " * (label - cell_len(row))
            + "".join(
                _align_right(_cell(cells.get((name, target)), letters), column)
                for target in block
            )
        )


def _align_right(text: str, width: int) -> str:
    return " " * (width - cell_len(text)) + text


def _cell(pair: Pair | None, letters: Mapping[tuple[str, Status], str]) -> str:
    if pair is None:
        return "-"
    if not pair.findings:
        return "yes"
    used = dict.fromkeys(letters[f.check, f.status] for f in pair.findings)
    text = "".join(used)
    return text if len(text) <= LETTERS else f"{next(iter(used))}+"


def _reason_letters(pairs: Iterable[Pair]) -> dict[tuple[str, Status], str]:
    """Assign a letter to each reason, the most frequent first."""
    reasons = Counter(
        (finding.check, finding.status)
        for pair in pairs
        for finding in pair.findings
    )
    ordered = sorted(reasons, key=lambda r: (-r[1], -reasons[r], r[0]))
    letters = {}
    for number, (check, status) in enumerate(ordered):
        letter = _ALPHABET[min(number, len(_ALPHABET) - 1)]
        if status is Status.WARN:
            letter = letter.lower()
        if status is Status.UNKNOWN:
            letter += "?"
        letters[check, status] = letter
    return letters


def _legend(
    pairs: Iterable[Pair], letters: Mapping[tuple[str, Status], str]
) -> Iterator[tuple[str, str]]:
    """Yield letter and reason, with the first of different details."""
    findings: dict[tuple[str, Status], dict[str, Finding]] = {}
    for pair in pairs:
        for finding in pair.findings:
            key = (finding.check, finding.status)
            findings.setdefault(key, {}).setdefault(finding.detail, finding)
    for key, letter in letters.items():
        details = list(findings[key].values())
        first = details[0]
        text = (
            f"{first.check}: {printable(mask_secrets(first.detail), REASON)}"
        )
        if first.subject:
            text += f" ({printable(first.subject, ROW)})"
        if len(details) > 1:
            text += f", and {some(len(details) - 1, 'other')}"
        yield letter, text
