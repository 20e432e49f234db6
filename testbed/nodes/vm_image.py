"""The boot files of virtual machines: a disk with the tree, kernel, initrd."""

import gzip
import pathlib
import subprocess
from collections.abc import Callable

from testbed.nodes import cache, tree
from testbed.nodes.commands import run
from testbed.nodes.layer import Layer

DISK, KERNEL, INITRD = "base.raw", "vmlinuz", "initrd.img"
_SIZE = "3G"  #: of the disk, a sparse file
_MODULES = ("virtio_pci", "virtio_blk", "virtio_net", "virtio_rng")
_CONFIGURED = "/etc/.configured"

#: The first boot unpacks the node's layer from the second disk.  The address
#: of the node is a kernel argument.
_INIT = f"""\
#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
while read module; do insmod /modules/$module; done </modules/order
mount -t ext4 -o rw,noatime /dev/vda /new
if [ ! -e /new{_CONFIGURED} ]; then
    tar -xpf /dev/vdb -C /new && : >/new{_CONFIGURED}
fi
for word in $(cat /proc/cmdline); do
    case $word in lab.address=*) address=${{word#*=}} ;; esac
done
ip link set lo up
ip address add "$address" dev eth0
ip link set eth0 up
umount /proc
mount --move /dev /new/dev
exec switch_root /new /lib/systemd/systemd
"""
_APPLETS = "cat insmod ip mount sh switch_root tar umount"

#: The modules are laid over the tree; the mount ends with its namespace.
_MAKE_DISK = """\
set -e
mount -t overlay -o "lowerdir=$1:$2" overlay "$3"
truncate -s "$5" "$4"
exec mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1 -d "$3" "$4"
"""


def recipe() -> object:
    """Return everything that determines the contents of the image."""
    parts = [_SIZE, _MODULES, _INIT, _APPLETS, _MAKE_DISK]
    return [tree.recipe(), parts]


def build(report: Callable[[str], None]) -> pathlib.Path:
    """Return the directory with the image; create it if not cached."""
    made = tree.build(report)

    def make(path: pathlib.Path) -> None:
        report("making the disk of the virtual machines")
        _make(path, made)

    return cache.entry(f"image-{cache.key(recipe())}", make)


def _make(path: pathlib.Path, made: pathlib.Path) -> None:
    (package,) = made.glob("linux-image-*.deb")
    unpacked = path / "kernel"
    run("dpkg", "-x", str(package), str(unpacked))
    (kernel,) = (unpacked / "boot").glob("vmlinuz-*")
    version = kernel.name.removeprefix("vmlinuz-")
    kernel.rename(path / KERNEL)
    # The tree has only /usr/lib, but depmod and modprobe use /lib.
    modules = path / "modules"
    (modules / "usr/lib").mkdir(parents=True)
    for directory in (modules, modules / "usr", modules / "usr/lib"):
        directory.chmod(0o755)
    (unpacked / "lib/modules").rename(modules / "usr/lib/modules")
    (modules / "lib").symlink_to("usr/lib")
    run("depmod", "-b", str(modules), version)
    _make_initrd(path, modules, version, made / tree.ROOT / "bin/busybox")
    (modules / "lib").unlink()
    merged = path / "merged"
    merged.mkdir()
    run(
        *("unshare", "--mount", "sh", "-c", _MAKE_DISK, "sh"),
        *(str(modules), str(made / tree.ROOT), str(merged)),
        *(str(path / DISK), _SIZE),
        patience=300.0,
    )
    for left in (unpacked, modules, merged, path / "initrd"):
        cache.remove(left)


def _make_initrd(
    path: pathlib.Path,
    modules: pathlib.Path,
    version: str,
    busybox: pathlib.Path,
) -> None:
    layer = Layer(path / "initrd")
    for directory in ("/proc", "/dev", "/new", "/bin", "/modules"):
        layer.directory(directory)
    layer.write("/init", _INIT, 0o755)
    layer.write("/bin/busybox", busybox.read_bytes(), 0o755)
    for applet in _APPLETS.split():
        layer.link(f"/bin/{applet}", "busybox")
    order: dict[str, pathlib.Path] = {}
    for module in _MODULES:
        said = run(
            *("modprobe", "-S", version, "-d", str(modules)),
            *("--show-depends", module),
        )
        for line in said.splitlines():
            word, _, file = line.strip().partition(" ")
            if word == "insmod":  # skip modules that are built in
                found = pathlib.Path(file.strip())
                order.setdefault(found.name, found)
    for name, file in order.items():
        layer.write(f"/modules/{name}", file.read_bytes())
    layer.write("/modules/order", "".join(f"{name}\n" for name in order))
    names = [str(p.relative_to(layer.top)) for p in layer.top.rglob("*")]
    done = subprocess.run(
        ["cpio", "--quiet", "-o", "-H", "newc"],
        cwd=layer.top,
        input="\n".join(sorted(names)).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    (path / INITRD).write_bytes(gzip.compress(done.stdout, 1))
