"""The root filesystem that all nodes share: Debian, built once and cached.

It contains nothing specific to one lab: names, addresses and keys are part of
a node's layer (see content.py).
"""

import pathlib
import subprocess
from collections.abc import Callable
from typing import Any

from testbed.nodes import cache, people, sources
from testbed.nodes.errors import LabError

ROOT = "root"  #: the tree itself, within its cache entry

PACKAGES = (
    # a system that boots and is reachable
    "systemd-sysv",
    "dbus",
    "libpam-systemd",
    "udev",
    "kmod",
    "openssh-server",
    "netbase",
    "ca-certificates",
    "chrony",
    # usual tools of a host
    "bash",
    "dash",
    "busybox-static",
    "e2fsprogs",
    "gnutls-bin",
    "iproute2",
    "iputils-ping",
    "less",
    "locales",
    "netcat-openbsd",
    "nftables",
    "openssl",
    "procps",
    "python3-minimal",
    "sudo",
    "util-linux",
    # a compute node
    "libvirt-daemon-system",
    "libvirt-clients",
    "qemu-system-x86",
    "qemu-utils",
    "dnsmasq-base",
    "open-iscsi",
    # shared storage
    "bindfs",
    "nfs-common",
    "nfs-kernel-server",
)

#: manuals and all translations except German ones, which a test uses
_LEAVE_OUT = (
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/doc/*",
    "path-exclude=/usr/share/locale/*",
    "path-include=/usr/share/locale/locale.alias",
    "path-include=/usr/share/locale/de/*",
    "force-unsafe-io",
)

#: run outside the tree, in the cache entry, with the tree as its argument
_FINISH = f"""\
#!/bin/sh -e
# A kernel for virtual machines: kept beside the tree, not installed.
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
kernel=$(apt-cache depends linux-image-cloud-amd64 |
    sed -n 's/.*Depends: \\(linux-image-[0-9][^ ]*\\)$/\\1/p')
apt-get -qq -o APT::Sandbox::User=root download "$kernel"
chroot "$1" sh -e <<'END'
printf '%s\\n' 'de_DE.UTF-8 UTF-8' 'en_US.UTF-8 UTF-8' >/etc/locale.gen
locale-gen >/dev/null
mkdir -p {pathlib.Path(people.BUSYBOX_SHELL).parent}
ln -s /bin/busybox {people.BUSYBOX_SHELL}
echo {people.BUSYBOX_SHELL} >>/etc/shells
{people.creation()}
# Each node has its own.
rm -f /etc/ssh/ssh_host_* /etc/machine-id /var/lib/dbus/machine-id
rm -f /etc/iscsi/initiatorname.iscsi /etc/hostname
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
END
"""


def recipe() -> dict[str, Any]:
    """Return everything that determines the contents of the tree."""
    code = sources.release()
    return {
        "release": code,
        "sources": sources.lines(code),
        "packages": PACKAGES,
        "dpkg": _LEAVE_OUT,
        "finish": _FINISH,
    }


def build(report: Callable[[str], None]) -> pathlib.Path:
    """Return the directory with the tree (`root`) and a kernel (`*.deb`).

    It is built if it is not in the cache, which takes about a minute.

    :raises LabError: mmdebstrap failed
    """
    how = recipe()

    def make(path: pathlib.Path) -> None:
        report("building the tree of the nodes: about a minute, once")
        _bootstrap(path / ROOT, how)

    return cache.entry(f"tree-{cache.key(how)}", make)


def _bootstrap(path: pathlib.Path, how: dict[str, Any]) -> None:
    script = path.with_name("finish")
    script.write_text(how["finish"])
    script.chmod(0o755)
    command = [
        # Terminate it if this process is killed.
        *("setpriv", "--pdeathsig", "TERM"),
        *("mmdebstrap", "--variant=minbase", "--mode=root", "--quiet"),
        '--aptopt=APT::Install-Recommends "false"',
        *(f"--dpkgopt={option}" for option in how["dpkg"]),
        f"--include={','.join(how['packages'])}",
        f"--customize-hook={script}",
        *(how["release"], str(path), *how["sources"]),
    ]
    log = path.with_name("log")
    with open(log, "w") as out:
        done = subprocess.run(
            command,
            cwd=path.parent,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    if done.returncode:
        end = "\n".join(log.read_text().splitlines()[-15:])
        raise LabError(f"mmdebstrap failed; the end of what it said:\n{end}")
