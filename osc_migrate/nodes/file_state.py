"""Distinguishes three states of a file: read, absent, access denied.

Absent settings have their default. Settings that may not be read could be
anything, so everything that depends on them is unread.
"""

from osc_migrate.facts import Unread

# state_of PATH: sets 'state' to read, absent or denied. A file that cannot be
# seen is absent only if its nearest existing directory can be searched.
STATE_OF = r"""
state_of() {
    state=read
    [ ! -r "$1" ] || return 0
    state=denied above=$1
    while [ ! -e "$above" ] && [ ! -L "$above" ]; do
        above=${above%/*}
        above=${above:-/}
    done
    if [ "$above" != "$1" ] && [ -x "$above" ]; then state=absent; fi
}
"""


def require(state: str, path: str) -> bool:
    """Return whether a file was read (True) or is absent (False).

    :param state: from ``state_of``; 'failed' if the command that reads the
        file failed; empty if the node did not report it.
    :raises Unread: the contents of the file are unknown.
    """
    if state in ("read", "absent"):
        return state == "read"
    if state == "denied":
        raise Unread(f"{path} may not be read: it takes root (--sudo)")
    raise Unread(f"{path} was not read: the command for it did not work")
