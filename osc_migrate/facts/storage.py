"""What Cinder and Glance tell of a server's disks."""

from osc_migrate import errors
from osc_migrate.facts.api import Api
from osc_migrate.facts.body import fact
from osc_migrate.model import facts


def volumes(cinder: Api, ids: tuple[str, ...]) -> tuple[facts.Volume, ...]:
    """The volumes with those IDs, one request each."""
    return tuple(_volume(cinder, volume_id) for volume_id in ids)


def _volume(cinder: Api, volume_id: str) -> facts.Volume:
    row = cinder.get(
        f"/volumes/{volume_id}", f"show volume {volume_id}"
    ).inner("volume")
    return facts.Volume(
        id=volume_id,
        status=fact(row.text, "status"),
        multiattach=fact(row.flag, "multiattach"),
        zone=fact(row.maybe_text, "availability_zone"),
    )


def image_exists(glance: Api, image_id: str | None) -> bool:
    """False when the image that a server was booted from was deleted.

    True without an image: then nothing is missing.
    """
    if image_id is None:
        return True
    try:
        image = glance.get(f"/images/{image_id}", f"show image {image_id}")
    except errors.ApiError as error:
        if error.status == 404:
            return False
        raise
    return image.text("status") not in ("deleted", "pending_delete")
