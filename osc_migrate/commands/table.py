"""Tables that fit a terminal, and break words only if necessary.

On a terminal, ``grid`` draws a table that is too wide. Elsewhere, with
--max-width, and with --column, nothing is omitted.

cliff makes all wide columns equally narrow. It breaks names of checks, which
should be copyable, although a sentence beside them could use another line. It
also assumes columns narrower than their headers, so that the table is wider
than the terminal after all.
"""

import argparse
import os
import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from cliff.formatters.table import TableFormatter
from rich.cells import cell_len

from osc_migrate.commands import grid

# Minimum width of a piece, in columns.
_NARROWEST = 8


class FittedFormatter(TableFormatter):
    """cliff's table formatter, with cells that already fit."""

    def emit_list(
        self,
        column_names: Sequence[str],
        data: Iterable[Sequence[Any]],
        stdout: TextIO,
        parsed_args: argparse.Namespace,
    ) -> None:
        rows = [list(row) for row in data]
        width = _width(stdout, parsed_args)
        if stdout.isatty():
            rows = [_drawable(row, stdout) for row in rows]
            texts = [_texts(row) for row in rows]
            if (
                width
                and rows
                and not getattr(parsed_args, "columns", ())
                and not grid.fits_width(column_names, texts, width)
            ):
                # --long requests everything.
                lossless = bool(getattr(parsed_args, "long", False))
                lines = grid.lines(
                    column_names, texts, width, lossless=lossless
                )
                stdout.write("\n".join([*lines, ""]))
                return
        super().emit_list(
            column_names,
            fitted(column_names, rows, width) if width else rows,
            stdout,
            parsed_args,
        )

    def emit_one(
        self,
        column_names: Sequence[str],
        data: Sequence[Any],
        stdout: TextIO,
        parsed_args: argparse.Namespace,
    ) -> None:
        row = list(data)
        width = _width(stdout, parsed_args)
        if stdout.isatty():
            row = _drawable(row, stdout)
            fields = [
                list(pair)
                for pair in zip(column_names, _texts(row), strict=True)
            ]
            if width and not grid.fits_width(
                ("Field", "Value"), fields, width
            ):
                lines = grid.records(column_names, [_texts(row)], width)
                stdout.write("\n".join([*lines, ""]))
                return
        super().emit_one(column_names, row, stdout, parsed_args)


def _drawable(row: Sequence[Any], stdout: TextIO) -> list[Any]:
    encoding = stdout.encoding or "utf-8"
    return [
        grid.drawable(cell, encoding) if isinstance(cell, str) else cell
        for cell in row
    ]


def _texts(row: Sequence[Any]) -> list[str]:
    return ["" if cell is None else str(cell) for cell in row]


def _width(stdout: TextIO, parsed_args: argparse.Namespace) -> int:
    """Return the maximum width of a table in columns, 0 for no limit."""
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
    """Return the rows with line breaks; unchanged if these do not help."""
    columns = [
        [name, *(str(row[at]) for row in rows)]
        for at, name in enumerate(names)
    ]
    room = width - 1 - 3 * len(names)
    widest = [max(map(grid.cell_width, column)) for column in columns]
    if sum(widest) <= room:
        return rows
    for hyphens, floors in (
        (False, [_floor(column, r"\s+") for column in columns]),
        (True, [_floor(column, r"\s+|(?<=-)") for column in columns]),
        (True, [max(len(name), _NARROWEST) for name in names]),
    ):
        floors = [min(pair) for pair in zip(floors, widest, strict=True)]
        if sum(floors) <= room:
            widths = grid.shared(room, floors, widest)
            return [
                [
                    _broken(cell, space, hyphens)
                    for cell, space in zip(row, widths, strict=True)
                ]
                for row in rows
            ]
    return rows


def _floor(column: list[str], between: str) -> int:
    """Return the width of the header or the longest piece of any cell."""
    name, *texts = column
    pieces = (piece for text in texts for piece in re.split(between, text))
    return max(len(name), *map(cell_len, pieces), 0)


def _broken(cell: Any, space: int, hyphens: bool) -> Any:
    # Text with double-width characters is left to cliff.
    if not isinstance(cell, str) or grid.cell_width(cell) <= space:
        return cell
    if cell_len(cell) != len(cell.replace("\n", "")):
        return cell
    return "\n".join(
        line
        for cell_line in cell.split("\n")
        for line in textwrap.wrap(cell_line, space, break_on_hyphens=hyphens)
        or [""]
    )
