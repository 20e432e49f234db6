"""Mounts below the directory of a lab."""

import pathlib
import subprocess

from testbed.nodes.commands import run
from testbed.nodes.errors import LabError


def overlay(target: pathlib.Path, upper: pathlib.Path, *lower: str) -> None:
    """Mount layers on a directory; changes are written to `upper`."""
    work = upper.with_name("work")
    for path in (target, upper, work):
        path.mkdir(parents=True, exist_ok=True)
    upper.chmod(0o755)  # it becomes the root directory
    options = f"lowerdir={':'.join(lower)},upperdir={upper},workdir={work}"
    run("mount", "-t", "overlay", "-o", options, "overlay", str(target))


def below(path: pathlib.Path) -> list[str]:
    """Return mount points at or below a path, inner ones first."""
    found = []
    prefix = str(path.resolve())
    with open("/proc/self/mountinfo") as lines:
        for line in lines:
            # Blanks and similar characters are octal escapes.
            raw = line.split()[4].encode().decode("unicode_escape")
            point = raw.encode("latin-1").decode(errors="surrogateescape")
            if point == prefix or point.startswith(f"{prefix}/"):
                found.append(point)
    return found[::-1]


def remove(path: pathlib.Path) -> None:
    """Unmount everything at or below a path; busy mounts lazily.

    Mounts that disappear are ignored: the guard of a lab whose owner was
    killed may be unmounting at the same time.
    """
    for point in below(path):
        done = subprocess.run(["umount", point], capture_output=True)
        if done.returncode and point in below(path):
            try:
                run("umount", "--lazy", point)
            except LabError:
                if point in below(path):
                    raise
