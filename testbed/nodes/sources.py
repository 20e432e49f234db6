"""Read this machine's package sources, for the tree of the nodes.

Only sources of the release itself are used: those of third parties may need
keys and packages that are useless on a node.
"""

import pathlib
from collections.abc import Iterator

from testbed.nodes.errors import LabError

APT = pathlib.Path("/etc/apt")


def release(path: str = "/etc/os-release") -> str:
    """Return the code name of this machine's Debian release.

    :raises LabError: it is not Debian
    """
    facts = {}
    for line in pathlib.Path(path).read_text().splitlines():
        key, _, value = line.partition("=")
        facts[key] = value.strip('"')
    if facts.get("ID") != "debian" or "VERSION_CODENAME" not in facts:
        raise LabError(
            "the nodes are made of this machine's own distribution, which "
            f"has to be a Debian release, not {facts.get('PRETTY_NAME')}"
        )
    return facts["VERSION_CODENAME"]


def lines(code: str, apt: pathlib.Path = APT) -> list[str]:
    """Return the sources of a release, as lines of a sources.list.

    :raises LabError: there are none
    """
    found = []
    for options, uri, suite, components in _all(apt):
        if suite.split("-")[0].split("/")[0] != code:
            continue
        if "main" in components:
            mark = f"[{options}] " if options else ""
            found.append(f"deb {mark}{uri} {suite} main")
    if not any(line.split()[-2] == code for line in found):
        raise LabError(f"{apt} has no package source for {code}")
    return list(dict.fromkeys(found))


def _all(apt: pathlib.Path) -> Iterator[tuple[str, str, str, list[str]]]:
    """Yield (options, uri, suite, components) of each binary source."""
    parts = apt / "sources.list.d"
    for path in [apt / "sources.list", *sorted(parts.glob("*.list"))]:
        if path.is_file():
            for line in path.read_text().splitlines():
                yield from _one_line(line)
    for path in sorted(parts.glob("*.sources")):
        for stanza in _stanzas(path.read_text()):
            yield from _one_stanza(stanza)


def _one_line(line: str) -> Iterator[tuple[str, str, str, list[str]]]:
    kind, _, rest = line.partition("#")[0].strip().partition(" ")
    if kind != "deb":
        return
    options, rest = "", rest.strip()
    if rest.startswith("["):
        options, _, rest = rest[1:].partition("]")
    words = rest.split()
    if len(words) > 2:
        yield options.strip(), words[0], words[1], words[2:]


def _stanzas(text: str) -> Iterator[dict[str, str]]:
    """Yield the stanzas of a deb822 file, with field names in lower case."""
    fields: dict[str, str] = {}
    key = ""
    for line in [*text.splitlines(), ""]:
        if line.startswith("#"):
            continue
        if not line.strip():
            if fields:
                yield fields
            fields = {}
        elif line[0].isspace() and key:
            fields[key] += "\n" + line.strip()
        else:
            key, _, value = line.partition(":")
            key = key.lower()
            fields[key] = value.strip()


def _one_stanza(
    fields: dict[str, str],
) -> Iterator[tuple[str, str, str, list[str]]]:
    if "deb" not in fields.get("types", "").split():
        return
    if fields.get("enabled", "yes").lower() in ("no", "false", "0"):
        return
    signed = fields.get("signed-by", "")
    # The field may contain the key itself, which does not fit on a line;
    # mmdebstrap then uses the keys of this machine.
    options = f"signed-by={signed}" if signed.startswith("/") else ""
    for uri in fields.get("uris", "").split():
        for suite in fields.get("suites", "").split():
            yield options, uri, suite, fields.get("components", "").split()
