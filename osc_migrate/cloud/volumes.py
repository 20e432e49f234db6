"""A server's volumes and image, from Cinder and Glance."""

import dataclasses
from collections.abc import Mapping

from osc_migrate import errors
from osc_migrate.cloud.json_fields import JsonObject
from osc_migrate.cloud.rest import Api
from osc_migrate.cloud.servers import Server
from osc_migrate.facts import Facts, Unread, fact


@dataclasses.dataclass(frozen=True, repr=False)
class Volume(Facts):
    id: str
    status: str
    multiattach: bool
    zone: str | None
    # Of the image that a bootable volume was created from.
    image_properties: Mapping[str, str] = dataclasses.field(
        default_factory=dict
    )
    # Cinder shows the hosts of attachments to admins only.
    attachments: tuple["Attachment", ...] = ()


@dataclasses.dataclass(frozen=True)
class Attachment:
    """A volume's attachment to a server."""

    id: str
    server_id: str
    # None if Cinder does not show it.
    host: str | None


def volumes(cinder: Api, ids: tuple[str, ...]) -> tuple[Volume, ...]:
    """Return the volumes with those IDs, one request for each."""
    return tuple(_volume(cinder, volume_id) for volume_id in ids)


def _volume(cinder: Api, volume_id: str) -> Volume:
    row = cinder.get(
        f"/volumes/{volume_id}", f"show volume {volume_id}"
    ).inner("volume")
    return Volume(
        id=volume_id,
        status=fact(row.text, "status"),
        multiattach=fact(row.flag, "multiattach"),
        zone=fact(row.maybe_text, "availability_zone"),
        image_properties=fact(_of_image, row),
        attachments=fact(_attachments, row),
    )


def _attachments(row: JsonObject) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(
            id=attachment.text("attachment_id"),
            server_id=attachment.text("server_id"),
            host=attachment.maybe_text("host_name")
            if "host_name" in attachment
            else None,
        )
        for attachment in row.rows("attachments")
    )


def _of_image(row: JsonObject) -> dict[str, str]:
    # Only for volumes created from an image.
    if "volume_image_metadata" not in row or row.text("bootable") != "true":
        return {}
    return row.words("volume_image_metadata")


def image(glance: Api, image_id: str | None) -> dict[str, str] | None:
    """Return the properties of the image a server was booted from.

    None if it was deleted; empty if the server has no image.
    """
    if image_id is None:
        return {}
    try:
        response = glance.get(f"/images/{image_id}", f"show image {image_id}")
    except errors.ApiError as error:
        if error.status == 404:
            return None
        raise
    if response.text("status") in ("deleted", "pending_delete"):
        return None
    return response.own_texts()


def is_there(image: Mapping[str, str] | Unread | None) -> bool:
    if isinstance(image, Unread):
        raise image
    return image is not None


def image_properties(
    server: Server,
    image: Mapping[str, str] | Unread | None,
    volumes: tuple[Volume, ...] | Unread,
) -> Mapping[str, str]:
    """Return the image properties that Nova copied at boot.

    Nova shows them from 2.98, but never for a volume's image: then the
    image's current properties in Glance or Cinder are used.
    """
    if server.image_id is None:
        if isinstance(volumes, Unread):
            raise volumes
        properties: dict[str, str] = {}
        for volume in volumes:
            properties |= volume.image_properties
        return properties
    shown = fact(lambda: server.image_properties)
    if not isinstance(shown, Unread):
        # Required traits are not shown even then.
        known = image if isinstance(image, Mapping) else {}
        traits = {k: v for k, v in known.items() if k.startswith("trait:")}
        return {**traits, **shown}
    if isinstance(image, Unread):
        raise image
    if image is None:
        raise Unread(f"{shown.reason}, and image {server.image_id} is gone")
    return image
