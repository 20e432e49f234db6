"""The guest: one boot sector, which starts at once and fits into 16 MB.

It never reads its disk after the start, so it cannot detect that a move lost
the disk. It would detect a loss of memory or time.
"""

import pathlib
import struct
import tempfile

from testbed.nodes.commands import run

_SOURCE = pathlib.Path(__file__).with_name("guest.S")
_SIZE = 1024 * 1024
_SECTOR = 512
_PAGES, _PARTITION = 0x1AC, 0x1BE  #: offsets in the sector
_IN_A_MIB = 256
#: start of each line that the guest prints, followed by a hex number
TEXT = "count "


def sector() -> bytes:
    """Return the assembled boot sector."""
    with tempfile.TemporaryDirectory() as directory:
        code, binary = f"{directory}/guest.o", f"{directory}/guest"
        run("as", "--32", "-o", code, str(_SOURCE))
        run(
            *("ld", "-m", "elf_i386", "-Ttext", "0x7c00"),
            *("--oformat", "binary", "-o", binary, code),
        )
        return pathlib.Path(binary).read_bytes()


def image(dirty_mib: int = 0, filled_mib: int = 0) -> bytes:
    """Return a disk that boots the guest.

    :param dirty_mib: MiB of memory that it writes per second
    :param filled_mib: MiB of memory that it writes once, at its start
    """
    disk = bytearray(sector().ljust(_SIZE, b"\0"))
    pages = filled_mib * _IN_A_MIB, dirty_mib * _IN_A_MIB
    struct.pack_into("<2I", disk, _PAGES, *pages)
    # Glance rejects a boot sector without a partition as a broken disk.
    last = _SIZE // _SECTOR - 1
    entry = (0x80, 0, 2, 0, 0x83, 0, 0, 0, 1, last)
    struct.pack_into("<8B2I", disk, _PARTITION, *entry)
    return bytes(disk)


def counts(console: str) -> list[int]:
    """Return the numbers in the guest's output.

    An incomplete last line is allowed.
    """
    lines = console.split("\n")[:-1]
    return [int(line.split()[-1], 16) for line in lines if TEXT in line]


def count(console: str) -> int:
    """Return the last number; 0 if there is none."""
    return (counts(console) or [0])[-1]
