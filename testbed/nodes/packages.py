"""Debian packages that the lab and its tests need on this machine."""

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
    # the library of libvirt for its Python module.
    "joint": (
        *_COMMON,
        "binutils",
        "libvirt0",
        "mariadb-client-core",
        "mariadb-server-core",
        "rabbitmq-server",
    ),
    # Programs that tests start themselves, on loopback.
    "tests": ("busybox-static", "openssh-server"),
}
# Debian's packages call it before they start a service (invoke-rc.d(8)).
_POLICY = pathlib.Path("/usr/sbin/policy-rc.d")
_APT = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120")


def require_root() -> None:
    """Require root, which namespaces, mounts and containers need.

    :raises LabError: the user is not root
    """
    if os.geteuid() != 0:
        raise LabError("the node lab needs root: it makes namespaces")


def missing(kind: str) -> list[str]:
    """Return the packages for a kind of lab that are not installed."""
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
    """Install missing packages without output.

    :raises LabError: it failed; the message names the packages
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
    """Prevent new packages from starting services, such as a host sshd."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink(missing_ok=True)
