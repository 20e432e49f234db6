"""A file that is absent, may not be read, or was read: three values.

Settings that are absent have their default. Those that may not be read may
be anything, so that what depends on them is unread.
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
    """Whether a file was read; else it is absent.

    :param state: as ``state_of`` sets it; 'failed' where the command that
        reads the file did not work; empty where the node did not show it.
    :raises Unread: it is not known what the file contains.
    """
    if state in ("read", "absent"):
        return state == "read"
    if state == "denied":
        raise Unread(f"{path} may not be read: it takes root (--sudo)")
    raise Unread(f"{path} was not read: the command for it did not work")
