"""Make the documentation's pictures from real runs on the embedded cloud.

usage: python -m testbed.screenshots

It uses the cloud of ``tools/demo``, and starts it if necessary.
"""

import io
import pathlib
import re
import sys

import openstack
from rich.console import Console
from rich.text import Text

from testbed.cloud import Cloud
from testbed.cloud.processes import ROOT
from testbed.demo import boot
from testbed.pty_run import on_a_terminal
from testbed.shell import OPENSTACK, Shell

PICTURES = ROOT / "doc/source/pictures"
WIDTH = 104


def frames(said: str) -> list[str]:
    """Return the successive contents of a line that is redrawn."""
    return [part for part in re.split(r"\r|\x1b\[\d*[AK]|\n", said) if part]


def picture(path: pathlib.Path, title: str, *lines: str) -> None:
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    for line in lines:
        console.print(Text.from_ansi(line), no_wrap=True, crop=False)
    # A fixed ID for its styles makes the file reproducible.
    drawn = console.export_svg(title=title, unique_id=path.stem)
    # Remove the web fonts, which are loaded from another site.
    path.write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.S))


def main() -> None:
    cloud = Cloud.up(ROOT / ".cloud", lasting=True, report=lambda text: None)
    boot(openstack.connect(**cloud.credentials()))
    environment = Shell(cloud.environment()).environment

    def shown(*words: str) -> tuple[str, str]:
        code, said = on_a_terminal([OPENSTACK, *words], environment, WIDTH - 2)
        if code:
            sys.exit(said)
        return "$ openstack " + " ".join(words), said

    prompt, said = shown("migrate", "preflight", "vm1", "HostC", "--long")
    table = said.replace("\r", "").splitlines()
    picture(PICTURES / "preflight.svg", "preflight", prompt, *table[:24])
    prompt, said = shown("migrate", "live", "vm1", "HostC")
    bars = [frame for frame in frames(said) if "\u2501" in frame]
    picture(
        PICTURES / "progress.svg",
        "live",
        prompt,
        *(bars[at] for at in sorted({1, len(bars) // 2, len(bars) - 1})),
    )


if __name__ == "__main__":
    main()
