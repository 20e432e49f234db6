"""Lists the places to edit.

    python -m tools.voice                     counts, and the worst files
    python -m tools.voice --list PATH ...     each place: file:line: [rule]
    python -m tools.voice --list PATH --rule tell --rule name
    python -m tools.voice --list PATH --context
    python -m tools.voice --list PATH --by-word
    python -m tools.voice --changed           only in files that this branch
                                              has changed
    python -m tools.voice --rules             the rules and their advice
    python -m tools.voice --lower             writes baseline.json: counts
                                              that have fallen

PATH is a file or a directory. Exits with 1 when --list or --changed has
found something.
"""

import argparse
import json
import pathlib
import sys
from collections import Counter

from tools.voice import scan, words

BASELINE = pathlib.Path(__file__).with_name("baseline.json")


def selected(paths: list[str]) -> list[str]:
    """The files at these paths; an error where there is none."""
    found: list[str] = []
    for path in paths:
        absolute = pathlib.Path(path).resolve()
        try:
            inside = absolute.relative_to(scan.ROOT).as_posix()
        except ValueError:
            sys.exit(f"{path} is not in {scan.ROOT}")
        below = [
            file
            for file in scan.files()
            if inside == "." or file == inside or file.startswith(f"{inside}/")
        ]
        if not below:
            sys.exit(f"{path}: no file there is held to the rules")
        found += below
    return found


def changed() -> list[str]:
    """Files that this branch has changed since it left origin/main."""
    (base,) = scan.git("merge-base", "origin/main", "HEAD")
    differing = {
        *scan.git("diff", "--name-only", base),
        *scan.git("ls-files", "-o", "--exclude-standard"),
    }
    return [file for file in scan.files() if file in differing]


def show(
    files: list[str], rules: list[str], context: bool, by_word: bool
) -> int:
    every = [
        place
        for file in files
        for place in scan.places(file)
        if not rules or place.rule in rules
    ]
    if by_word:
        counted = Counter((p.rule, p.text.lower()) for p in every)
        for (rule, text), number in counted.most_common():
            print(f"{number:6}  [{rule}] {text}")
    else:
        for place in every:
            print(place)
            if context:
                lines = (scan.ROOT / place.path).read_text().splitlines()
                print(f"        | {lines[place.line - 1].strip()}")
    print(f"{len(every)} places in {len(files)} files", file=sys.stderr)
    return bool(every)


def overview() -> None:
    files = scan.files()
    for name, counted in scan.summary(files).items():
        print(f"{name}: {sum(counted.values())}")
        print("   ", ", ".join(f"{r} {n}" for r, n in counted.items()))
    bad, total = scan.name_share(files)
    print(f"names without meaning: {bad} of {total}, {bad / total:.1%}")
    worst = sorted(
        ((len(scan.places(file)), file) for file in files), reverse=True
    )
    print("the worst files:")
    for number, file in worst[:30]:
        print(f"{number:6}  {file}")


def lower() -> None:
    """A count that has risen is kept as it was: the test shows it."""
    now = scan.summary(scan.files())
    kept = json.loads(BASELINE.read_text()) if BASELINE.exists() else now
    lowest = {
        area: {
            rule: min(number, kept[area][rule])
            for rule, number in rules.items()
            if rule in kept.get(area, {})
        }
        for area, rules in now.items()
        if area in kept
    }
    BASELINE.write_text(json.dumps(lowest, indent=1, sort_keys=True) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.voice",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--list", nargs="+", metavar="PATH", default=[])
    parser.add_argument("--rule", action="append", default=[])
    parser.add_argument("--context", action="store_true")
    parser.add_argument("--by-word", action="store_true")
    parser.add_argument("--changed", action="store_true")
    parser.add_argument("--rules", action="store_true")
    parser.add_argument("--lower", action="store_true")
    given = parser.parse_args()
    if given.rules:
        for rule, (pattern, advice) in words.RULES.items():
            print(f"{rule:16} {advice}\n{'':16} {pattern}")
    elif given.lower:
        lower()
    elif given.list or given.changed:
        files = changed() if given.changed else selected(given.list)
        return show(files, given.rule, given.context, given.by_word)
    else:
        overview()
    return 0


if __name__ == "__main__":
    sys.exit(main())
