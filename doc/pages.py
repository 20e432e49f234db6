"""Pages that are made when the documentation is built.

What the code says already is not written twice: a page for each command that
is installed, and one of the causes that ``openstack migrate explain`` knows.
"""

import pathlib
import re
from collections.abc import Iterator
from importlib import metadata
from typing import Any

from osc_migrate import causes

GROUP = "openstack.migrate.v1"
SOURCE = pathlib.Path(__file__).parent / "source"
# Made here, and never committed.
COMMANDS = SOURCE / "cli/commands"
CAUSES = SOURCE / "reference/messages.rst"
EXAMPLES = SOURCE / "cli/examples"


def commands() -> list[str]:
    """'migrate live' and so on, from the entry points."""
    points = metadata.entry_points(group=GROUP)
    return sorted({point.name.replace("_", " ") for point in points})


def slug(command: str) -> str:
    return command.removeprefix("migrate ").replace(" ", "-")


def command_page(command: str) -> str:
    """Its help as it is, and an example where one was recorded."""
    title = f"openstack {command}"
    lines = [
        ".. made by doc/pages.py",
        "",
        "=" * len(title),
        title,
        "=" * len(title),
        "",
        f".. autoprogram-cliff:: {GROUP}",
        f"   :command: {command}",
        "",
    ]
    if (EXAMPLES / f"{slug(command)}.rst").exists():
        lines += [
            "Example",
            "-------",
            "",
            f".. include:: /cli/examples/{slug(command)}.rst",
            "",
        ]
    return "\n".join(lines)


_HEAD = """\
.. made by doc/pages.py from osc_migrate/causes

==========================
Troubleshooting by message
==========================

What Nova, libvirt, QEMU, Neutron or Cinder say when a move fails, what it
means, and what to do. ``openstack migrate explain`` finds these words by
itself, in Nova's API and, with ``--nodes``, in the logs of the hosts.

Search this page for a part of the message. ``...`` stands for names and
numbers.
"""


def causes_page() -> str:
    lines = [_HEAD]
    for cause in causes.CAUSES:
        lines += [f".. _cause-{cause.id}:", "", cause.id, "-" * len(cause.id)]
        lines.append("")
        for message in messages(cause.pattern.pattern):
            lines += [f"* ``{message}``"]
        lines += ["", _sentence(cause.meaning), "", "To do: " + cause.remedy]
        lines[-1] += "."
        if cause.check:
            lines += ["", f"Seen before the move by: :check:`{cause.check}`."]
        lines += ["", f"Source: {cause.source}.", ""]
    return "\n".join(lines)


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def messages(pattern: str) -> Iterator[str]:
    """A regular expression as people would search for it."""
    for part in _alternatives(pattern):
        # Escaped brackets are letters; of a group, the first way will do.
        plain = re.sub(r"\\([\[\]()])", lambda m: _KEPT[m[1]], part)
        plain = re.sub(r"\(\?[a-z]+\)", "", plain)
        while (less := _GROUP.sub(r"\1", plain)) != plain:
            plain = less
        plain = re.sub(r"\\[bsn][+*]?", " ", plain)
        plain = re.sub(
            r"(\\[dwS]|\[[^\]]*\]|\.)(\{[\d,]+\}|[*+?])", "...", plain
        )
        plain = re.sub(r"\[(.)[^\]]*\]", r"\1", plain)
        plain = re.sub(r"\\(.)", r"\1", plain)
        plain = re.sub(r"(?<=[\w ])\?", "", plain)
        for letter, kept in _KEPT.items():
            plain = plain.replace(kept, letter)
        yield " ".join(plain.replace("`", "'").split())


# Letters that stand for others while these would be taken for operators.
_GROUP = re.compile(r"\((?:\?:)?([^()|]*)[^()]*\)\??")
_KEPT = {"[": "\ue000", "]": "\ue001", "(": "\ue002", ")": "\ue003"}


def _alternatives(pattern: str) -> Iterator[str]:
    """The parts between bars that stand in no group."""
    depth, begin = 0, 0
    inside = False
    for at, letter in enumerate(pattern):
        if at and pattern[at - 1] == "\\":
            continue
        if letter == "[":
            inside = True
        elif letter == "]":
            inside = False
        elif letter in "()" and not inside:
            depth += 1 if letter == "(" else -1
        elif letter == "|" and not depth and not inside:
            yield pattern[begin:at]
            begin = at + 1
    yield pattern[begin:]


def check_role(
    name: str, raw: str, text: str, line: int, inliner: Any, *_: Any
) -> tuple[list[Any], list[Any]]:
    """:check:`libvirt-listens` leads to where that check is described."""
    from docutils import nodes
    from sphinx import addnodes

    found = addnodes.pending_xref(
        raw,
        nodes.literal(text, text),
        refdomain="std",
        reftype="ref",
        reftarget=text,
        refexplicit=True,
        refwarn=True,
        refdoc=inliner.document.settings.env.docname,
    )
    return [found], []


def make(_app: object = None) -> None:
    """Writes them; what is as it should be is not touched, so that a second
    build has nothing to do."""
    wanted = {
        COMMANDS / f"{slug(name)}.rst": command_page(name)
        for name in commands()
    } | {CAUSES: causes_page()}
    for path in COMMANDS.glob("*.rst"):
        if path not in wanted:
            path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def manuals() -> list[tuple[str, str, str, str, int]]:
    """What the man builder takes: the whole, and each command."""
    found = [
        (
            "cli/index",
            "openstack-migrate",
            "move servers between compute hosts",
            "",
            1,
        )
    ]
    for point in metadata.entry_points(group=GROUP):
        name = point.name.replace("_", " ")
        page = f"cli/commands/{slug(name)}"
        about = (point.load().__doc__ or name).splitlines()[0]
        title = f"openstack-{name.replace(' ', '-')}"
        found.append((page, title, about, "", 1))
    return found
