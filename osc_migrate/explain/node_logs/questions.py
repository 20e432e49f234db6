"""The question that finds the lines of one move in Nova's log on a node.

The location of the log depends on the installer. For a running service it is
taken from the open files, through the process's root directory if it runs in
a container or snap; for a stopped one, the usual directories are searched.
If there is no file, the journal or the container engine is searched.
"""

import datetime

from osc_migrate.explain.node_logs.lines import LineFilter
from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Question

# Bytes to search at the end of a log; limits for the answer: lines and bytes
# per file, and bytes in total.
_TAIL = 200 * 2**20
_LINES = 200
_WIDTH = 2000
_MAX_BYTES = 512 * 2**10
# Time limit in seconds: a rotated log must be unpacked to be searched.
_LIMIT = 60.0

# %s: server's UUID, request's ID, since, until (seconds of the epoch), the
# service. Every log line is printed after '|', so that none of them can be
# mistaken for a line of the script: '=' is the log and its time zone, '!'
# what could not be read, '+' a line that continues the one before it without
# either ID: output of a command that Nova ran. DEBUG has one relevant line:
# why nova-conductor skipped a host.
_SCRIPT = r"""
server=%s request=%s since=%s until=%s service=%s under=%s
unset TZ
IFS='
'
pid=$(ps -eo pid=,args= 2>/dev/null | awk -v s="$service" '{
    split($0, word, " ")
    for (i = 2; i < 6; i++) {
        sub(".*/", "", word[i])
        if (word[i] == s) {print word[1]; exit}
    }}')
root=
if [ -n "$pid" ] && [ -r "/proc/$pid/root/." ]; then
    root=/proc/$pid/root
    TZ=$(tr '\0' '\n' <"/proc/$pid/environ" | sed -n 's/^TZ=//p')
    link=$(readlink "$root/etc/localtime")
    info=$root/usr/share/zoneinfo/${link##*zoneinfo/}
    if [ -n "$TZ" ]; then export TZ
    elif [ -n "$link" ] && [ -e "$info" ]; then export TZ=":$info"
    elif [ -e "$root/etc/localtime" ]; then export TZ=":$root/etc/localtime"
    else export TZ=UTC0
    fi
fi
# Logs have the local time: so must the bounds.
from=$(date -d "@$since" '+%%Y-%%m-%%d %%H:%%M:%%S %%z')
zone=${from##* } from=${from%% *}
to=$(date -d "@$until" '+%%Y-%%m-%%d %%H:%%M:%%S')

pick() {
    grep -aF -A 3 -e "$server" -e "${request:-$server}" |
    awk -v from="$from" -v to="$to" -v request="$request" \
        -v server="$server" '
        ! index($0, server) && (request == "" || ! index($0, request)) {
            if (/ Command: /) kept = 0
            if (kept && / Stderr: /) {
                print "+" substr($0, 1, WIDTH)
                kept = 0
            }
            next
        }
        {kept = 0}
        / DEBUG / && ! /Skipping host/ {next}
        /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] / &&
        (request == "" || ! index($0, request)) {
            at = substr($0, 1, 19)
            # An hour that is put back comes twice: then from is above to.
            if (from <= to && (at < from || at > to)) next
            if (from > to && at < from && at > to) next
        }
        {kept = 1; print "|" substr($0, 1, WIDTH)}' | tail -n LINES
}
seen=
search() {
    for file in "$@"; do
        [ -f "$file" ] || continue
        stat=$(stat -Lc '%%d:%%i %%Y %%s' "$file") || continue
        id=${stat%%%% *} size=${stat##* } wrote=${stat#* }
        case $seen in *" $id "*) continue;; esac
        seen="$seen $id "
        # Written for the last time before the move began.
        [ "${wrote%%%% *}" -ge "$since" ] || continue
        name=${file#"$root"}
        if ! [ -r "$file" ]; then
            printf '!%%s may not be read\n' "$name"
            continue
        fi
        case $file in
            *.gz) unpack=gzip;; *.xz) unpack=xz;; *.zst) unpack=zstd;;
            *.bz2) unpack=bzip2;; *) unpack=;;
        esac
        printf '=%%s %%s\n' "$zone" "$name"
        if [ -z "$unpack" ]; then
            [ "$size" -le TAIL ] ||
                printf '!of %%s only the end was searched\n' "$name"
            tail -c TAIL "$file" | pick
        elif command -v "$unpack" >/dev/null; then
            {
                timeout -k 1 20 "$unpack" -dc "$file" 2>/dev/null ||
                    printf '!%%s was not unpacked wholly\n' "$name" >&3
            } | pick
        else
            printf '!%%s is packed, and there is no %%s\n' "$name" "$unpack"
        fi
    done
}
# A log and those before it: x.log.1, x.log.2.gz, x.log-20261123.
rotated() {
    for log in "$@"; do
        search "$log" "$log".* "$log"-*
    done
}
files() {
    if [ -n "$root" ]; then
        for log in $(ls -l "/proc/$pid/fd" 2>/dev/null |
                     sed -n 's/.* -> \(\/.*\.log\)$/\1/p' | sort -u); do
            rotated "$root$log"
        done
        # What it writes is found: there is no need to guess.
        [ -z "$seen" ] || return
    fi
    for base in "$root" ''; do
        rotated "$base/var/log/nova/$service.log" \
            "$base/var/log/kolla/nova/$service.log"
        [ -z "$seen" ] || continue
        for conf in /etc/nova /var/snap/openstack-hypervisor/common/etc/nova
        do
            conf=$base$conf/nova.conf
            [ -r "$conf" ] || continue
            at=$(sed -n 's/^log_dir *= *//p' "$conf" | tail -n 1)
            named=$(sed -n 's/^log_file *= *//p' "$conf" | tail -n 1)
            case $named in
                /*) rotated "$base$named";;
                *) rotated "$base${at:-/var/log/nova}/${named:-$service.log}"
            esac
        done
    done
    rotated "/var/log/containers/nova/$service.log" \
        "/var/lib/docker/volumes/kolla_logs/_data/nova/$service.log" \
        "/var/snap/openstack-hypervisor/common/var/log/nova/$service.log"
    search /var/log/containers/*"$service"*.log
}
journal() {
    command -v journalctl >/dev/null || return
    set -- "SYSLOG_IDENTIFIER=$service" + "CONTAINER_NAME=$under"
    unit=
    if [ -n "$pid" ]; then
        unit=$(sed -n 's/.*\/\([^/]*\.service\)$/\1/p' "/proc/$pid/cgroup" |
               tail -n 1)
    fi
    for unit in "$unit" "$service.service" "openstack-$service.service" \
        "edpm_$under.service" "tripleo_$under.service" \
        "snap.openstack-hypervisor.$service.service" DEVSTACK
    do
        [ -z "$unit" ] || set -- "$@" + "_SYSTEMD_UNIT=$unit"
    done
    printf '=- journal\n'
    # --all: devstack colours its lines, and those are 'blob data' else.
    journalctl -q --no-pager --all -o short-unix --since "@$since" \
        --until "@$until" "$@" 2>/dev/null | pick
}
containers() {
    for engine in podman docker; do
        command -v "$engine" >/dev/null || continue
        for name in $(timeout -k 1 9 "$engine" ps -a --format '{{.Names}}' \
                      2>/dev/null | grep -E "^(.*_)?$under(_.*)?$"); do
            printf '=- %%s logs %%s\n' "$engine" "$name"
            timeout -k 1 9 "$engine" logs -t --since "$since" \
                --until "$until" "$name" 2>&1 | pick
        done
    done
}
{
    [ "$(id -u)" = 0 ] ||
        printf '!not root there: some may be missing (--sudo)\n'
    found=$(files 3>&1; journal)
    printf '%%s\n' "$found"
    case $found in
        *'
|'*) ;;
        *) containers;;
    esac
} | head -c MOST
"""
_DEVSTACK = {
    "nova-compute": "n-cpu",
    "nova-conductor": "n-super-cond",
    "nova-scheduler": "n-sch",
}


def question(
    line_filter: LineFilter, service: str = "nova-compute"
) -> Question:
    """Return the question for the lines of one move.

    :raises Unread: there is no valid ID to search for.
    """
    if not line_filter.server and not line_filter.request:
        raise Unread("neither server nor request has an ID to look for")
    script = _SCRIPT
    for word, value in (
        ("WIDTH", _WIDTH),
        ("LINES", _LINES),
        ("TAIL", _TAIL),
        ("MOST", _MAX_BYTES),
        ("DEVSTACK", f"devstack@{_DEVSTACK[service]}.service"),
    ):
        script = script.replace(word, str(value))
    return Question(
        script,
        (
            # For grep, an empty pattern matches every line.
            line_filter.server or line_filter.request,
            line_filter.request,
            _epoch(line_filter.since),
            _epoch(line_filter.until),
            service,
            service.replace("-", "_"),
        ),
        _LIMIT,
    )


def manual_command(line_filter: LineFilter) -> str:
    """Return the command that reads the log on the node by hand."""
    pattern = line_filter.server or line_filter.request
    return (
        f"sudo zgrep -F {pattern} /var/log/nova/*.log*, or sudo journalctl"
        f" --since @{_epoch(line_filter.since)} --until"
        f" @{_epoch(line_filter.until)} --grep {pattern}"
    )


def _epoch(moment: datetime.datetime) -> str:
    return str(int(moment.timestamp()))
