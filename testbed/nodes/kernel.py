"""Settings of this machine's kernel that containers need.

They share the kernel and cannot change these settings themselves.  The first
lab makes the changes; the last one to stop reverts them.
"""

import contextlib
import json
import pathlib
import shutil

_SETTINGS = {
    # Let an unprivileged QEMU handle page faults, for post-copy migration.
    "vm/unprivileged_userfaultfd": 1,
    # All nodes count as one user; each needs about ten of Debian's 128.
    "fs/inotify/max_user_instances": 4096,
}
_BEFORE = "settings.json"  #: the previous values


def prepare(run: pathlib.Path) -> None:
    """Raise settings to at least these values; record the changes.

    :param run: the lab's directory for sockets, which exists
    """
    before = run.parent / _BEFORE
    known = json.loads(before.read_text()) if before.exists() else {}
    for name, wanted in _SETTINGS.items():
        path = pathlib.Path("/proc/sys") / name
        if path.exists() and (found := int(path.read_text())) < wanted:
            known.setdefault(name, found)
            before.write_text(json.dumps(known))
            path.write_text(str(wanted))


def release(run: pathlib.Path) -> None:
    """Remove a lab's directory; if it is the last, restore the settings."""
    shutil.rmtree(run, ignore_errors=True)
    before = run.parent / _BEFORE
    if not run.parent.exists() or any(
        path.is_dir() for path in run.parent.iterdir()
    ):
        return
    if before.exists():
        for name, value in json.loads(before.read_text()).items():
            (pathlib.Path("/proc/sys") / name).write_text(str(value))
        before.unlink()
    with contextlib.suppress(OSError):
        run.parent.rmdir()
