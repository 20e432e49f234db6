"""Read the requests of a flavor and its image, with Nova's rules."""

from collections.abc import Mapping

from osc_migrate.checks.check import Skip
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.facts import or_none

# A microversion that the release has and the one before it lacks. An older
# Nova cannot have the features of the release, so that nothing has to be
# read, which an old API may not even show.
QUEENS = (2, 54)
TRAIN = (2, 73)
USSURI = (2, 80)
VICTORIA = (2, 87)  # the release added no microversion
WALLABY = (2, 88)
ZED = (2, 91)
CARACAL = (2, 96)
EPOXY = (2, 97)
# From here on a server shows the properties of its image (Epoxy).
IMAGE_IN_SERVER = (2, 98)
# Epoxy's last microversion, and Flamingo's only one.
FLAMINGO = (2, 100)
GAZPACHO = (2, 101)
HIBISCUS = (2, 104)


def extra_specs(
    move: MoveFacts, since: tuple[int, int] = (2, 1)
) -> Mapping[str, str]:
    """Return the extra specs of the server's copy of its flavor.

    :param since: microversion of the release that added the requested specs.
    :raises Skip: not known, which flavor_and_image_are_known reports.
    """
    if move.nova < since:
        return {}
    specs = or_none(lambda: move.server.flavor.extra_specs)
    if specs is None:
        raise Skip("what its flavor asks for is not known")
    return specs


def extra_spec(
    move: MoveFacts, name: str, since: tuple[int, int] = (2, 1)
) -> str | None:
    return extra_specs(move, since).get(name)


def image_properties(
    move: MoveFacts, since: tuple[int, int] = (2, 1)
) -> Mapping[str, str]:
    """Return the properties that Nova copied from the image; see
    :func:`extra_specs` for parameters and errors."""
    if move.nova < since:
        return {}
    properties = or_none(lambda: move.server.image_properties)
    if properties is None:
        raise Skip("what its image asks for is not known")
    return properties


def requested_value(
    move: MoveFacts, name: str, since: tuple[int, int] = (2, 1)
) -> str | None:
    """Return 'hw:name' of the flavor, else 'hw_name' of the image.

    Nova boots no server for which they differ (nova/virt/hardware.py,
    _get_unique_flavor_image_meta).
    """
    return extra_spec(move, f"hw:{name}", since) or image_properties(
        move, since
    ).get(f"hw_{name}")


def is_true(value: str | None) -> bool:
    """Parse a boolean like oslo.utils."""
    return (value or "").strip().lower() in (
        "1",
        "t",
        "true",
        "on",
        "y",
        "yes",
    )
