"""Answers put in the place of others: what broken tools, a wrong login or a
node in trouble might say instead."""

import dataclasses

from osc_migrate.nodes.answers import Answer, complete

HTML = """\
<!DOCTYPE html>
<html><head><title>503 Service Unavailable</title></head>
<body style="color: red"><h1>Service: unavailable</h1>
# a = b | c
</body></html>
"""
GARBAGE = {
    "HTML": HTML,
    "a word": "ok\n",
    "binary": "\x7fELF\x02\x01\ufffd\0\0\x1b[2J\ufffd=\ufffd:" * 40,
    "nothing": "",
}
#: what a shell reports
FAILED = {
    "permission denied": Answer(126, "", "sh: 1: awk: Permission denied\n"),
    "command not found": Answer(127, "", "sh: 1: awk: not found\n"),
    "refused": Answer(1, "", "Permission denied\n"),
}


def bodies(name, answers):
    """What may stand in an answer's place: description -> answer.

    Its shell reached the end; what it ran did not do what it should.
    """
    for kind, text in GARBAGE.items():
        yield kind, Answer(0, text)
    yield from FAILED.items()
    true = answers[name]
    if isinstance(true, Answer) and len(true.out) > 1:
        size = len(true.out)
        for kind, part in (
            ("truncated", true.out[: size // 2]),
            ("its first quarter", true.out[: size // 4]),
            ("three quarters", true.out[: size * 3 // 4]),
            ("its second half", true.out[size // 2 :]),
        ):
            yield kind, dataclasses.replace(true, out=part)
        line = true.out.rstrip("\n").rpartition("\n")[0]
        yield "without its last line", dataclasses.replace(true, out=line)
    for other, answer in answers.items():
        if other != name and isinstance(answer, Answer):
            yield f"that to {other}", answer


def raw(name, answers):
    """The same as a session sees it, the last line of each answer too."""
    for kind, answer in bodies(name, answers):
        if kind.startswith("that to "):
            end = f"\n#end {kind.removeprefix('that to ')}\n"
            answer = dataclasses.replace(answer, out=answer.out + end)
        yield kind, complete(name, answer)
