"""Words and phrases that this project does not use, and what to use instead.

A rule is matched in the whole text of a file: code, comments, docstrings,
messages and identifiers (``find_somebody`` has the word ``somebody``). A
space in a rule also matches where a phrase is continued on the next line of
a paragraph, of a comment, or of a string in several parts.
"""

import dataclasses
import re
from collections.abc import Iterator


@dataclasses.dataclass(frozen=True)
class Match:
    """One place to edit. ``line`` counts from 1."""

    line: int
    rule: str
    text: str
    advice: str


# Between two words: space, or the end of a line with what continues it.
_SPACE = (
    r"(?:\s*[\"']\s*\n\s*[rbf]{0,2}[\"']\s*"
    r"|\s*\n\s*(?:\#:?|//|\.\.|\*|\|)\s+|\s+)"
)
# A noun phrase is what follows "is no", unless it compares or is a fixed
# phrase: "is no longer", "is no larger than", "is no different from".
_COMPARED = (
    "longer|more|less|fewer|later|older|newer|larger|smaller|higher|lower"
    "|better|worse|slower|faster|different|earlier|greater|shorter|matter"
)

# Name of the rule -> pattern, advice. Words are matched whole, in any case.
RULES: dict[str, tuple[str, str]] = {
    "nobody": ("nobody", "name the actor, or use the passive voice"),
    "somebody": ("somebody|anybody|everybody", "name the actor: user, admin"),
    "whoever": ("whoever|whomever", "name the actor: user, admin"),
    "mend": ("mend|mends|mended|mending", "fix"),
    "is no X": (
        rf"(?:is|are|was|were) no (?!(?:{_COMPARED})\b)(?:[a-z]+|\{{[a-z_.]+)",
        "'is not a ...', or state what it is",
    ),
    "of its own": (
        "of (?:its|their|your|our) own",
        "drop it, or: separate, dedicated",
    ),
    "as there is": (
        "as there (?:is|are|was|were)",
        "because ... ; or a new sentence",
    ),
    "so many": ("so many", "give the number, or: this many, at most N"),
    "wish": (
        "wish|wishes|wished|wishing",
        "policy, preference; request",
    ),
    "tell": (
        "tell|tells|told|telling(?! apart)",
        "report, show, return, state; notify (people)",
    ),
    "goes on": (
        "(?:go|goes|going|went|gone) on",
        "continue, keep running, happen",
    ),
    "comes to an end": (
        "(?:come|comes|came) to (?:an|its|their|the) end",
        "end, finish, complete",
    ),
    "says so": ("(?:say|says|said|saying) so", "report it; state the message"),
    "to who": (
        "(?:to|of|for|from|with|by) who(?! |\\w)|(?:to|for|from) who",
        "'to the person who', 'to whom'; or name the reader",
    ),
    "has not": (
        r"(?:has|have|had) not(?=[.,;:)]|\"?\s*$)",
        "lacks; does not have; is not supported by",
    ),
}

# What a rule must not match: text -> why it stays. Quotations of foreign
# text and proper names only; whitespace as in the source.
QUOTATIONS: dict[str, str] = {
    "nobody:nogroup": "a Unix user and group",
    "user nobody": "a Unix user",
    "anonymous (nobody)": "a Unix user",
    '"nobody"': "a Unix user, as code compares it",
    "``nobody``": "a Unix user",
    "tell apart": "an idiom for distinguish",
    "tells apart": "an idiom for distinguish",
}
_QUOTED = re.compile(
    "|".join(map(re.escape, QUOTATIONS)) + r"|\btells?\s\w+\sapart\b", re.I
)


def _pattern(rule: str) -> re.Pattern[str]:
    spaced = rule.replace(" ", _SPACE) if "(?=" not in rule else rule
    return re.compile(rf"(?<![A-Za-z])(?:{spaced})(?![A-Za-z])", re.I | re.M)


_PATTERNS = {
    name: (_pattern(pattern), advice)
    for name, (pattern, advice) in RULES.items()
}
_THERE = re.compile(r"\bthere\W*$", re.I)


def matches(text: str) -> Iterator[Match]:
    """Every place in a text that a rule names, from top to bottom."""
    quoted = [found.span() for found in _QUOTED.finditer(text)]
    places = []
    for rule, (pattern, advice) in _PATTERNS.items():
        for place in pattern.finditer(text):
            begin, end = place.span()
            if any(low <= begin and end <= high for low, high in quoted):
                continue
            if rule == "is no X" and _THERE.search(
                text[max(0, begin - 12) : begin]
            ):
                continue
            line = text.count("\n", 0, begin) + 1
            shown = " ".join(place[0].split())
            places.append(Match(line, rule, shown, advice))
    return iter(sorted(places, key=lambda match: match.line))
