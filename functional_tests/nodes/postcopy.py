"""Post-copy migration needs a setting of this machine's kernel.

Containers share the kernel, and an unprivileged QEMU may handle page faults
only if it is allowed to everyone.  The first lab allows it; the last that
goes takes it back.
"""

import contextlib
import pathlib
import shutil

_SWITCH = pathlib.Path("/proc/sys/vm/unprivileged_userfaultfd")
_BEFORE = "userfaultfd"


def allow(run: pathlib.Path) -> None:
    """Allow it, if it is not allowed; remember that.

    :param run: the directory for sockets of a lab, which exists
    """
    if not _SWITCH.exists() or _SWITCH.read_text().strip() == "1":
        return
    (run.parent / _BEFORE).write_text(_SWITCH.read_text())
    _SWITCH.write_text("1")


def forget(run: pathlib.Path) -> None:
    """Remove the directory of a lab; if it was the last, restore."""
    shutil.rmtree(run, ignore_errors=True)
    before = run.parent / _BEFORE
    if not run.parent.exists() or any(
        p.is_dir() for p in run.parent.iterdir()
    ):
        return
    if before.exists():
        _SWITCH.write_text(before.read_text())
        before.unlink()
    with contextlib.suppress(OSError):
        run.parent.rmdir()
