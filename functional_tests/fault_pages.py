"""What was seen of faults, and the pages that are made of it."""

import json
import pathlib
from collections.abc import Iterable
from typing import Any

FOLDER = pathlib.Path(__file__).parents[1] / "doc/source/reference"


def read_seen(file: pathlib.Path) -> dict[str, Any]:
    """What was seen of each fault, by its key."""
    found: dict[str, Any] = (
        json.loads(file.read_text()) if file.exists() else {}
    )
    return found


def keep_seen(
    file: pathlib.Path, new: dict[str, Any], faults: Iterable[Any]
) -> None:
    """Writes what was seen now beside what earlier runs saw of others; a
    fault that is no more is forgotten."""
    every = read_seen(file) | new
    known = {fault.key for fault in faults}
    kept = {key: every[key] for key in sorted(every) if key in known}
    file.write_text(json.dumps(kept, indent=1) + "\n")


def heading(title: str, line: str = "=") -> list[str]:
    return [title, line * len(title), ""]


def table(head: Iterable[str], widths: str = "") -> list[str]:
    """The beginning of a table; its rows follow."""
    return [
        ".. list-table::",
        "   :header-rows: 1",
        *([f"   :widths: {widths}"] if widths else []),
        "",
        *row(head),
    ]


def row(cells: Iterable[str]) -> list[str]:
    lines = []
    for number, cell in enumerate(cells):
        lead = "   * - " if number == 0 else "     - "
        lines.append(f"{lead}{' '.join(cell.split())}".rstrip())
    return lines


def literal(text: str) -> str:
    """Words of Nova or of a node, whatever is in them."""
    return f"``{text.replace('`', chr(39)).strip()}``"
