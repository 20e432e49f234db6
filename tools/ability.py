"""Can this machine have nodes: containers, and emulated machines?"""

import os
import shutil
import subprocess

#: what a lab does first, in namespaces that go with the shell
_PROBE = """\
set -e
scratch=$(mktemp -d)
trap 'rmdir "$scratch"' EXIT
exec unshare --mount --net --pid --ipc --uts --fork sh -ec '
mount -t tmpfs none "$1"
mkdir "$1/lower" "$1/upper" "$1/work" "$1/root"
mount -t overlay -o \\
    "lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work" none "$1/root"
' sh "$scratch"
"""


def missing_for_nodes() -> str:
    """Why nodes cannot run here; empty if they can."""
    if os.geteuid() != 0:
        return "it needs root"
    for device in ("/dev/net/tun", "/dev/fuse"):
        if not os.path.exists(device):
            return f"there is no {device}"
    if not shutil.which("unshare"):
        return "unshare is not installed"
    if not shutil.which("systemd-nspawn") and not shutil.which("apt-get"):
        return "there is neither systemd-nspawn nor apt-get to install it"
    done = subprocess.run(
        ["sh", "-c", _PROBE], capture_output=True, text=True, timeout=60
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason was given"]
        return f"namespaces and overlays are not permitted ({lines[-1]})"
    return ""
