"""Debian packages of this machine which the lab and its tests need."""

import contextlib
import os
import pathlib
import shutil
import subprocess
from collections.abc import Callable, Iterator

from testbed.nodes.errors import LabError

_COMMON = (
    "iproute2",
    "mmdebstrap",
    "openssh-client",
    "socat",
    "util-linux",
)
NEEDED = {
    "nspawn": (*_COMMON, "systemd-container"),
    "vm": (
        *_COMMON,
        "cpio",
        "e2fsprogs",
        "kmod",
        "qemu-system-x86",
        "qemu-utils",
    ),
    # A message broker, a database, an assembler for a guest of 512 bytes, and
    # what the Python module of libvirt is a module of.
    "joint": (
        *_COMMON,
        "binutils",
        "libvirt0",
        "mariadb-client-core",
        "mariadb-server-core",
        "rabbitmq-server",
    ),
    # Programs that tests run by themselves, on loopback.
    "tests": ("busybox-static", "openssh-server"),
}
# Asked by Debian's packages before they start a service (invoke-rc.d(8)).
_POLICY = pathlib.Path("/usr/sbin/policy-rc.d")
_APT = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120")


def require_root() -> None:
    """Namespaces, mounts and containers need it.

    :raises LabError: we are somebody else
    """
    if os.geteuid() != 0:
        raise LabError("the node lab needs root: it makes namespaces")


def missing(kind: str) -> list[str]:
    """Packages of a kind of lab which are not installed."""
    if not shutil.which("dpkg-query"):
        raise LabError("dpkg-query is missing: the lab needs a Debian machine")
    done = subprocess.run(
        [
            *("dpkg-query", "-W"),
            *("-f", "${Package} ${db:Status-Status}\n"),
            *NEEDED[kind],
        ],
        capture_output=True,
        text=True,
    )
    installed = {
        name
        for name, status in map(str.split, done.stdout.splitlines())
        if status == "installed"
    }
    return [name for name in NEEDED[kind] if name not in installed]


def install(kind: str, report: Callable[[str], None]) -> None:
    """Install what is missing, quietly.

    :raises LabError: it cannot be done; the packages are named
    """
    if not (names := missing(kind)):
        return
    report(f"installing {' '.join(names)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = [*_APT, "install", "-y", "--no-install-recommends", *names]
    with _no_services():
        for attempt in (command, [*_APT, "update"], command):
            done = subprocess.run(
                attempt,
                capture_output=True,
                text=True,
                env=environment,
                stdin=subprocess.DEVNULL,
            )
            if attempt is command and done.returncode == 0:
                return
    raise LabError(
        f"these packages are missing and cannot be installed: "
        f"{' '.join(names)}\n{done.stderr.strip()}"
    )


@contextlib.contextmanager
def _no_services() -> Iterator[None]:
    """What is installed starts nothing: no sshd of the machine itself."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink(missing_ok=True)
