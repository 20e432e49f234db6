"""What a node serves: questions, and what the answers mean."""

import re

from osc_migrate.facts.node.parts import parts, running, units
from osc_migrate.facts.node.said import Said, fact
from osc_migrate.model.answers import Question
from osc_migrate.model.facts import Unread
from osc_migrate.model.node.exports import Export, Server

_SCRIPT = r"""
echo '#names'
hostname
hostname -f 2>/dev/null
echo '#addresses'
hostname -I 2>/dev/null
echo '#units'
systemctl show -p Id,LoadState,ActiveState nfs-server.service \
    nfs-kernel-server.service nfs-ganesha.service 2>/dev/null
echo '#live'
timeout -k 1 8 exportfs -v 2>/dev/null
[ $? -lt 124 ] || echo '#unsaid'
for file in /etc/exports /etc/exports.d/*.exports; do
    [ -r "$file" ] || continue
    printf '#file %s\n' "$file"
    sed -e 's/#.*//' "$file"
    printf '\n'
done
:
"""
QUESTIONS = {"serves": Question(_SCRIPT)}

_CLIENT = re.compile(r"([^()]*)(?:\(([^()]*)\))?")


def read(said: Said) -> Server:
    found = parts(said.lines("serves"))
    states = units(found.get("units", []))
    unit = running(states, "nfs-server", "nfs-kernel-server", "nfs-ganesha")

    def live(_: Said) -> tuple[Export, ...]:
        if unit == "nfs-ganesha":
            raise Unread(
                "what nfs-ganesha exports is not read; see its"
                " /etc/ganesha/ganesha.conf"
            )
        if "unsaid" in found:
            raise Unread("exportfs -v does not answer")
        return exports(found.get("live", []))

    return Server(
        unit=unit,
        state=states.get(unit, ""),
        exports=fact(live, said),
        configured=tuple(
            export
            for name, lines in found.items()
            if name.startswith("file ")
            for export in exports(lines, name.removeprefix("file "))
        ),
        addresses=frozenset(" ".join(found.get("addresses", [])).split()),
        names=frozenset(line.strip() for line in found.get("names", [])),
    )


def exports(lines: list[str], file: str = "") -> tuple[Export, ...]:
    """As /etc/exports and exportfs -v have them: a path and its clients;
    exportfs breaks the line where the path is long."""
    found: list[Export] = []
    path = ""
    for line in _joined(lines):
        words = line.split()
        if not line[:1].isspace() and words:
            path = words.pop(0).strip('"')
            if not words and file:
                words = ["*"]
        common: tuple[str, ...] = ()
        for word in words:
            if word.startswith("-"):
                common = tuple(word[1:].split(","))
            elif match := _CLIENT.fullmatch(word):
                options = (*common, *(match[2] or "").split(","))
                found.append(
                    Export(
                        path,
                        match[1] or "*",
                        tuple(o for o in options if o),
                        file,
                    )
                )
    return tuple(found)


def _joined(lines: list[str]) -> list[str]:
    """Without the line breaks that a backslash takes back."""
    found: list[list[str]] = []
    open_line = False
    for line in lines:
        text = line.rstrip()
        more = text.endswith("\\")
        text = text.removesuffix("\\")
        if open_line:
            found[-1].append(text)
        else:
            found.append([text])
        open_line = more
    return ["".join(pieces) for pieces in found]
