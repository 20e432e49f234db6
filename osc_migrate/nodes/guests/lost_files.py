"""Finds disk files that QEMU has open although their path no longer exists.

A deleted file exists as long as a process has it open: /proc/PID/fd shows it
as 'PATH (deleted)' (proc(5)). On NFS, a deletion by another client only
becomes visible when the path is looked up, so that is done first.
"""

import re

from osc_migrate.facts import Unread
from osc_migrate.nodes.guests.facts import LostFile

# lost_files PID XML: prints the process ID, 'gone PATH' for files in the XML
# that do not exist, 'held FD PATH' for deleted ones, and 'end'. A path only
# counts if its directory could be searched: NFS may deny that to root.
SCRIPT = r"""
lost_files() {
    case $1 in '' | *[!0-9]*) return ;; esac
    printf 'pid %%s\n' "$1"
    paths=$(printf '%%s\n' "$2" |
        sed -n "s/.*<source file='\([^']*\)'.*/\1/p" | head -n 50)
    printf '%%s\n' "$paths" | while read -r path; do
        [ -n "$path" ] || continue
        case $(LC_ALL=C timeout -k 1 5 ls -d -- "/proc/$1/root$path" \
            2>&1 >/dev/null) in
        *"No such file"* | *"Stale file"*) printf 'gone %%s\n' "$path" ;;
        esac
    done
    links=$(ls -l "/proc/$1/fd/" 2>/dev/null) || return
    printf '%%s\n' "$links" |
        sed -n 's/.* \([0-9]*\) -> \(\/.*\) (deleted)$/\1 \2/p' |
    while read -r fd path; do
        printf '%%s\n' "$paths" | grep -qxF -e "$path" &&
            printf 'held %%s %%s\n' "$fd" "$path"
    done
    echo end
}
"""
_OPEN_FILE = re.compile(r"held (\d{1,9}) (/.{1,4000})")


def read(text: str) -> tuple[LostFile, ...]:
    lines = text.strip().splitlines()
    if lines[-1:] != ["end"]:
        raise Unread("the files that QEMU holds may not be read (only root)")
    pid = lines[0].removeprefix("pid ")
    if not pid.isdecimal() or len(pid) > 10:
        raise Unread(f"'{pid[:40]}' is not the number of QEMU's process")
    open_files: dict[str, str] = {}
    for line in lines:
        if match := _OPEN_FILE.fullmatch(line):
            # QEMU may have opened it twice.
            open_files[match[2]] = (
                open_files.get(match[2]) or f"/proc/{pid}/fd/{match[1]}"
            )
        elif line.startswith("gone /"):
            open_files.setdefault(line.removeprefix("gone "), "")
    return tuple(LostFile(path, fd) for path, fd in open_files.items())
