"""What is asked of each node, and what it should answer."""

from osc_migrate.nodes.answers import Answer, Question
from osc_migrate.nodes.transport.shell import NodeLimits

GOOD = "good"
# Of tests, which other tests run beside.
LIMITS = NodeLimits(connect=15, node=60)
QUESTIONS = {
    "one": Question("echo %s", ("1",)),
    "two": Question("echo two; echo err >&2; exit 2"),
    "three": Question("printf 3"),
}
EXPECTED = {
    "one": Answer(0, "1\n"),
    "two": Answer(2, "two\n", "err\n"),
    "three": Answer(0, "3"),
}
