"""Settings of this machine's kernel which containers need.

They share the kernel, and cannot change these themselves.  The first lab
makes the changes; the last that goes takes them back.
"""

import contextlib
import json
import pathlib
import shutil

_SETTINGS = {
    # An unprivileged QEMU may handle page faults: post-copy migration.
    "vm/unprivileged_userfaultfd": 1,
    # All nodes count as one user; each needs about ten of Debian's 128.
    "fs/inotify/max_user_instances": 4096,
}
_BEFORE = "settings.json"  #: what the values were


def prepare(run: pathlib.Path) -> None:
    """Make sure that the settings are at least so; remember the changes.

    :param run: the directory for sockets of a lab, which exists
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
    """Remove the directory of a lab; if it was the last, restore."""
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
