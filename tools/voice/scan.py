"""Which files are held to the rules, and what is in them."""

import ast
import dataclasses
import functools
import pathlib
import subprocess
from collections import Counter
from collections.abc import Iterable

from tools.voice import names, sentences, words

ROOT = pathlib.Path(__file__).parents[2]

# Files that are not ours, or that hold the words because they are about
# them: path or prefix -> why.
EXCLUDED = {
    "LICENSE": "its words are given",
    "tools/voice/": "has the words that it looks for",
    "tools/measure.py": "has the words that it counts",
    "osc_migrate/tests/unit/test_voice.py": "has them as examples",
    "osc_migrate/tests/unit/test_measure.py": "has them as examples",
    "osc_migrate/tests/unit/interface": "are snapshots",
    "osc_migrate/tests/unit/cause_messages/": "quotes other projects",
    "osc_migrate/tests/unit/explain/corpus/": "quotes other projects",
    "doc/source/examples/": "is recorded",
    "doc/source/cli/examples/": "is recorded",
}
_SUFFIXES = (".py", ".rst", ".yaml", ".yml", ".sh", ".json", ".toml", "")
_OTHER = ("tools/", "devstack/", ".ci/", "playbooks/")


@dataclasses.dataclass(frozen=True)
class Place:
    """One place to edit.

    :ivar rule: a rule of the word list, ``name`` or ``sentence``.
    """

    path: str
    line: int
    rule: str
    text: str
    advice: str

    def __str__(self) -> str:
        return (
            f"{self.path}:{self.line}: [{self.rule}] {self.text}"
            f"  -> {self.advice}"
        )


def git(*words: str) -> list[str]:
    """The lines that git prints, also where another user owns the tree."""
    return subprocess.run(
        ["git", "-c", "safe.directory=*", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()


@functools.cache
def files() -> tuple[str, ...]:
    """The files under version control that people read, and new ones."""
    listed = git("ls-files", "-co", "--exclude-standard")
    return tuple(
        path
        for path in sorted(listed)
        if not path.startswith(tuple(EXCLUDED))
        and (ROOT / path).is_file()
        and (ROOT / path).suffix in _SUFFIXES
        and (path.endswith((".py", ".rst", ".yaml")) or _read_too(path))
    )


def _read_too(path: str) -> bool:
    return path.startswith(_OTHER) or path.endswith("schema.json")


def area(path: str) -> str:
    """The top-level part of the tree that a file belongs to.

    The product is one part: its modules move between packages.
    """
    first, _, rest = path.partition("/")
    if not rest:
        return "top"
    if first == "osc_migrate":
        return "tests" if rest.startswith("tests/") else "product"
    if first in ("functional_tests", "testbed"):
        return "tests"
    return first


def product(path: str) -> bool:
    return area(path) == "product" and path.endswith(".py")


@functools.cache
def places(path: str) -> tuple[Place, ...]:
    """All places to edit in one file, from top to bottom.

    Names and sentences are looked at in the product and the validators.
    """
    text = (ROOT / path).read_text(errors="replace")
    found = [
        Place(path, m.line, m.rule, m.text, m.advice)
        for m in words.matches(text)
    ]
    if path.endswith(".py") and area(path) in ("product", "validators"):
        tree = ast.parse(text)
        found += [
            Place(path, line, "name", name, "name it after its content")
            for line, name in names.counts(tree)[0]
        ]
        found += [
            Place(
                path,
                line,
                "sentence",
                f"{len(sentence)} characters: {sentence}",
                f"at most {sentences.LONGEST}",
            )
            for line, sentence in sentences.long_sentences(tree)
        ]
    return tuple(sorted(found, key=lambda place: (place.line, place.rule)))


def summary(paths: Iterable[str]) -> dict[str, dict[str, int]]:
    """Area -> rule -> number of places."""
    counted: dict[str, Counter[str]] = {}
    for path in paths:
        rules = Counter(place.rule for place in places(path))
        counted.setdefault(area(path), Counter()).update(rules)
    return {
        name: dict(sorted(rules.items()))
        for name, rules in sorted(counted.items())
    }


def name_share(paths: Iterable[str]) -> tuple[int, int]:
    """How many assigned names of the product have no meaning, of how many."""
    bad = total = 0
    for path in filter(product, paths):
        tree = ast.parse((ROOT / path).read_text())
        without, number = names.counts(tree)
        bad, total = bad + len(without), total + number
    return bad, total
