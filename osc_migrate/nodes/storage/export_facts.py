"""Facts about the NFS exports of a node."""

import dataclasses
import fnmatch
import ipaddress
import re

from osc_migrate.facts import Facts, Unread
from osc_migrate.nodes.answers import Question
from osc_migrate.nodes.command_output import CommandOutput, fact
from osc_migrate.nodes.file_state import STATE_OF, require
from osc_migrate.nodes.systemd_units import running, units


@dataclasses.dataclass(frozen=True)
class Export:
    """An exported directory and a client or group of clients: exports(5)."""

    path: str
    # '10.0.0.0/24', 'host.example', '*.example', '@netgroup', '*'.
    client: str
    options: tuple[str, ...]
    # The file that defines it; '' for an active export.
    file: str = ""

    def admits(self, address: str, names: tuple[str, ...]) -> bool | None:
        """Return whether a client may mount it; None if unknown.

        :param address: address of the client.
        :param names: its names, as the server may see them.
        """
        if self.client in ("*", "<world>", ""):
            return True
        if self.client.startswith("@"):
            return None
        try:
            network = ipaddress.ip_network(self.client, strict=False)
        except ValueError:
            pattern = self.client.lower()
            # In exports(5), '*' also matches dots, as in fnmatch.
            return any(fnmatch.fnmatchcase(n.lower(), pattern) for n in names)
        try:
            return ipaddress.ip_address(address) in network
        except ValueError:
            return None


@dataclasses.dataclass(frozen=True, repr=False)
class NfsServer(Facts):
    # nfs-server, or nfs-kernel-server on older Debians; '' without one.
    unit: str
    # 'active', 'inactive', 'failed', or 'masked'.
    state: str
    # Active exports, including the kernel's defaults (exportfs -v).
    exports: tuple[Export, ...]
    # Exports in /etc/exports and /etc/exports.d.
    configured: tuple[Export, ...]
    addresses: frozenset[str]
    # Host names, short and full.
    names: frozenset[str]

    def serves(self, server: str, address: str) -> bool:
        """Return whether a mount with that server name or address uses it."""
        return (
            address in self.addresses
            or server in self.addresses
            or server.lower() in {name.lower() for name in self.names}
        )

    @property
    def known(self) -> tuple[Export, ...]:
        """Active and configured exports."""
        return (*self.exports, *self.configured)

    def real(self, path: str) -> str:
        """Return the directory that clients call `path`.

        It is below the export with fsid=0, which NFSv4 clients see as '/'.
        """
        if any(export.path == path for export in self.known):
            return path
        for export in self.known:
            if {"fsid=0", "fsid=root"} & {*export.options}:
                return f"{export.path}{path}".rstrip("/") or "/"
        return path

    def of(
        self, path: str, exports: tuple[Export, ...] | None = None
    ) -> list[Export]:
        """Return the exports that contain what clients call `path`.

        These are the exports of the nearest directory at or above it.

        :param exports: search these instead of the active ones.
        """
        among = self.exports if exports is None else exports
        real = self.real(path)
        above = [
            export
            for export in among
            if f"{real}/".startswith(f"{export.path.rstrip('/')}/")
        ]
        nearest = max((len(export.path) for export in above), default=0)
        return [export for export in above if len(export.path) == nearest]


_SCRIPT = (
    STATE_OF
    + r"""
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
ended=$?
# Without exportfs there is nothing to ask: 127.
case $ended in
0 | 127) ;;
*) [ "$ended" -lt 124 ] && [ "$(id -u)" = 0 ] || echo '#unsaid' ;;
esac
for file in /etc/exports /etc/exports.d/*.exports; do
    state_of "$file"
    [ "$state" != denied ] || printf '#denied\n%s\n' "$file"
    [ "$state" = read ] || continue
    printf '#file %s\n' "$file"
    sed -e 's/#.*//' "$file"
    printf '\n'
done
[ -d /run/systemd/system ] || echo '#no systemd'
echo '#end'
"""
)


QUESTIONS = {"serves": Question(_SCRIPT)}


_CLIENT = re.compile(r"([^()]*)(?:\(([^()]*)\))?")


def read(output: CommandOutput) -> NfsServer:
    sections = output.parts("serves")
    if "end" not in sections:
        raise Unread("storage.serves: the answer is incomplete")
    states = units(sections.get("units", []))
    unit = running(states, "nfs-server", "nfs-kernel-server", "nfs-ganesha")

    def live(_: CommandOutput) -> tuple[Export, ...]:
        if unit == "nfs-ganesha":
            raise Unread(
                "what nfs-ganesha exports is not read; see its"
                " /etc/ganesha/ganesha.conf"
            )
        if "unsaid" in sections:
            raise Unread("exportfs -v does not answer; it takes root")
        return exports(sections.get("live", []))

    def of_unit(value: str) -> str:
        if not states and "no systemd" not in sections:
            raise Unread("systemctl shows no units of NFS servers")
        return value

    def configured(_: CommandOutput) -> tuple[Export, ...]:
        for path in sections.get("denied", ()):
            require("denied", path)
        return tuple(
            export
            for name, lines in sections.items()
            if name.startswith("file ")
            for export in exports(lines, name.removeprefix("file "))
        )

    return NfsServer(
        unit=fact(of_unit, unit),
        state=fact(of_unit, states.get(unit, "")),
        exports=fact(live, output),
        configured=fact(configured, output),
        addresses=frozenset(" ".join(sections.get("addresses", [])).split()),
        names=frozenset(line.strip() for line in sections.get("names", [])),
    )


def exports(lines: list[str], file: str = "") -> tuple[Export, ...]:
    """Parse /etc/exports or exportfs -v: a path and its clients.

    exportfs breaks the line after a long path.
    """
    entries: list[Export] = []
    path = ""
    for line in _join_continued_lines(lines):
        tokens = line.split()
        if not line[:1].isspace() and tokens:
            path = tokens.pop(0).strip('"')
            if not tokens and file:
                tokens = ["*"]
        common: tuple[str, ...] = ()
        for word in tokens:
            if word.startswith("-"):
                common = tuple(word[1:].split(","))
            elif match := _CLIENT.fullmatch(word):
                options = (*common, *(match[2] or "").split(","))
                entries.append(
                    Export(
                        path,
                        match[1] or "*",
                        tuple(o for o in options if o),
                        file,
                    )
                )
    return tuple(entries)


def _join_continued_lines(lines: list[str]) -> list[str]:
    """Join lines that end with a backslash."""
    joined: list[list[str]] = []
    open_line = False
    for line in lines:
        text = line.rstrip()
        continued = text.endswith("\\")
        text = text.removesuffix("\\")
        if open_line:
            joined[-1].append(text)
        else:
            joined.append([text])
        open_line = continued
    return ["".join(pieces) for pieces in joined]
