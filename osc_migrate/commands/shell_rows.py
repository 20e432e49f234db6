"""Print rows as assignments that a shell can evaluate."""

import argparse
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from cliff.formatters.base import ListFormatter
from cliff.formatters.shell import ShellFormatter


class ShellRows(ShellFormatter, ListFormatter):
    """One row has its columns for names; of several each has a number."""

    def emit_list(
        self,
        column_names: Sequence[str],
        data: Iterable[Sequence[Any]],
        stdout: TextIO,
        parsed_args: argparse.Namespace,
    ) -> None:
        rows = list(data)
        prefix = parsed_args.prefix
        for number, row in enumerate(rows, 1):
            if len(rows) > 1:
                parsed_args.prefix = f"{prefix}move{number}_"
            self.emit_one(column_names, row, stdout, parsed_args)
        parsed_args.prefix = prefix
