"""A cache for files that are slow to create and the same for all labs.

An entry is a directory named by a hash of its recipe.  It is created under
another name, with a lock held, and renamed when it is complete, so that
concurrent processes create it once and never see an incomplete entry.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

_KEPT = 14 * 86400  #: seconds that an entry is kept after its last use


def root() -> pathlib.Path:
    """Return the directory of all entries; 0700, as some hold private keys."""
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    path = pathlib.Path(base) / "osc-migrate" / "nodes"
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def key(recipe: Any) -> str:
    """Return the name for a recipe (anything that JSON can represent)."""
    text = json.dumps(recipe, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the lock of this entry, so that only one process creates it."""
    with open(root() / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def entry(name: str, make: Callable[[pathlib.Path], None]) -> pathlib.Path:
    """Return the directory of an entry; `make` fills it if it is missing."""
    path = root() / name
    with locked(name):
        if path.is_dir():
            os.utime(path)  # record its use
            return path
        for stale in root().glob(f"{name}.new-*"):
            remove(stale)
        new = root() / f"{name}.new-{os.getpid()}"
        new.mkdir()
        try:
            make(new)
        except BaseException:
            remove(new)
            raise
        new.rename(path)
    _forget_old(name.partition("-")[0])
    return path


def _forget_old(kind: str) -> None:
    """Remove entries of this kind that were not used for a long time."""
    for path in root().glob(f"{kind}-*"):
        if path.stat().st_mtime < time.time() - _KEPT:
            remove(path)


def remove(path: pathlib.Path) -> None:
    """Delete a tree, but nothing that is mounted below it."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif shutil.which("rm"):
        subprocess.run(["rm", "-rf", "--one-file-system", str(path)])
