"""What a node serves: questions, and what the answers mean."""

import re

from osc_migrate.facts.node.parts import parts, running, units
from osc_migrate.facts.node.said import Said, each, fact, whole
from osc_migrate.model.answers import Question
from osc_migrate.model.facts import Unread
from osc_migrate.model.node.exports import Export, Served, Server

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
timeout -k 1 5 exportfs -v 2>/dev/null
echo '#versions'
cat /proc/fs/nfsd/versions 2>/dev/null
for file in /etc/exports /etc/exports.d/*.exports; do
    [ -r "$file" ] || continue
    printf '#file %s\n' "$file"
    sed -e 's/#.*//' "$file"
    printf '\n'
done
echo '#directories'
{ exportfs -v 2>/dev/null; cat /etc/exports /etc/exports.d/*.exports \
    2>/dev/null; } | awk '/^\// {print $1}' | sort -u |
while read -r path; do
    timeout -k 1 3 stat -c '%a|%u|%g|%U|%n' "$path" 2>/dev/null
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
        directories={
            place.path: place
            for place in each(found.get("directories", []), _directory)
        },
        addresses=frozenset(" ".join(found.get("addresses", [])).split()),
        names=frozenset(line.strip() for line in found.get("names", [])),
        versions=frozenset(
            word[1:]
            for word in " ".join(found.get("versions", [])).split()
            if word.startswith("+")
        ),
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
    found: list[str] = []
    open_line = False
    for line in lines:
        text = line.rstrip()
        more = text.endswith("\\")
        text = text.removesuffix("\\")
        if open_line:
            found[-1] += text
        else:
            found.append(text)
        open_line = more
    return found


def _directory(line: str) -> Served | None:
    words = line.split("|", 4)
    if len(words) != 5:
        return None
    mode, uid, gid, owner, path = words
    try:
        return Served(
            path,
            whole(mode, "a mode", 8),
            whole(uid, "an owner"),
            whole(gid, "a group"),
            owner,
        )
    except Unread:
        return None
