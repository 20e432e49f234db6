"""Measures how much there is to read, and how plainly it is written.

    python -m tools.measure [DIRECTORY]

DIRECTORY is the root of a working tree (default: this one), so that any
commit can be measured with the same rules:

    git worktree add ../before 9e95b06 && python -m tools.measure ../before

The functions below define each measure. The product is every module of
``osc_migrate`` that is not below ``osc_migrate/tests``.
"""

import ast
import collections
import pathlib
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator

from tools.voice import names, sentences, words

POINTS = "openstack.migrate.v1"
PACKAGE = "osc_migrate"
CHECK = "def libvirt_listens("


class Tree:
    """The modules of the product, by their dotted names."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.paths = {
            self._dotted(path): path
            for path in sorted((root / PACKAGE).rglob("*.py"))
            if "tests" not in path.relative_to(root).parts
        }
        self.texts = {n: p.read_text() for n, p in self.paths.items()}
        self.syntax = {n: ast.parse(text) for n, text in self.texts.items()}

    def _dotted(self, path: pathlib.Path) -> str:
        parts = path.relative_to(self.root).with_suffix("").parts
        return ".".join(parts).removesuffix(".__init__")

    def lines(self, modules: Iterable[str]) -> int:
        """All lines, those without code too."""
        return sum(len(self.texts[m].splitlines()) for m in modules)

    def imported(self, module: str) -> set[str]:
        """Modules of the product that an import anywhere in it names.

        ``from a.b import c`` names ``a.b.c`` if that is a module, else
        ``a.b``. The packages around a module do not count: to read a module
        they need not be read. Nor does an import for type checkers alone.
        """
        named: set[str] = set()
        for node in self._nodes(self.syntax[module]):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    named.add(inner if inner in self.paths else node.module)
        return named & self.paths.keys()

    def _nodes(self, node: ast.AST) -> Iterator[ast.AST]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(
                child.test
            ):
                continue
            yield child
            yield from self._nodes(child)


def closure(tree: Tree, module: str) -> set[str]:
    """A module and all that it imports, directly or not: the upper bound of
    what there is to read."""
    reached: set[str] = set()
    waiting = [module]
    while waiting:
        current = waiting.pop()
        if current not in reached:
            reached.add(current)
            waiting += tree.imported(current)
    return reached


def near(tree: Tree, module: str) -> set[str]:
    """A module, what it imports, and what that imports: a first reading."""
    reached = {module}
    for _ in range(2):
        reached |= {far for m in reached for far in tree.imported(m)}
    return reached


def trail(tree: Tree, module: str) -> set[str]:
    """The modules with a definition that a module's own code leads to.

    Followed by name: from every name that the module uses to where that is
    defined, from there to the names which that definition uses, and so on.
    A method is part of its class. Where a name stands for a registry (a
    tuple or dictionary at the top of a module), its members are not
    followed: a reader need not read each check to understand a command.
    """
    seen: set[tuple[str, str]] = set()
    waiting = [(module, "")]
    while waiting:
        place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        waiting += _used(tree, *place)
    return {name for name, _ in seen}


def _used(tree: Tree, module: str, symbol: str) -> Iterator[tuple[str, str]]:
    """Where the names are defined that a definition uses."""
    syntax = tree.syntax[module]
    aliases = _aliases(tree, module)
    local = {
        node.name: node
        for node in syntax.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    if symbol and symbol not in local:
        # Imported from elsewhere, or a value.
        if symbol in aliases:
            yield aliases[symbol]
        return
    for node in ast.walk(local[symbol] if symbol else syntax):
        if isinstance(node, ast.Name) and node.id in aliases:
            owner, inner = aliases[node.id]
            # A whole module is followed where a name of it is used.
            if inner:
                yield owner, inner
        elif isinstance(node, ast.Name) and node.id in local:
            yield module, node.id
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in aliases
        ):
            owner, inner = aliases[node.value.id]
            if not inner:
                yield owner, node.attr


def _aliases(tree: Tree, module: str) -> dict[str, tuple[str, str]]:
    """Name in a module -> the module and symbol that it stands for; the
    symbol is empty for a whole module."""
    known: dict[str, tuple[str, str]] = {}
    for node in ast.walk(tree.syntax[module]):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            name = alias.asname or alias.name
            if inner in tree.paths:
                known[name] = (inner, "")
            elif node.module in tree.paths:
                known[name] = (node.module, alias.name)
    return known


def command_module(tree: Tree, name: str) -> str:
    """The module of a command, from the entry points."""
    project = tomllib.loads((tree.root / "pyproject.toml").read_text())
    point = project["project"]["entry-points"][POINTS][f"migrate_{name}"]
    return str(point).partition(":")[0]


def check_module(tree: Tree) -> str:
    """The module of one node check that stands for all."""
    return next(name for name, text in tree.texts.items() if CHECK in text)


def code_lines(tree: Tree) -> int:
    """Lines of the product: all of them, comments and empty ones too."""
    return tree.lines(tree.paths)


def names_without_meaning(tree: Tree) -> tuple[int, int]:
    """See tools/voice/names.py: how many, and of how many."""
    counted = [names.counts(syntax) for syntax in tree.syntax.values()]
    return sum(len(bad) for bad, _ in counted), sum(n for _, n in counted)


def shared_class_names(tree: Tree) -> dict[str, list[str]]:
    """Names of classes that several modules define for different things."""
    where = collections.defaultdict(list)
    for module, syntax in tree.syntax.items():
        for node in ast.walk(syntax):
            if isinstance(node, ast.ClassDef):
                where[node.name.lstrip("_")].append(module)
    return {name: at for name, at in sorted(where.items()) if len(at) > 1}


def vague_actors(tree: Tree) -> int:
    """Times that nobody, somebody or whoever occurs in the product."""
    pattern = re.compile(
        r"(?<![a-z])(?:nobody|somebody|whoever)(?![a-z])", re.I
    )
    return sum(len(pattern.findall(text)) for text in tree.texts.values())


def listed_words(tree: Tree) -> int:
    """Places in the product that a rule of tools/voice/words.py names."""
    return sum(len(list(words.matches(text))) for text in tree.texts.values())


def long_sentences(tree: Tree) -> int:
    """See tools/voice/sentences.py."""
    return sum(
        len(sentences.long_sentences(syntax))
        for syntax in tree.syntax.values()
    )


def table(tree: Tree) -> Iterator[tuple[str, str]]:
    """What is measured, and its value."""
    starts = {
        "openstack migrate live": command_module(tree, "live"),
        "openstack migrate drain": command_module(tree, "drain"),
        "a node check (libvirt-listens)": check_module(tree),
    }
    for name, start in starts.items():
        for how, reach in (
            ("two imports deep", near),
            ("trail", trail),
            ("closure", closure),
        ):
            read = reach(tree, start)
            yield (
                f"{name}, {how}",
                f"{len(read)} files / {tree.lines(read):,} lines",
            )
    yield "modules of the product", str(len(tree.paths))
    yield "lines of the product", f"{code_lines(tree):,}"
    largest = max(tree.paths, key=lambda name: tree.lines([name]))
    yield "largest module", f"{largest}, {tree.lines([largest])} lines"
    bad, total = names_without_meaning(tree)
    yield (
        "names without meaning",
        f"{bad:,} of {total:,} assigned, {bad / total:.1%}",
    )
    shared = shared_class_names(tree)
    yield (
        "class names used for several things",
        f"{len(shared)}: {', '.join(shared)}",
    )
    yield "nobody, somebody, whoever", str(vague_actors(tree))
    yield "words and phrases on the list", str(listed_words(tree))
    yield (
        f"sentences longer than {sentences.LONGEST} characters",
        str(long_sentences(tree)),
    )


def main() -> None:
    here = pathlib.Path(__file__).parents[1]
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here
    for name, value in table(Tree(root.resolve())):
        print(f"{name:48} {value}")


if __name__ == "__main__":
    main()
