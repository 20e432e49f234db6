"""Remedies as shell scripts, one for each node, to read and then run there."""

from collections.abc import Iterable, Mapping

from osc_migrate.checks.findings import Finding, Fix
from osc_migrate.redact import mask_secrets
from osc_migrate.text import command, printable

# Functions for the lines of a Fix. They do not touch files that are already
# correct, and keep the first version of files that they change.
_FUNCTIONS = r"""
keep() {
    [ -e "$1" ] && [ ! -e "$1.before-migrate" ] || return 0
    cp -p "$1" "$1.before-migrate"
}

# ini_set FILE SECTION OPTION VALUE: as nova.conf has it.
ini_set() {
    keep "$1"; [ -e "$1" ] || : >"$1"
    S=$2 O=$3 V=$4 awk '
        function put() { print ENVIRON["O"] " = " ENVIRON["V"]; done = 1 }
        /^[ \t]*\[/ {
            if (inside && !done) put()
            inside = ($0 ~ /\]/ && substr($0, index($0, "[") + 1,
                index($0, "]") - index($0, "[") - 1) == ENVIRON["S"])
        }
        # The rest of a value that is replaced: a line that begins with space.
        dropping && /^[ \t]+[^ \t]/ { next }
        { dropping = 0 }
        inside && $0 ~ "^[ \t]*" ENVIRON["O"] "[ \t]*[=:]" {
            if (!done) put()
            dropping = 1
            next
        }
        { print }
        END {
            if (!done) {
                if (!inside) print "[" ENVIRON["S"] "]"
                put()
            }
        }' "$1" >"$1.new-migrate"
    cat "$1.new-migrate" >"$1"; rm -f "$1.new-migrate"
}

# conf_set FILE KEY VALUE: as libvirtd.conf and qemu.conf have it.
conf_set() {
    keep "$1"; [ -e "$1" ] || : >"$1"
    K=$2 V=$3 awk '
        $0 ~ "^[ \t]*" ENVIRON["K"] "[ \t]*=" {
            if (!done) print ENVIRON["K"] " = " ENVIRON["V"]
            done = 1; next
        }
        { print }
        END { if (!done) print ENVIRON["K"] " = " ENVIRON["V"] }
        ' "$1" >"$1.new-migrate"
    cat "$1.new-migrate" >"$1"; rm -f "$1.new-migrate"
}

# line_add FILE LINE: unless it is there.
line_add() {
    keep "$1"; [ -e "$1" ] || : >"$1"
    grep -qxF -e "$2" "$1" || printf '%s\n' "$2" >>"$1"
}

# line_drop FILE REGEX: lines that match an extended regular expression.
line_drop() {
    [ -e "$1" ] || return 0
    keep "$1"
    { grep -vE -e "$2" "$1" || :; } >"$1.new-migrate"
    cat "$1.new-migrate" >"$1"; rm -f "$1.new-migrate"
}

# fstab_edit FILE TARGET OPTIONS SOURCE: the line of that mount point, without
# these options (a,b), and with that source unless it is empty.
fstab_edit() {
    keep "$1"
    T=$2 D=",$3," S=$4 awk '
        $1 !~ /^#/ && NF > 3 &&
        ($2 == ENVIRON["T"] || $2 == ENVIRON["T"] "/") {
            count = split($4, option, ",")
            kept = ""
            for (i = 1; i <= count; i++)
                if (!index(ENVIRON["D"], "," option[i] ","))
                    kept = kept (kept == "" ? "" : ",") option[i]
            if (kept == "") kept = "defaults"
            if (kept != $4) $4 = kept
            if (ENVIRON["S"] != "" && $1 != ENVIRON["S"]) $1 = ENVIRON["S"]
        }
        { print }' "$1" >"$1.new-migrate"
    cat "$1.new-migrate" >"$1"; rm -f "$1.new-migrate"
}
fstab_drop() { fstab_edit "$1" "$2" "$3" ''; }
fstab_source() { fstab_edit "$1" "$2" '' "$3"; }

# as_user USER COMMAND...: with no right of root left.
as_user() {
    U=$1; shift
    setpriv --reuid="$(id -u "$U")" --regid="$(id -g "$U")" --init-groups \
        -- "$@"
}

# user_line_add USER FILE LINE: written as that user, who may have made the
# file a link to another.
user_line_add() {
    as_user "$1" /bin/sh -c 'set -eu; umask 077
        mkdir -p -- "${1%/*}"; [ -e "$1" ] || : >"$1"
        grep -qxF -e "$2" "$1" || printf "%s\n" "$2" >>"$1"' sh "$2" "$3"
}

# user_mode USER MODE FILE: as that user.
user_mode() { as_user "$1" chmod "$2" "$3"; }

# home_own USER HOME FILE: find follows no link on the way from HOME, and
# -execdir stays in the directory that was found.
home_own() {
    case $3 in "$2" | "$2"/*) ;; *) return 1 ;; esac
    find -P "$2" -xdev -path "$3" '(' -type d -o -type f -links 1 ')' \
        -execdir chown -h "$1:" '{}' ';'
}

# directory USER PATH: a new one; never what a link leads to.
directory() {
    [ ! -L "$2" ] || { echo "$2 is a link" >&2; return 1; }
    [ ! -d "$2" ] || return 0
    mkdir -p -m 755 -- "$2"
    chown -h "$1:$(id -gn "$1")" "$2"
}
"""


def scripts(findings: Iterable[Finding]) -> Mapping[str, str]:
    """Return node -> script with the fixes of the findings.

    Units are restarted at its end, each one once.
    """
    by_node: dict[str, list[tuple[Finding, Fix]]] = {}
    for finding in findings:
        for fix in finding.fixes:
            if not fix.refused:
                by_node.setdefault(fix.node, []).append((finding, fix))
    return {node: _script(node, fixes) for node, fixes in by_node.items()}


def _script(node: str, fixes: list[tuple[Finding, Fix]]) -> str:
    lines = [
        "#!/bin/sh",
        f"# For {printable(node)}, to be run there as root. Read it first.",
        "# A second run changes nothing.",
        "set -eu",
        _FUNCTIONS,
    ]
    written_lines: set[tuple[str, ...]] = set()
    restart: dict[str, None] = {}
    for finding, fix in fixes:
        restart |= dict.fromkeys(fix.restart)
        if fix.lines in written_lines:
            continue
        written_lines.add(fix.lines)
        detail = printable(mask_secrets(finding.detail))
        lines.append(f"# {finding.check}: {detail}")
        lines += [*fix.lines, ""]
    if restart:
        lines.append(command("systemctl", "restart", "--", *restart))
    return "\n".join(lines) + "\n"
