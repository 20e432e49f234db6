"""Temporary listeners on ports of a node's migration range.

To test a firewall, a real listener is needed: without one, a refusal by the
kernel looks the same as a rule that rejects.
"""

import re

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answers, Question
from osc_migrate.nodes.command_output import CommandOutput

# The lowest free port, which libvirt uses first, the highest, and three
# between them: a rule may open only part of the range. All are held by one
# program, which ends by itself or with its session: an interrupted command
# must not leave it behind.
_LISTEN = r"""
# has STATES PORT; 0A listens.
has() {
    grep -qsE "^ *[0-9]+: [0-9A-F]+:$(printf '%%04X' "$2") [0-9A-F:]+ $1 " \
        /proc/net/tcp /proc/net/tcp6
}
serve() {
    if command -v systemd-socket-activate; then
        exec timeout "$limit" \
            systemd-socket-activate --accept $(printf -- '-l %%s ' "$@") true
    fi
    for python in python3 /usr/libexec/platform-python; do
        command -v "$python" || continue
        exec timeout "$limit" "$python" -c '
import select, socket, sys
many = []
for port in sys.argv[1:]:
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("", int(port)))
    one.listen(128)
    many.append(one)
while True:
    for one in select.select(many, [], [])[0]:
        one.accept()[0].close()' "$@"
    done
}
# The shell of this session and its parents up to sshd: the list is another
# one when any of them has ended. A busy shell notices nothing itself.
session() {
    of=$$
    for level in 1 2 3 4 5 6; do
        up=$(sed -n '/^State:.*Z/q; s/^PPid:[^0-9]*//p' "/proc/$of/status")
        echo "$of $up"
        case $up in '' | 0 | 1) return ;; esac
        read -r name <"/proc/$up/comm" || return
        case $name in sshd*) return ;; esac
        of=$up
    done
} 2>/dev/null
# watch PROCESS PORT
watch() {
    before=$(session)
    while tr '\0' ' ' <"/proc/$1/cmdline" | grep -qF -e " $2"; do
        [ "$(session)" = "$before" ] || kill "$1"
        sleep 1
    done
}
from=%s to=%s limit=%s
# 06 is only waiting for its end: of a listener it can be had again, of a
# connection that went out from there it cannot.
for taken in '0[^6]' '..'; do
    low=$from last=$(( from + 20 )) high=$to first=$(( to - 20 ))
    while has "$taken" "$low" && [ "$low" -lt "$last" ]; do
        low=$(( low + 1 ))
    done
    while has "$taken" "$high" && [ "$high" -gt "$first" ]; do
        high=$(( high - 1 ))
    done
    between=
    for part in 1 2 3; do
        port=$(( low + (high - low) * part / 4 ))
        [ $(( high - low )) -lt 8 ] || has "$taken" "$port" ||
            between="$between $port"
    done
    serve "$low" $between "$high" </dev/null >/dev/null 2>&1 &
    pid=$!
    tries=0  # a node with much to do takes its time to start a program
    while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 50 ]; do
        if has 0A "$low" && has 0A "$high"; then
            watch "$pid" "$low" </dev/null >/dev/null 2>&1 &
            echo "ports $low$between $high pid $pid"
            exit
        fi
        tries=$(( tries + 1 ))
        sleep 0.1 2>/dev/null || { sleep 1; tries=$(( tries + 9 )); }
    done
    kill "$pid" 2>/dev/null
done
echo "nothing here can listen on $low and $high" \
    "(systemd-socket-activate, python3)" >&2
exit 1
"""
_SILENCE = r"""
tr '\0' ' ' <"/proc/"%s/cmdline | grep -qF -e %s && kill %s
"""
_OPENED = re.compile(r"ports((?: \d{1,5}){2,6}) pid (\d{1,10})")


def listen(span: tuple[int, int], seconds: int) -> Question:
    """Return a question that opens free ports of a range.

    These are the lowest, the highest and some between them.

    :param seconds: when they are closed at the latest.
    """
    low, high = span
    args = (str(low), str(high), str(seconds))
    return Question(_LISTEN, args, limit=20.0)


def opened_ports(answers: Answers) -> tuple[int, ...]:
    """Return the ports that were opened, lowest first.

    :raises Unread: none were.
    """
    return tuple(int(port) for port in _match(answers)[1].split())


def silence(answers: Answers) -> Question:
    """Return a question that ends the program, if it is still running.

    :raises Unread: none was started.
    """
    match = _match(answers)
    lowest = match[1].split()[0]
    return Question(_SILENCE, (match[2], lowest, match[2]))


def _match(answers: Answers) -> re.Match[str]:
    output = CommandOutput(answers, "reach").out("listen")
    if match := _OPENED.fullmatch(output):
        return match
    raise Unread("no port was opened there")
