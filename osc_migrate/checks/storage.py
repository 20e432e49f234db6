"""Checks of a server's disks."""

from osc_migrate.checks.check import Concern, NotChecked, Problem, Skip, check
from osc_migrate.checks.destination import destination, requested_host
from osc_migrate.checks.findings import Gap
from osc_migrate.checks.leftovers import skip_while_moving
from osc_migrate.checks.server import arg, server
from osc_migrate.cloud.migrations import Kind
from osc_migrate.cloud.move_facts import MoveFacts
from osc_migrate.cloud.volumes import Volume
from osc_migrate.facts import or_none
from osc_migrate.text import paste

BLOCK = (Kind.BLOCK,)
SHARED = Gap(
    "shared storage",
    "--nodes checks it",
    ("disks-are-where-the-move-needs-them",),
)

# Statuses in which Cinder allows a second attachment for the same server
# (cinder/volume/api.py, _attachment_reserve).
USABLE = frozenset({"in-use", "available", "downloading"})


def local_gib(move: MoveFacts) -> int:
    """Return the virtual size of local disks (not volumes), in GiB.

    :raises Skip: not known, which flavor_and_image_are_known reports.
    """
    flavor = or_none(lambda: move.server.flavor)
    if flavor is None:
        raise Skip("the size of its flavor is not known")
    root = 0 if move.server.image_id is None else flavor.disk
    return root + flavor.ephemeral + -(-flavor.swap // 1024)


@check(server, (Kind.LIVE,))
def disks_need_no_copy(move: MoveFacts) -> str:
    """The server has no disk but volumes, which every host can reach.

    Other disks need shared storage (a shared instances_path, or
    images_type=rbd), which no API shows. Nova checks it before the copy
    starts (nova/virt/libvirt/driver.py, check_can_live_migrate_source).
    """
    size = local_gib(move)
    if size or move.server.image_id is not None or move.server.config_drive:
        raise NotChecked(
            f"a local disk ({size} GiB) needs shared storage, which no API"
            " shows ('migrate block' copies it)",
            SHARED,
        )
    return f"{len(move.server.volume_ids)} volumes, no local disk"


@check(server, BLOCK)
def disks_are_there_to_copy(move: MoveFacts) -> str:
    """The server has a local disk to copy.

    For a server with volumes only, Nova fails with 'Block migration can not
    be used with shared storage' (nova/virt/libvirt/driver.py,
    check_can_live_migrate_source).
    """
    if move.server.image_id is not None:
        return f"{local_gib(move)} GiB"
    if move.server.config_drive or local_gib(move):
        return "besides its boot volume"
    raise Problem(
        "all its disks are volumes, which are shared storage",
        f"openstack migrate live {arg(move)} moves it without a copy",
    )


@check(requested_host, BLOCK)
def destination_has_space_for_the_copy(move: MoveFacts) -> str:
    """The destination's disk has space for all that may be copied.

    From microversion 2.25 on Nova does not check it (nova/compute/manager.py:
    'if None, ignore disk usage checking'). The size used here is the maximum
    that the disks may grow to: less may be sufficient for now.
    """
    host = destination(move)
    if host.hypervisor is None or (
        (left := host.hypervisor.disk_available_least) is None
    ):
        raise NotChecked(
            "Nova does not report the free space there",
            Gap(
                "free disk space",
                f"df -h in the instances_path on {paste(host.name)} shows it",
            ),
        )
    size = local_gib(move)
    if size <= left:
        return f"{size} GiB needed, {left} GiB left"
    raise Concern(
        f"up to {size} GiB needed, {left} GiB left after what the disks there"
        " may grow to",
        f"on {host.name}: df -h in the instances_path of nova.conf; or choose"
        " another host",
    )


@check(server, BLOCK)
def config_drive_is_copied(move: MoveFacts) -> str:
    """The server has no config drive that would stay behind.

    In the default format it is a CD, and read-only disks are not copied
    (nova/virt/libvirt/driver.py, _live_migration_copy_disk_paths).
    """
    if not move.server.config_drive:
        return "no config drive"
    raise Concern(
        "its config drive is not copied when it is an ISO 9660 CD: the guest"
        " finds it empty until a hard reboot makes a new one",
        "see [DEFAULT]config_drive_format in nova.conf; vfat is copied",
    )


@check(server, (Kind.BLOCK, Kind.COLD))
def image_is_in_glance(move: MoveFacts) -> str:
    """The image that the server was booted from is still in Glance.

    Otherwise the destination fetches the disk's base image from the source
    over SSH, as the user nova (nova/virt/libvirt/driver.py,
    _try_fetch_image_cache).
    """
    if move.server.image_id is None:
        raise Skip("it boots from a volume")
    if move.image_exists:
        return move.server.image_id
    raise Concern(
        f"image {move.server.image_id} was deleted: the destination must"
        " fetch it from the source over ssh",
        "see that the user nova can ssh from the destination to the source"
        " without a password",
    )


@check(server)
def volumes_can_be_attached(move: MoveFacts) -> str:
    """Every volume of the server is in a state in which it can be attached.

    Nova attaches each on the destination while it is still attached on the
    source (nova/compute/manager.py, _do_pre_live_migration).
    """
    if not move.server.volume_ids:
        raise Skip("it has no volumes")
    unusable = [v for v in move.volumes if v.status not in USABLE]
    if not unusable:
        return _count_volumes(move.volumes)
    raise Problem(
        ", ".join(f"volume {v.id} is {v.status}" for v in unusable),
        "wait until it is in-use; if nothing works on it: openstack volume"
        f" set --state in-use {unusable[0].id}",
    )


def _count_volumes(volumes: tuple[Volume, ...]) -> str:
    shared = sum(volume.multiattach for volume in volumes)
    return f"{len(volumes)} in use" + (
        f", {shared} of them multiattach" if shared else ""
    )


@check(requested_host)
def volumes_are_in_the_destinations_zone(move: MoveFacts) -> str:
    """No volume stays behind in the zone that the server leaves.

    Hosts of one zone may not reach the storage of another.
    """
    host = destination(move)
    if not move.server.volume_ids:
        raise Skip("it has no volumes")
    if move.source is None or move.source.zone == host.zone:
        return f"{host.zone}, as now"
    volumes = or_none(lambda: move.volumes)
    if volumes is None:
        raise Skip("its volumes are not known")
    behind = [v.id for v in volumes if v.zone == move.source.zone]
    if not behind:
        return "none is in the zone that it leaves"
    raise Concern(
        f"it goes to zone {host.zone}, but volume {', '.join(behind)} is in"
        f" {move.source.zone}",
        f"see that {host.name} reaches the storage of {move.source.zone}, or"
        " choose a host of that zone",
    )


@check(server)
def volumes_are_attached_where_it_is(move: MoveFacts) -> str:
    """Every volume is attached on the server's own host alone.

    A live migration creates an attachment on the destination and deletes the
    source's afterwards (nova/compute/manager.py, _post_live_migration).
    """
    if not move.server.volume_ids:
        raise Skip("it has no volumes")
    host, id = or_none(lambda: move.server.host), move.server.id
    attachments = [
        (volume.id, attachment)
        for volume in move.volumes
        for attachment in volume.attachments
        if attachment.server_id == id
    ]
    if not host or any(
        attachment.host is None for _, attachment in attachments
    ):
        raise NotChecked(
            "Cinder does not report the hosts of the attachments",
            Gap("volume attachments", "an admin's credentials check it"),
        )
    skip_while_moving(move)
    elsewhere = [
        (v, attachment)
        for v, attachment in attachments
        if attachment.host != host
    ]
    attached = {v for v, attachment in attachments if attachment.host == host}
    lacking = [v.id for v in move.volumes if v.id not in attached]
    if lacking:
        raise Concern(
            f"volume {', '.join(lacking)} is not attached on {host}",
            f"openstack volume attachment list; then openstack server reboot"
            f" --hard {arg(move)} attaches what Nova knows of",
        )
    if elsewhere:
        raise Concern(
            "; ".join(
                f"volume {v} is attached on {attachment.host} too"
                for v, attachment in elsewhere
            ),
            "; ".join(
                "openstack --os-volume-api-version 3.27 volume attachment"
                f" delete {attachment.id}"
                for _, attachment in elsewhere
            ),
        )
    return f"{len(attachments)} on {host}"
