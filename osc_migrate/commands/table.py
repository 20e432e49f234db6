"""Tables that fit a terminal, and break words only where they must.

cliff makes all wide columns equally narrow: names of checks, which are there
to be copied, come out in pieces although a sentence beside them could take
another line; and it counts on columns that are narrower than their headers,
so that the table is wider than the terminal after all.
"""

import argparse
import os
import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from cliff.formatters.table import TableFormatter
from rich.cells import cell_len

# Nothing is broken into less.
_NARROWEST = 8


class FittedFormatter(TableFormatter):
    """cliff's table, of cells that are already as narrow as they must be."""

    def emit_list(
        self,
        column_names: Sequence[str],
        data: Iterable[Sequence[Any]],
        stdout: TextIO,
        parsed_args: argparse.Namespace,
    ) -> None:
        rows = [list(row) for row in data]
        width = _width(stdout, parsed_args)
        super().emit_list(
            column_names,
            fitted(column_names, rows, width) if width else rows,
            stdout,
            parsed_args,
        )


def _width(stdout: TextIO, parsed_args: argparse.Namespace) -> int:
    """Columns that a table may have, 0 for any number."""
    if parsed_args.max_width > 0:
        return int(parsed_args.max_width)
    if not parsed_args.fit_width:
        return 0
    try:
        return os.get_terminal_size(stdout.fileno()).columns
    except (OSError, ValueError):
        return 0


def fitted(
    names: Sequence[str], rows: list[list[Any]], width: int
) -> list[list[Any]]:
    """The rows with line breaks; as they are where that would not help."""
    columns = [
        [name, *(str(row[at]) for row in rows)]
        for at, name in enumerate(names)
    ]
    room = width - 1 - 3 * len(names)
    widest = [max(map(_widest, column)) for column in columns]
    if sum(widest) <= room:
        return rows
    for hyphens, floors in (
        (False, [_floor(column, r"\s+") for column in columns]),
        (True, [_floor(column, r"\s+|(?<=-)") for column in columns]),
        (True, [max(len(name), _NARROWEST) for name in names]),
    ):
        floors = [min(pair) for pair in zip(floors, widest, strict=True)]
        if sum(floors) <= room:
            widths = _shared(room, floors, widest)
            return [
                [
                    _broken(cell, space, hyphens)
                    for cell, space in zip(row, widths, strict=True)
                ]
                for row in rows
            ]
    return rows


def _shared(room: int, floors: list[int], widest: list[int]) -> list[int]:
    """Widths within the room: what is widest gives way first."""

    def capped(cap: int) -> list[int]:
        return [
            max(low, min(cap, high))
            for low, high in zip(floors, widest, strict=True)
        ]

    return capped(max(c for c in range(room + 1) if sum(capped(c)) <= room))


def _widest(text: str) -> int:
    return max(map(cell_len, text.split("\n")))


def _floor(column: list[str], between: str) -> int:
    """What the header and the longest piece of any cell take."""
    name, *texts = column
    pieces = (piece for text in texts for piece in re.split(between, text))
    return max(len(name), *map(cell_len, pieces), 0)


def _broken(cell: Any, space: int, hyphens: bool) -> Any:
    # What has letters of two columns is left to cliff.
    if not isinstance(cell, str) or _widest(cell) <= space:
        return cell
    if cell_len(cell) != len(cell.replace("\n", "")):
        return cell
    return "\n".join(
        line
        for cell_line in cell.split("\n")
        for line in textwrap.wrap(cell_line, space, break_on_hyphens=hyphens)
        or [""]
    )
