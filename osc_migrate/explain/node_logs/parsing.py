"""Parse a node's answer about its log, as untrusted input.

A line has one of oslo.log's formats (oslo_log/_options.py), possibly after a
prefix from the journal, a container engine or Kubernetes.
"""

import datetime
import re
from collections.abc import Iterator

from osc_migrate.explain.node_logs.lines import LineFilter, LogLine, NodeLog
from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer
from osc_migrate.redact import mask_secrets

# Newest lines kept per node; characters per line, and of all lines.
_LINES = 200
_WIDTH = 2000
_MAX_BYTES = 64 * 2**10

# DevStack colours its log lines.
_COLOUR = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")
_OSLO = re.compile(
    r"\b(DEBUG|INFO|WARNING|ERROR|CRITICAL|TRACE) "
    # The logger.
    r"[A-Za-z_][\w.-]{0,100} "
    # [global request, request, user ...], or [-].
    r"(?:\[(?!instance: )[^\[\]]{0,400}\] ?)?"
    r"(?:\[instance: ([^\]\s]{1,64})\] ?)?"
)
# Times of the journal (short-unix), of containers, and of oslo.log itself.
_EPOCH = re.compile(r"(\d{9,11})\.\d{1,6} ")
_UTC = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:?\d\d) "
)
_LOCAL = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)")
_ZONE = re.compile(r"[+-]\d{4}")
# Logged only by a move, with the ID of its request: with a different ID, the
# line belongs to another attempt shortly before.
_OTHER_MOVE = re.compile(
    r"Live Migration failure|Live migration failed"
    r"|Migration operation (?:has aborted|was cancelled)"
    r"|Error monitoring migration|Live migration not completed"
)
_REQUEST = re.compile(r"\breq-[0-9a-f]{8}-")


def read(
    node: str, line_filter: LineFilter, answer: Answer | Unread
) -> NodeLog:
    """Return the lines of one move, in the order of their times.

    :raises Unread: the node did not answer, or no log was found or readable.
    """
    if isinstance(answer, Unread):
        raise Unread(answer.reason)
    places: list[str] = []
    doubts: list[str] = []
    lines: list[LogLine] = []
    zone = ""
    kept_last = False
    # Not splitlines(): a line may contain a form feed or U+0085 (NEL).
    for row in answer.out.split("\n"):
        mark, content = row[:1], row[1:].rstrip("\r")
        if mark == "=":
            zone, _, place = content.partition(" ")
            places.append(place[:_WIDTH])
        elif mark == "!":
            doubts.append(content[:_WIDTH])
        elif mark == "|" and places:
            line = _line(node, places[-1], zone, content, line_filter)
            kept_last = line is not None and _is_within(
                line, content, line_filter
            )
            if line and kept_last:
                lines.append(line)
        elif mark == "+" and places and kept_last:
            lines.append(_parse_line(node, places[-1], zone, content)[0])
    lines.sort(key=_time_of)
    if not places:
        last_error = answer.err.strip().splitlines()[-1:]
        reasons = doubts or [
            mask_secrets(last[:_WIDTH]) for last in last_error
        ]
        reason = "; ".join(reasons) or "none was found"
        raise Unread(f"no log was read: {reason}")
    newest_lines = list(_newest(dict.fromkeys(lines)))[::-1]
    return NodeLog(
        node, tuple(dict.fromkeys(places)), tuple(newest_lines), tuple(doubts)
    )


def _line(
    node: str, place: str, zone: str, content: str, line_filter: LineFilter
) -> LogLine | None:
    """Parse a line; return None if it belongs to another server."""
    content = _COLOUR.sub("", content[:_WIDTH])
    if not any(
        identifier and identifier in content
        for identifier in (line_filter.server, line_filter.request)
    ):
        return None
    line, instance = _parse_line(node, place, zone, content)
    if instance and line_filter.server and instance != line_filter.server:
        return None
    return line


def _parse_line(
    node: str, place: str, zone: str, content: str
) -> tuple[LogLine, str | None]:
    """Return the line, and the UUID of the server that it names."""
    content = _COLOUR.sub("", content[:_WIDTH])
    match = _OSLO.search(content)
    if match is None:
        line = LogLine(
            node, place, _time(content, zone), "", mask_secrets(content)
        )
        return line, None
    text = content[match.end() :].rstrip()
    time = _time(content[: match.start()], zone)
    return LogLine(node, place, time, match[1], mask_secrets(text)), match[2]


def _time(before: str, zone: str) -> datetime.datetime | None:
    """Return the time of a line, from the text before its level."""
    try:
        if match := _EPOCH.match(before):
            return datetime.datetime.fromtimestamp(int(match[1]), datetime.UTC)
        if match := _UTC.match(before):
            text = match[1] + match[2].replace("Z", "+00:00")
            moment = datetime.datetime.fromisoformat(text)
            return moment.astimezone(datetime.UTC)
        match = _LOCAL.search(before[:200])
        if match and _ZONE.fullmatch(zone):
            text = f"{match[1]}T{match[2]}{zone}"
            moment = datetime.datetime.fromisoformat(text)
            return moment.astimezone(datetime.UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _is_within(line: LogLine, content: str, line_filter: LineFilter) -> bool:
    """Whether a line belongs to this move, not to an earlier or later one.

    Only the request ID proves that: clocks and time zones may be wrong.
    """
    if line.time is None or (
        line_filter.request and line_filter.request in content
    ):
        return True
    if (
        line_filter.request
        and _OTHER_MOVE.search(content)
        and _REQUEST.search(content)
    ):
        return False
    return line_filter.since <= line.time <= line_filter.until


def _time_of(line: LogLine) -> datetime.datetime:
    # Lines without a time sort last, as the final messages are there.
    return line.time or datetime.datetime.max.replace(tzinfo=datetime.UTC)


def _newest(lines: dict[LogLine, None]) -> Iterator[LogLine]:
    """Yield the newest lines first, up to the limits above."""
    size = 0
    for line in list(lines)[: -_LINES - 1 : -1]:
        size += len(line.text)
        if size > _MAX_BYTES:
            return
        yield line
