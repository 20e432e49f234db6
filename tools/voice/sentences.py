"""Sentences in messages that are longer than an operator reads at once.

A message is a string in one of these places: an argument of an exception in
``raise``, of a finding, of ``say()`` or of a logger, a keyword argument such
as ``help=`` or ``remedy=``, and what a check returns. A sentence ends at a
period, question or exclamation mark, colon or semicolon before a space, or
at the end of a line. A value in an f-string counts as ``VALUE`` characters.
"""

import ast
import re
from collections.abc import Iterator

LONGEST = 100
VALUE = 8

_KEYWORDS = frozenset(
    [
        "help",
        "detail",
        "remedy",
        "meaning",
        "why",
        "reason",
        "description",
        "message",
        "advice",
    ]
)
_FUNCTIONS = frozenset(
    [
        "say",
        "warning",
        "error",
        "info",
        "exception",
        "Problem",
        "Concern",
        "Skip",
        "Verdict",
        "Finding",
        "Cause",
        "Unread",
    ]
)
_END = re.compile(r"(?<=[.!?:;])\s+|\n+")


def long_sentences(tree: ast.AST) -> list[tuple[int, str]]:
    """Line and text of each that is too long."""
    found = {
        (node.lineno, sentence.strip())
        for node in _messages(tree)
        for text in [_text(node)]
        for sentence in _END.split(text)
        if len(sentence.strip()) > LONGEST
    }
    return sorted(found)


def _messages(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        match node:
            case ast.Raise(exc=ast.Call(args=args, keywords=keywords)):
                for argument in (*args, *(k.value for k in keywords)):
                    yield from _strings(argument)
            case ast.Call(func=func, args=args, keywords=keywords):
                if _name(func) in _FUNCTIONS:
                    for argument in args:
                        yield from _strings(argument)
                for keyword in keywords:
                    if keyword.arg in _KEYWORDS:
                        yield from _strings(keyword.value)
            case ast.FunctionDef(decorator_list=[_, *_]):
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Return) and inner.value:
                        yield from _strings(inner.value)


def _name(func: ast.expr) -> str:
    if isinstance(func, ast.Attribute):
        return func.attr
    return func.id if isinstance(func, ast.Name) else ""


def _strings(node: ast.expr) -> Iterator[ast.expr]:
    """The strings that an argument may be."""
    match node:
        case ast.Constant(value=str()) | ast.JoinedStr() | ast.BinOp():
            yield node
        case ast.IfExp(body=body, orelse=orelse):
            yield from _strings(body)
            yield from _strings(orelse)
        case ast.BoolOp(values=values):
            for value in values:
                yield from _strings(value)


def _text(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(map(_text, values))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(left) + _text(right)
        case ast.IfExp(body=body, orelse=orelse):
            return max(_text(body), _text(orelse), key=len)
    return "x" * VALUE
