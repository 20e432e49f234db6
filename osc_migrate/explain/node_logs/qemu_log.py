"""Read QEMU's log of one guest on a destination node.

libvirt reports little of it: 'job: unexpectedly failed' means that the
reason is in this log. Each start of the guest has a block: a line by libvirt
with the time, the command line, and QEMU's output. A block that does not
name the server belongs to another guest, and one from before the move to an
earlier start.
"""

import datetime
import re

from osc_migrate.explain.node_logs.lines import (
    QEMU,
    LineFilter,
    LogLine,
    NodeLog,
)
from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer, Question
from osc_migrate.nodes.process_identity import FIND_LIBVIRT
from osc_migrate.redact import mask_secrets

# Bytes to read at the end of a log (virtlogd rotates at 2 MiB); limits for
# the answer: lines, and bytes per line and in total.
_TAIL = 2 * 2**20
_LINES = 60
_WIDTH = 1000
_MAX_BYTES = 64 * 2**10
# Time limit in seconds.
_LIMIT = 20.0

# If libvirt runs in a container, its log is inside, or in a directory of the
# host that is mounted there (edpm, kolla, snap). The command line does not
# leave the node: it contains many paths and names.
_SCRIPT = (
    FIND_LIBVIRT.replace("%", "%%")
    + r"""
server=%s since=%s
unset TZ
seen=
search() {
    [ -d "$1" ] || return
    id=$(stat -Lc '%%d:%%i' "$1")
    case $seen in *" $id "*) return ;; esac
    seen="$seen $id "
    shown=${1#"$core_root"}
    if ! [ -r "$1" ]; then
        printf '!%%s may not be read: it takes root (--sudo)\n' "$shown"
        return
    fi
    for log in "$1"/*.log; do
        [ -f "$log" ] && [ ! -L "$log" ] || continue
        [ "$(stat -c %%Y -- "$log")" -ge "$since" ] || continue
        if ! [ -r "$log" ]; then
            printf '!%%s may not be read: it takes root (--sudo)\n' "$shown"
            return
        fi
        lines=$({ [ -L "$log.0" ] || cat -- "$log.0" 2>/dev/null
                  cat -- "$log"; } | tail -c TAIL | awk -v \
            wanted="-uuid $server" '
            / starting up libvirt version/ {
                starting = 1; ours = 0; start = $0; next
            }
            starting {
                if (index($0, wanted)) {
                    ours = 1
                    print "|" substr(start, 1, WIDTH)
                }
                if ($0 !~ /\\$/) starting = 0
                next
            }
            ours {print "|" substr($0, 1, WIDTH)}' | tail -n LINES)
        [ -z "$lines" ] || printf '=%%s\n%%s\n' "${log#"$core_root"}" "$lines"
    done
}
{
    [ -z "$core_root" ] || search "$core_root/var/log/libvirt/qemu"
    for place in /var/log/libvirt /var/log/containers/libvirt \
        /var/log/kolla/libvirt \
        /var/lib/docker/volumes/kolla_logs/_data/libvirt \
        /var/snap/openstack-hypervisor/common/var/log/libvirt
    do
        search "$place/qemu"
    done
    [ -n "$seen" ] || echo '!there is no /var/log/libvirt/qemu'
    echo .
} | head -c MOST
"""
)
# libvirt's lines have a time zone and a colon, QEMU's (-msg timestamp=on) a T.
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d{1,9})?(Z |[+-]\d{4}: )"
)
# QEMU output that is not an error, such as a requested termination.
_NO_ERROR = re.compile(
    r"terminating on signal|char device redirected to"
    r"|(?:\A|: )info: |\A\s*\Z"
)
_WARNING = re.compile(r"(?:\A|: )warning: ")


def question(line_filter: LineFilter) -> Question:
    """Return the question for QEMU's log of the guest.

    :raises Unread: there is no server UUID to search for.
    """
    if not line_filter.server:
        raise Unread("the server has no ID to look for")
    script = _SCRIPT
    for word, value in (
        ("WIDTH", _WIDTH),
        ("LINES", _LINES),
        ("TAIL", _TAIL),
        ("MOST", _MAX_BYTES),
    ):
        script = script.replace(word, str(value))
    since = str(int(line_filter.since.timestamp()))
    return Question(script, (line_filter.server, since), _LIMIT)


def read(
    node: str, line_filter: LineFilter, answer: Answer | Unread
) -> NodeLog:
    """Return QEMU's lines since the start of the move, oldest first."""
    if isinstance(answer, Unread):
        return NodeLog(node, (), (), (f"QEMU's log: {answer.reason}",))
    places: list[str] = []
    doubts: list[str] = []
    lines: list[LogLine] = []
    moment: datetime.datetime | None = None
    ended = False
    for row in answer.out.split("\n"):
        mark, content = row[:1], row[1:].rstrip("\r")
        if mark == "=":
            places.append(content[:_WIDTH])
            moment = None
        elif mark == "!":
            doubts.append(content[:_WIDTH])
        elif mark == "." and not content:
            ended = True
        elif mark == "|" and places:
            by_qemu = True
            if match := _TIME.match(content):
                moment, by_qemu = _time_of(match), match[3] == "Z "
                content = content[match.end() :]
            # A line without a time continues the one before it.
            if by_qemu and moment and _is_within(moment, line_filter):
                lines.append(_line(node, places[-1], moment, content))
    if not ended:
        doubts.append("QEMU's log was not read to its end")
    return NodeLog(
        node,
        tuple(dict.fromkeys(places)),
        tuple(dict.fromkeys(lines[-_LINES:])),
        tuple(dict.fromkeys(doubts)),
    )


def _time_of(match: re.Match[str]) -> datetime.datetime | None:
    zone = "+0000" if match[3] == "Z " else match[3][:5]
    try:
        moment = datetime.datetime.fromisoformat(
            f"{match[1]}T{match[2]}{zone}"
        )
        return moment.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None


def _is_within(moment: datetime.datetime, line_filter: LineFilter) -> bool:
    return line_filter.since <= moment <= line_filter.until


def _line(
    node: str, place: str, moment: datetime.datetime, content: str
) -> LogLine:
    level = "ERROR"
    if _NO_ERROR.search(content):
        level = "INFO"
    elif _WARNING.search(content):
        level = "DEBUG"
    text = mask_secrets(content[:_WIDTH].rstrip())
    return LogLine(node, place, moment, level, text, QEMU)
