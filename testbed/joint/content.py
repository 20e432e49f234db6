"""The contents of the cloud: images and flavors."""

from typing import Any

from testbed.joint import guest

#: image: MiB of memory that its guest writes per second
IMAGES = {"idle": 0, "busy": 24}
#: flavor: (MB of memory, GB of disk)
FLAVORS = {"small": (16, 1), "large": (64, 1)}


def make(connection: Any) -> None:
    """Create images and flavors that do not exist yet."""
    for name, dirty_mib in IMAGES.items():
        if not connection.image.find_image(name):
            connection.image.create_image(
                name=name,
                data=guest.image(dirty_mib),
                disk_format="raw",
                container_format="bare",
                visibility="public",
                hw_machine_type="pc",
            )
    for name, (memory, disk) in FLAVORS.items():
        if not connection.compute.find_flavor(name):
            connection.compute.create_flavor(
                name=name, ram=memory, vcpus=1, disk=disk
            )
