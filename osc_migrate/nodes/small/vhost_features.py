"""The virtio features that a node's kernel offers to guests (vhost-net).

A guest keeps the features negotiated at its start, and a kernel that offers
fewer rejects it. They depend on the kernel, not on QEMU or the CPU.
"""

import dataclasses

from osc_migrate.checks.check import Check, Concern, Skip
from osc_migrate.facts import Facts, Unread, fact
from osc_migrate.nodes.answers import Question
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.node import NodeFacts, PairFacts
from osc_migrate.nodes.node_check import LIVE, of_pair
from osc_migrate.nodes.role import Role


@dataclasses.dataclass(frozen=True, repr=False)
class Vhost(Facts):
    """Features of the kernel's vhost-net."""

    # Virtio feature bits; None if the module is not loaded or not queried.
    features: int | None


HEALTHY = {"features": "0x1033d008000\n"}
# VHOST_GET_FEATURES (linux/vhost.h). Read-only; it does not load the module.
_READ = r"""
[ -d /sys/module/vhost_net ] || { echo none; exit 0; }
for python in python3 /usr/libexec/platform-python; do
    command -v "$python" >/dev/null || continue
    "$python" -c '
import fcntl, os, struct
device = os.open("/dev/vhost-net", os.O_RDWR)
answer = fcntl.ioctl(device, 0x8008AF00, bytes(8))
print(hex(struct.unpack("=Q", answer)[0]))' 2>/dev/null || echo none
    exit 0
done
echo none
"""


def questions(
    config: Config, role: str, *, read_only: bool
) -> dict[str, Question]:
    if role == Role.STORAGE:
        return {}
    return {"features": Question(_READ)}


def read(output: CommandOutput) -> Vhost:
    return Vhost(features=fact(_features, output))


def _features(output: CommandOutput) -> int | None:
    text = output.out("features").strip()
    if text == "none":
        return None
    try:
        features = int(text, 16) if len(text) <= 18 else -1
    except ValueError:
        features = -1
    if features < 0:
        raise Unread(f"'{text[:40]}' is not a set of virtio features")
    return features


def _shown(node: NodeFacts) -> int:
    try:
        features = node.small(Vhost).features
    except Unread as unread:
        raise Skip(f"{node.name}: {unread.reason}") from None
    if features is None:
        raise Skip(f"the kernel of {node.name} did not show them")
    return features


@of_pair(LIVE)
def destination_kernel_offers_the_virtio_features(pair: PairFacts) -> str:
    """The destination's kernel offers what the source's offers guests.

    'Features 0x... unsupported. Allowed features: 0x...' (QEMU,
    hw/virtio/virtio.c) where a guest took one that is missing.
    """
    source, destination = pair.source, pair.destination
    missing = _shown(source) & ~_shown(destination)
    if not missing:
        return "all of them"
    bits = ", ".join(str(n) for n in range(64) if missing >> n & 1)
    raise Concern(
        f"vhost-net of {destination.name} lacks the virtio features {bits},"
        f" which guests on {source.name} may use: they cannot move there",
        f"boot {destination.name} with as new a kernel as {source.name}"
        " (uname -r on both); or move the guests cold",
    )


PAIR: tuple[Check, ...] = (destination_kernel_offers_the_virtio_features,)
