"""Names that carry no meaning, counted where they are assigned.

Counted are all names that an assignment of any kind binds: ``=``, ``:=``,
``for``, ``with``, ``except`` and comprehensions, class and instance fields
(``x: int``, ``self.x = ...``), parameters, and the names of functions and
classes. Each binding counts once; ``self``, ``cls``, ``_`` and names with
two underscores at both ends do not count.

A name has no meaning when every word in it is on the list: ``found``,
``_told`` and ``what_said`` have none, ``hosts_found`` has.
"""

import ast
import pathlib
import re
from collections.abc import Iterator

# Pronouns, adverbs, participles and fillers: they say that there is a value,
# and not which.
MEANINGLESS = frozenset(
    pathlib.Path(__file__).with_name("meaningless.txt").read_text().split()
)
_IGNORED = frozenset({"self", "cls", "_"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def meaningless(name: str) -> bool:
    words = [word.lower() for word in _WORD.findall(name)]
    return bool(words) and all(word in MEANINGLESS for word in words)


def assigned(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of everything that is bound in a module."""
    for node in ast.walk(tree):
        for name in _bound(node):
            if name not in _IGNORED and not re.fullmatch("__.*__", name):
                yield getattr(node, "lineno", 0), name


def _bound(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store()):
            yield name
        case ast.Attribute(
            value=ast.Name(id="self"), attr=name, ctx=ast.Store()
        ):
            yield name
        case ast.arg(arg=name):
            yield name
        case ast.ExceptHandler(name=str(name)):
            yield name
        case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case (
            ast.FunctionDef(name=name)
            | ast.AsyncFunctionDef(name=name)
            | ast.ClassDef(name=name)
        ):
            yield name


def counts(tree: ast.AST) -> tuple[list[tuple[int, str]], int]:
    """The assigned names without meaning, and how many names there are."""
    names = list(assigned(tree))
    return sorted(pair for pair in names if meaningless(pair[1])), len(names)
