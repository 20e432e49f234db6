"""Nova's JSON -> facts."""

import datetime
from collections import Counter
from collections.abc import Mapping

from osc_migrate.facts.body import Body, fact
from osc_migrate.model import facts
from osc_migrate.model.cloud import Service
from osc_migrate.model.facts import Unread
from osc_migrate.model.fleet import ServerGroup


def server(body: Body) -> facts.Server:
    return facts.Server(
        id=body.text("id"),
        name=fact(body.text, "name"),
        status=fact(body.text, "status"),
        task_state=fact(body.maybe_text, "OS-EXT-STS:task_state"),
        host=fact(body.text, "OS-EXT-SRV-ATTR:host"),
        host_id=fact(body.text, "hostId"),
        locked=fact(body.flag, "locked"),
        locked_reason=fact(body.maybe_text, "locked_reason"),
        project_id=fact(body.text, "tenant_id"),
        flavor=fact(flavor, body),
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


def _image_id(body: Body) -> str | None:
    # A server whose root disk is a volume has an empty string for an image.
    try:
        return body.inner("image").text("id")
    except Unread:
        if body.text("image") == "":
            return None
        raise


def _image_properties(body: Body) -> dict[str, str]:
    if fact(_image_id, body) is None:
        return {}
    return body.inner("image").words("properties")


def _config_drive(body: Body) -> bool:
    # 'True' or an empty string.
    return body.text("config_drive") != ""


def _ids(body: Body, name: str) -> tuple[str, ...]:
    return tuple(row.text("id") for row in body.rows(name))


def _fault(body: Body) -> str | None:
    # Rendered for servers in ERROR and DELETED alone.
    return body.inner("fault").text("message") if "fault" in body else None


def _faulted_at(body: Body) -> datetime.datetime | None:
    return body.inner("fault").time("created") if "fault" in body else None


def flavor(body: Body) -> facts.Flavor:
    """The size embedded in a server from microversion 2.47 on."""
    inner = body.inner("flavor")
    if "vcpus" not in inner:
        raise Unread("Nova embeds the flavor from microversion 2.47 on")
    return size(inner)


def size(body: Body) -> facts.Flavor:
    """A flavor, embedded or as GET /flavors/{id} shows it."""
    ephemeral = (
        "ephemeral" if "ephemeral" in body else "OS-FLV-EXT-DATA:ephemeral"
    )
    return facts.Flavor(
        vcpus=body.whole("vcpus"),
        ram=body.whole("ram"),
        disk=body.whole("disk"),
        ephemeral=body.whole(ephemeral),
        swap=fact(_swap, body),
        extra_specs=fact(body.words, "extra_specs"),
    )


def _swap(body: Body) -> int:
    # Before 2.75 'no swap' is an empty string.
    try:
        return body.whole("swap")
    except Unread:
        if body.text("swap") == "":
            return 0
        raise


def host(body: Body) -> facts.Host:
    return facts.Host(
        name=body.text("host"),
        state=fact(body.text, "state"),
        status=fact(body.text, "status"),
        disabled_reason=fact(body.maybe_text, "disabled_reason"),
        # Shown from 2.11 on.
        forced_down=fact(body.flag, "forced_down"),
        updated_at=fact(body.time, "updated_at"),
        zone=fact(body.text, "zone"),
    )


def service(body: Body) -> Service:
    return Service(
        binary=body.text("binary"),
        host=body.text("host"),
        state=fact(body.text, "state"),
        status=fact(body.text, "status"),
        # Of computes alone, from 2.11 on.
        forced_down=(
            fact(body.flag, "forced_down") if "forced_down" in body else False
        ),
        disabled_reason=fact(body.maybe_text, "disabled_reason"),
        updated_at=fact(body.time, "updated_at"),
    )


def hypervisor(body: Body) -> tuple[str, facts.Hypervisor]:
    """(name of the compute host, hypervisor)"""
    return body.inner("service").text("host"), facts.Hypervisor(
        id=fact(_hypervisor_id, body),
        name=fact(body.text, "hypervisor_hostname"),
        vcpus=fact(body.whole, "vcpus"),
        vcpus_used=fact(body.whole, "vcpus_used"),
        memory_mb=fact(body.whole, "memory_mb"),
        memory_mb_used=fact(body.whole, "memory_mb_used"),
        local_gb=fact(body.whole, "local_gb"),
        local_gb_used=fact(body.whole, "local_gb_used"),
        type=fact(body.text, "hypervisor_type"),
        version=fact(body.whole, "hypervisor_version"),
        disk_available_least=fact(body.maybe_whole, "disk_available_least"),
        cpu_features=fact(_cpu_features, body),
        ip=fact(body.maybe_text, "host_ip"),
    )


def _cpu_features(body: Body) -> frozenset[str]:
    # An object from 2.28 on, text before. Some drivers name no features.
    info = body.unpacked("cpu_info")
    return frozenset(info.texts("features") if "features" in info else ())


def _hypervisor_id(body: Body) -> str:
    try:
        return body.text("id")
    except Unread:
        return str(body.whole("id"))  # before 2.53


def migration(body: Body) -> facts.Migration:
    """A record of os-migrations, or of a server's migrations, which alone
    has counters."""

    def counter(name: str) -> int | None:
        return body.maybe_whole(name) if name in body else None

    return facts.Migration(
        id=body.whole("id"),
        uuid=body.maybe_text("uuid") if "uuid" in body else None,
        status=body.text("status"),
        type=(
            body.maybe_text("migration_type")
            if "migration_type" in body
            else None
        ),
        source=fact(body.maybe_text, "source_compute"),
        destination=fact(body.maybe_text, "dest_compute"),
        memory_total=fact(counter, "memory_total_bytes"),
        memory_processed=fact(counter, "memory_processed_bytes"),
        memory_remaining=fact(counter, "memory_remaining_bytes"),
        disk_total=fact(counter, "disk_total_bytes"),
        disk_processed=fact(counter, "disk_processed_bytes"),
        disk_remaining=fact(counter, "disk_remaining_bytes"),
        created_at=fact(body.time, "created_at"),
        updated_at=fact(body.time, "updated_at"),
        server_id=(
            fact(body.maybe_text, "instance_uuid")
            if "instance_uuid" in body
            else None
        ),
    )


def aggregate(body: Body) -> facts.Aggregate:
    return facts.Aggregate(
        name=body.text("name"),
        hosts=frozenset(body.texts("hosts")),
        metadata=body.words("metadata"),
    )


def group(body: Body, server_id: str, where: Mapping[str, str]) -> facts.Group:
    """A server group.

    :param where: server ID -> host, of the servers of the project.
    """
    members: Counter[str] = Counter()
    for member in body.texts("members"):
        host = where.get(member) if member != server_id else None
        if isinstance(host, Unread):
            raise host
        # A member without a host is not running anywhere yet.
        if host:
            members[host] += 1
    return facts.Group(
        name=body.text("name"),
        policy=_policy(body),
        max_per_host=_max_per_host(body),
        members=members,
    )


def server_group(body: Body) -> ServerGroup:
    return ServerGroup(
        id=body.text("id"),
        name=body.text("name"),
        policy=_policy(body),
        max_per_host=_max_per_host(body),
        members=frozenset(body.texts("members")),
    )


def _max_per_host(body: Body) -> int:
    rules = body.inner("rules") if "rules" in body else None
    if rules and "max_server_per_host" in rules:
        return rules.whole("max_server_per_host")
    return 1


def _policy(body: Body) -> str:
    # 'policy' from 2.64 on, a list of one before.
    if "policy" in body:
        return body.text("policy")
    if policies := body.texts("policies"):
        return policies[0]
    raise Unread("Nova shows no policy of the server group")


def topology(body: Body) -> facts.Topology:
    nodes = body.rows("nodes")
    return facts.Topology(
        nodes=len(nodes),
        # An object of guest CPU -> host CPU, empty when not pinned; hidden
        # from all but admins.
        pinned=any(node.keys("cpu_pinning") for node in nodes),
        pagesize_kb=body.maybe_whole("pagesize_kb"),
    )
