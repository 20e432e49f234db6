"""Choose the lines of the nodes' logs that show why a move failed."""

import re
from collections.abc import Iterator, Sequence

from osc_migrate.explain import causes
from osc_migrate.explain.node_logs.lines import QEMU, LogLine, Logs

# Lines to print; more are not readable.
_MAX_SHOWN = 5
# Nova's messages at the end of the copy (nova/virt/libvirt/driver.py and
# migration.py), most specific first: a timeout is the reason for the abort
# that follows it.
_FIRST = (
    re.compile(r"[Ll]ive migration not completed after"),
    re.compile(r"Live Migration failure"),
    re.compile(r"Error monitoring migration"),
    # Logged after libvirt has finished (nova/compute/manager.py).
    re.compile(r"[Pp]ost live migration at destination"),
    # nova-conductor logs one host, nova-scheduler all hosts.
    re.compile(r"Skipping host"),
    re.compile(r"Filter \w{1,80} returned 0 hosts"),
)
# QEMU's messages rank right after Nova's about the end of the copy.
_QEMU_RANK = 2
_LEVELS = {"CRITICAL": 4, "ERROR": 4, "TRACE": 4, "": 5, "WARNING": 5}
# These only report that the copy ended.
_SUMS_UP = re.compile(
    r"Migration operation (?:has aborted|was cancelled)"
    r"|Live migration failed\."
)
_EXCEPTION = re.compile(
    r"\A(?:Live migration failed\.: )?[A-Za-z_][\w.]{0,80}: "
)
# A traceback without its last line, which is the error itself.
_FRAMES = re.compile(
    r"\s|Traceback \(|During handling of|The above exception was|[~^]+$|$"
)


def lines(logs: Logs) -> list[LogLine]:
    """Return the relevant lines without repeats, most specific first."""
    ranked: dict[str, tuple[int, LogLine]] = {}
    for log in (*logs.read, *logs.qemu):
        for line in log.lines:
            rank = _rank(line)
            if rank is not None:
                ranked.setdefault(line.text, (rank, line))
    chosen: list[LogLine] = []
    for _, line in sorted(ranked.values(), key=lambda r: r[0]):
        # Nova logs an error where it occurs, and again as an exception.
        same = _EXCEPTION.sub("", line.text)
        if not any(same in chosen_line.text for chosen_line in chosen):
            chosen.append(line)
    return chosen


def shown_lines(log_lines: Sequence[LogLine]) -> tuple[str, ...]:
    """Format the first few lines for printing."""
    return tuple(map(str, log_lines[:_MAX_SHOWN]))


def cause(log_lines: Sequence[LogLine]) -> causes.Cause | None:
    """Return the cause of the most specific line that names one.

    A general cause is returned only if no line shows a specific one. Among
    general causes, prefer the one in QEMU's own log: it is closer to the
    reason than the messages of libvirt and Nova.
    """
    shown_causes = [
        known
        for line in sorted(log_lines, key=lambda line: line.program != QEMU)
        if (known := causes.find([line.text])) and not known.summary
    ]
    return next(
        (known for known in shown_causes if not known.general),
        next(iter(shown_causes), None),
    )


def of_qemu(log_lines: Sequence[LogLine]) -> LogLine | None:
    """Return QEMU's line with a known cause, else QEMU's first line."""
    lines_of_qemu = [line for line in log_lines if line.program == QEMU]
    best = cause(lines_of_qemu)
    return next(
        (line for line in lines_of_qemu if causes.find([line.text]) is best),
        None,
    )


def notes(logs: Logs) -> Iterator[str]:
    """Yield what the nodes' logs did not show, and how to read them."""
    for node, reason in logs.unread.items():
        yield f"{node}'s log was not read: {reason}"
    for log in logs.read:
        if any(_rank(line) is not None for line in log.lines):
            continue
        places = ", ".join(log.places) or "any usual place"
        doubts = "".join(f" ({doubt})" for doubt in log.doubts)
        yield f"no error of this move on {log.node} in {places}{doubts}"
    for log in logs.qemu:
        yield from (f"{log.node}: {doubt}" for doubt in log.doubts)
    has_lines = any(log.lines for log in logs.read)
    if logs.by_hand and (logs.unread or not has_lines):
        yield f"by hand, there: {logs.by_hand}"


def _rank(line: LogLine) -> int | None:
    """Return the rank of a line, lowest = most specific; None = irrelevant."""
    if line.program == QEMU:
        return _QEMU_RANK if line.level == "ERROR" else None
    for rank, pattern in enumerate(_FIRST):
        if pattern.search(line.text):
            return rank
    level = _LEVELS.get(line.level)
    if level is None or _FRAMES.match(line.text):
        return None
    return 6 if _SUMS_UP.search(line.text) else level
