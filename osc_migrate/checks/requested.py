"""What a flavor and its image ask for, as Nova reads them."""

from collections.abc import Mapping

from osc_migrate.checks.check import Skip
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.facts import known

# A microversion that a release has and the release before it lacks: an
# older Nova cannot have what that release brought, so nothing has to be
# read there, which an old API may not show at all.
QUEENS = (2, 54)
TRAIN = (2, 73)
USSURI = (2, 80)
VICTORIA = (2, 87)  # brought no microversion
WALLABY = (2, 88)
ZED = (2, 91)
CARACAL = (2, 96)
EPOXY = (2, 97)
# A server shows the properties of its image from here on (Epoxy).
IMAGE_IN_SERVER = (2, 98)
# The last of Epoxy, and the only one of Flamingo.
FLAMINGO = (2, 100)
GAZPACHO = (2, 101)
HIBISCUS = (2, 104)


def extra_specs(
    move: MoveFacts, since: tuple[int, int] = (2, 1)
) -> Mapping[str, str]:
    """The extra specs of the server's own copy of its flavor.

    :param since: what the release has that brought those looked for.
    :raises Skip: not known, which flavor_and_image_are_known reports.
    """
    if move.nova < since:
        return {}
    specs = known(lambda: move.server.flavor.extra_specs)
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
    """As :func:`extra_specs`, of what Nova copied from the image."""
    if move.nova < since:
        return {}
    properties = known(lambda: move.server.image_properties)
    if properties is None:
        raise Skip("what its image asks for is not known")
    return properties


def requested_value(
    move: MoveFacts, name: str, since: tuple[int, int] = (2, 1)
) -> str | None:
    """'hw:name' in the flavor, else 'hw_name' in the image's properties.

    Nova boots no server for which they differ (nova/virt/hardware.py,
    _get_unique_flavor_image_meta).
    """
    return extra_spec(move, f"hw:{name}", since) or image_properties(
        move, since
    ).get(f"hw_{name}")


def true(value: str | None) -> bool:
    """As oslo.utils reads a boolean."""
    return (value or "").strip().lower() in (
        "1",
        "t",
        "true",
        "on",
        "y",
        "yes",
    )
