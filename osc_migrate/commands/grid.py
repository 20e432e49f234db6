"""Draw a table that fits a terminal.

A table that is too wide first loses its empty columns and IDs. Then names are
cut in the middle, and sentences and commands are printed below their row, in
full width. If it is still too wide, each row becomes a record of fields.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, chop_cells

# Minimum width in terminal columns of a name that is cut, of a sentence that
# stays in its row, and of anything else.
NAME, SENTENCE, LEAST = 12, 24, 8
# Columns whose cells may be cut in the middle.
NAMES = frozenset(
    ("server", "host", "hosts", "source", "destination", "subject", "project")
)
# The ID of a run must be copyable, and begins with its start time.
RUN, START_TIME = "run", "began"
GAP = "..."
ARROW = " -> "
COMMAND = "openstack "
_UUID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.I)
# Characters whose width differs between terminals.
_DISPUTED = re.compile(
    "[\ufe00-\ufe0f\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]"
)
# Combining marks per letter; more would overlap other lines.
_MARKS = 4

Row = list[str]


def drawable(text: str, encoding: str) -> str:
    """Return `text` with characters that the terminal can display, and with a
    predictable width.

    :param encoding: encoding of the terminal.
    """
    if text.isascii():
        return text
    letters = []
    marks = 0
    for letter in text:
        marks = marks + 1 if unicodedata.combining(letter) else 0
        if marks > _MARKS or _DISPUTED.match(letter):
            letter = letter.encode("unicode_escape").decode()
        letters.append(letter)
    return (
        "".join(letters)
        .encode(encoding, "backslashreplace")
        .decode(encoding, "replace")
    )


def fits_width(names: Sequence[str], rows: Iterable[Row], width: int) -> bool:
    """Whether the table fits without changes."""
    widths = _widest_cells([list(names), *rows])
    return _total(widths) <= width


def lines(
    names: Sequence[str], rows: list[Row], width: int, *, lossless: bool
) -> list[str]:
    """Return the lines of the table, none wider than `width`.

    :param lossless: keep all IDs and do not cut names.
    """
    shown_indexes = [
        at for at in range(len(names)) if any(row[at] for row in rows)
    ]
    if shown_indexes:
        names, rows = _select_columns(names, rows, shown_indexes)
    if not lossless:
        names, rows = _without_ids(names, rows)
    sentences = [
        at for at in range(len(names)) if _is_text(names[at], rows, at)
    ]
    for below in ([], sentences):
        widths = _widths(names, rows, width, below, lossless)
        if widths:
            return _draw(names, rows, widths, below, width, lossless)
    return records(names, rows, width)


def records(names: Sequence[str], rows: list[Row], width: int) -> list[str]:
    """Return each row as a table of field and value."""
    field = max([5, *map(len, names)])
    value = max([5, *(cell_width(cell) for row in rows for cell in row)])
    value = min(value, max(LEAST, width - field - 7))
    rule = _rule([field, value])
    drawn = [rule, _line(["Field", "Value"], [field, value]), rule]
    for row in rows:
        for name, cell in zip(names, row, strict=True):
            parts = wrapped(cell, value) or [""]
            for first, part in zip([name, *[""] * len(parts)], parts):  # noqa: B905
                drawn.append(_line([first, part], [field, value]))
        drawn.append(rule)
    return drawn


def cut(text: str, space: int) -> str:
    """Cut the middle of `text`; in 'a -> b', that of both names."""
    if cell_len(text) <= space:
        return text
    sides = text.split(ARROW)
    room = space - len(ARROW)
    if len(sides) == 2 and room >= 2 * LEAST:
        widths = shared(room, [LEAST, LEAST], [cell_len(s) for s in sides])
        return ARROW.join(map(cut, sides, widths))
    tail = (space - len(GAP)) // 2
    head = space - len(GAP) - tail
    return f"{_start(text, head)}{GAP}{_end(text, tail)}"


def wrapped(cell: str, space: int) -> list[str]:
    """Return the lines of a cell: broken between words, then after hyphens,
    and within a word only if it is wider than the space."""
    return [
        line
        for part in cell.split("\n")
        for line in _wrapped_line(part, space) or [""]
    ]


def _wrapped_line(text: str, space: int) -> list[str]:
    drawn = [""]
    for word in re.findall(r"\S+\s*", text):
        if _add(drawn, word, space):
            continue
        pieces = re.findall(r"[^-]+-*|-+", word)
        if cell_len(word.rstrip()) <= space:
            pieces = [word]
        drawn.append("")
        for piece in pieces:
            if not _add(drawn, piece, space):
                bare = piece.rstrip()
                drawn += chop_cells(bare, space)
                drawn[-1] += piece[len(bare) :]
    return [line.rstrip() for line in drawn if line]


def _add(drawn: list[str], piece: str, space: int) -> bool:
    """Add the piece to the last line if it fits; return whether it did."""
    line = drawn[-1] + piece
    if cell_len(line.rstrip()) > space:
        return False
    drawn[-1] = line
    return True


def _select_columns(
    names: Sequence[str], rows: list[Row], shown_indexes: Sequence[int]
) -> tuple[list[str], list[Row]]:
    return (
        [names[at] for at in shown_indexes],
        [[row[at] for at in shown_indexes] for row in rows],
    )


def _without_ids(
    names: Sequence[str], rows: list[Row]
) -> tuple[list[str], list[Row]]:
    """Remove columns of IDs; shorten them instead if two rows have the same
    name and different IDs."""
    ids = [at for at in range(len(names)) if _is_id(names[at], rows, at)]
    if RUN in names and START_TIME in names:
        ids.append(names.index(START_TIME))
    remaining = [at for at in range(len(names)) if at not in ids]
    server = next((at for at in remaining if names[at] == "server"), None)
    if server is not None and "id" in names:
        at = names.index("id")
        owners = {(row[server], row[at]) for row in rows}
        if len({name for name, _ in owners}) < len(owners):
            rows = [[*row[:at], row[at][:8], *row[at + 1 :]] for row in rows]
            remaining = sorted({*remaining, at})
    return (
        _select_columns(names, rows, remaining)
        if remaining
        else (list(names), rows)
    )


def _is_id(name: str, rows: list[Row], at: int) -> bool:
    if name == "id" or name.endswith("_id"):
        # The first column is what the rows are about.
        return at > 0
    cells = [row[at] for row in rows if row[at]]
    return bool(cells) and all(map(_UUID.fullmatch, cells))


def _is_text(name: str, rows: list[Row], at: int) -> bool:
    """Whether a column contains sentences."""
    return name not in NAMES and any(
        " " in row[at] and cell_width(row[at]) > SENTENCE for row in rows
    )


def _widths(
    names: Sequence[str],
    rows: list[Row],
    width: int,
    below: Sequence[int],
    lossless: bool,
) -> list[int]:
    """Return the widths of the columns in the row; empty if they do not
    fit."""
    shown_indexes = [at for at in range(len(names)) if at not in below]
    if not shown_indexes:
        return []
    names, rows = _select_columns(names, rows, shown_indexes)
    widest = _widest_cells([list(names), *rows])
    floors = []
    for at, name in enumerate(names):
        is_text = _is_text(name, rows, at)
        is_unbroken = is_text or name == RUN
        between = r"\s+" if is_unbroken else r"\s+|(?<=-)"
        pieces = [_longest_word(row[at], between) for row in rows]
        floor = max(pieces, default=0)
        if name in NAMES and not lossless:
            floor = NAME
        elif is_text:
            floor = max(SENTENCE, min(floor, 2 * SENTENCE))
            if any(COMMAND in row[at] for row in rows):
                # It must be copyable: in one piece, if possible.
                floor = widest[at]
        head = max(map(len, re.split("(?<=_)", name)))
        floors.append(max(head, min(floor, widest[at])))
    room = width - _total([0] * len(names))
    return shared(room, floors, widest) if sum(floors) <= room else []


def _draw(
    names: Sequence[str],
    rows: list[Row],
    widths: list[int],
    below: Sequence[int],
    width: int,
    lossless: bool,
) -> list[str]:
    shown_indexes = [at for at in range(len(names)) if at not in below]
    heads = [names[at] for at in shown_indexes]
    indent = "  "
    # Text below a row may be wider than the row.
    room = width - 4
    texts = [
        [
            f"{indent}{line}"
            for at in below
            if row[at]
            for line in wrapped(f"{names[at]}: {row[at]}", room - len(indent))
        ]
        for row in rows
    ]
    widest = max((cell_len(text) for row in texts for text in row), default=0)
    inner = _total(widths) - 4
    if widest > inner:
        widths = [*widths[:-1], widths[-1] + widest - inner]
        inner = widest
    columns = [[row[at] for row in rows] for at in shown_indexes]
    cells = [
        _cells(name, column, space, lossless)
        for name, column, space in zip(heads, columns, widths, strict=True)
    ]
    right = [all(map(_is_number, column)) for column in columns]
    rule = _rule(widths)
    head_lines = [
        _header(name, space) for name, space in zip(heads, widths, strict=True)
    ]
    drawn = [rule, *_block(head_lines, widths, [False] * len(heads)), rule]
    for at in range(len(rows)):
        drawn += _block([column[at] for column in cells], widths, right)
        drawn += [_line([text], [inner]) for text in texts[at]]
    return [*drawn, rule]


def _cells(
    name: str, column: Sequence[str], space: int, lossless: bool
) -> list[list[str]]:
    """Return the lines of each cell of a column."""
    if name in NAMES and not lossless:
        shortened = [cut(cell, space) for cell in column]
        # Do not cut names that would look the same.
        if len(set(shortened)) == len(set(column)):
            return [[cell] for cell in shortened]
    return [wrapped(cell, space) for cell in column]


def _header(name: str, space: int) -> list[str]:
    drawn = [""]
    for piece in re.split("(?<=_)", name):
        if not _add(drawn, piece, space):
            drawn.append(piece)
    return drawn


def _block(
    cells: Sequence[Sequence[str]],
    widths: Sequence[int],
    right: Sequence[bool],
) -> list[str]:
    height = max([1, *map(len, cells)])
    return [
        _line(
            [cell[at] if at < len(cell) else "" for cell in cells],
            widths,
            right,
        )
        for at in range(height)
    ]


def _line(
    cells: Sequence[str], widths: Sequence[int], right: Sequence[bool] = ()
) -> str:
    padded = []
    for at, (cell, space) in enumerate(zip(cells, widths, strict=True)):
        padding = " " * (space - cell_len(cell))
        to_right = at < len(right) and right[at]
        padded.append(padding + cell if to_right else cell + padding)
    return f"| {' | '.join(padded)} |"


def _rule(widths: Iterable[int]) -> str:
    return "+".join(["", *("-" * (space + 2) for space in widths), ""])


def _total(widths: Sequence[int]) -> int:
    """Return the width of a table in columns, including borders."""
    return sum(widths) + 3 * len(widths) + 1


def shared(room: int, floors: list[int], widest: list[int]) -> list[int]:
    """Distribute the room: the widest columns shrink first."""

    def capped(cap: int) -> list[int]:
        return [
            max(low, min(cap, high))
            for low, high in zip(floors, widest, strict=True)
        ]

    return capped(max(c for c in range(room + 1) if sum(capped(c)) <= room))


def _widest_cells(rows: Iterable[Row]) -> list[int]:
    return [max(map(cell_width, column)) for column in zip(*rows, strict=True)]


def cell_width(text: str) -> int:
    return max(map(cell_len, text.split("\n")))


def _longest_word(text: str, between: str) -> int:
    return max(map(cell_len, re.split(between, text)))


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?[0-9.]*", text) is not None


def _start(text: str, space: int) -> str:
    return next(iter(chop_cells(text, space)), "")


def _end(text: str, space: int) -> str:
    at = len(text)
    while at > 0 and cell_len(text[at - 1 :]) <= space:
        at -= 1
    while at < len(text) and unicodedata.combining(text[at]):
        at += 1
    return text[at:]
