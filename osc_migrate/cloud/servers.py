"""Servers and flavors, parsed from Nova's JSON."""

import dataclasses
import datetime
from collections.abc import Mapping

from osc_migrate.cloud.json_fields import JsonObject
from osc_migrate.facts import Facts, Unread, fact, or_none


@dataclasses.dataclass(frozen=True, repr=False)
class Flavor(Facts):
    """A server's size: memory in MiB, disks in GiB, swap in MiB."""

    vcpus: int
    ram: int
    disk: int
    ephemeral: int
    swap: int
    # Shown from 2.61, if policy allows it.
    extra_specs: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, repr=False)
class Server(Facts):
    id: str
    name: str
    # As in the API: ACTIVE, SHUTOFF, VERIFY_RESIZE ...
    status: str
    # None if no task is in progress.
    task_state: str | None
    # Shown to admins only.
    host: str
    locked: bool
    # None if none was given, or below microversion 2.73.
    locked_reason: str | None
    project_id: str
    flavor: Flavor
    # Nova's numbers: 1 running, 3 paused, 4 shut down (nova power_state.py).
    power_state: int
    # None unless the server is in ERROR.
    fault: str | None
    # None where the root disk is a volume.
    image_id: str | None = None
    # Copied from the image at boot and shown from 2.98. Where Nova does not
    # show them: the image's current properties in Glance or Cinder.
    image_properties: Mapping[str, str] = dataclasses.field(
        default_factory=dict
    )
    config_drive: bool = False
    # The zone requested at boot (2.96), None if there was none.
    pinned_zone: str | None = None
    volume_ids: tuple[str, ...] = ()
    # IDs of server groups (2.71).
    group_ids: tuple[str, ...] = ()
    # UTC.
    updated_at: datetime.datetime | None = None
    # A hash of project and host: it changes with the host and is shown to
    # all users. Empty if the server is on no host.
    host_id: str = ""
    # When the fault happened, UTC.
    faulted_at: datetime.datetime | None = None
    # The server's tags (2.26).
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, repr=False)
class Topology(Facts):
    """How the guest is pinned to the host's CPUs and memory (2.78)."""

    nodes: int
    pinned: bool
    # None with the host's default page size.
    pagesize_kb: int | None


def parse_server(body: JsonObject) -> Server:
    return Server(
        id=body.text("id"),
        name=fact(body.text, "name"),
        status=fact(body.text, "status"),
        task_state=fact(body.maybe_text, "OS-EXT-STS:task_state"),
        host=fact(body.text, "OS-EXT-SRV-ATTR:host"),
        host_id=fact(body.text, "hostId"),
        locked=fact(body.flag, "locked"),
        locked_reason=fact(body.maybe_text, "locked_reason"),
        project_id=fact(body.text, "tenant_id"),
        flavor=fact(parse_flavor, body),
        power_state=fact(body.whole, "OS-EXT-STS:power_state"),
        fault=fact(_fault, body),
        faulted_at=fact(_faulted_at, body),
        image_id=fact(_image_id, body),
        image_properties=fact(_image_properties, body),
        config_drive=fact(_config_drive, body),
        pinned_zone=fact(body.maybe_text, "pinned_availability_zone"),
        volume_ids=fact(_ids, body, "os-extended-volumes:volumes_attached"),
        group_ids=fact(body.texts, "server_groups"),
        updated_at=fact(body.time, "updated"),
        tags=fact(body.texts, "tags"),
        metadata=fact(body.words, "metadata"),
    )


def _image_id(body: JsonObject) -> str | None:
    # The image of a volume-backed server is an empty string.
    try:
        return body.inner("image").text("id")
    except Unread:
        if body.text("image") == "":
            return None
        raise


def _image_properties(body: JsonObject) -> dict[str, str]:
    if fact(_image_id, body) is None:
        return {}
    return body.inner("image").words("properties")


def _config_drive(body: JsonObject) -> bool:
    # 'True' or an empty string.
    return body.text("config_drive") != ""


def _ids(body: JsonObject, name: str) -> tuple[str, ...]:
    return tuple(row.text("id") for row in body.rows(name))


def _fault(body: JsonObject) -> str | None:
    # Only present for servers in ERROR or DELETED.
    return body.inner("fault").text("message") if "fault" in body else None


def _faulted_at(body: JsonObject) -> datetime.datetime | None:
    return body.inner("fault").time("created") if "fault" in body else None


def parse_flavor(body: JsonObject) -> Flavor:
    """Parse the flavor embedded in a server (2.47 and later)."""
    inner = body.inner("flavor")
    if "vcpus" not in inner:
        raise Unread("Nova embeds the flavor from microversion 2.47 on")
    return parse_size(inner)


def parse_size(body: JsonObject) -> Flavor:
    """Parse a flavor, embedded or from GET /flavors/{id}."""
    ephemeral = (
        "ephemeral" if "ephemeral" in body else "OS-FLV-EXT-DATA:ephemeral"
    )
    return Flavor(
        vcpus=body.whole("vcpus"),
        ram=body.whole("ram"),
        disk=body.whole("disk"),
        ephemeral=body.whole(ephemeral),
        swap=fact(_swap, body),
        extra_specs=fact(body.words, "extra_specs"),
    )


def _swap(body: JsonObject) -> int:
    # Before 2.75 'no swap' is an empty string.
    try:
        return body.whole("swap")
    except Unread:
        if body.text("swap") == "":
            return 0
        raise


def parse_topology(body: JsonObject) -> Topology:
    nodes = body.rows("nodes")
    return Topology(
        nodes=len(nodes),
        # Guest CPU -> host CPU, empty if not pinned; hidden
        # from all but admins.
        pinned=any(node.keys("cpu_pinning") for node in nodes),
        pagesize_kb=body.maybe_whole("pagesize_kb"),
    )


def has_local_disk(server: Server) -> bool:
    """Return whether it has a local disk (not a volume); True if unknown."""
    flavor = or_none(lambda: server.flavor)
    if flavor is None or or_none(lambda: (server.image_id,)) != (None,):
        return True
    return bool(flavor.ephemeral or or_none(lambda: flavor.swap))
