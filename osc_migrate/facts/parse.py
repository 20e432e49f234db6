"""Nova's JSON -> facts."""

from osc_migrate.facts.body import Body, fact
from osc_migrate.model import facts
from osc_migrate.model.facts import Unread


def server(body: Body) -> facts.Server:
    return facts.Server(
        id=body.text("id"),
        name=fact(body.text, "name"),
        status=fact(body.text, "status"),
        task_state=fact(body.maybe_text, "OS-EXT-STS:task_state"),
        host=fact(body.text, "OS-EXT-SRV-ATTR:host"),
        locked=fact(body.flag, "locked"),
        locked_reason=fact(body.maybe_text, "locked_reason"),
        project_id=fact(body.text, "tenant_id"),
        flavor=fact(flavor, body),
        power_state=fact(body.whole, "OS-EXT-STS:power_state"),
        fault=fact(_fault, body),
    )


def _fault(body: Body) -> str | None:
    # Rendered for servers in ERROR and DELETED alone.
    return body.inner("fault").text("message") if "fault" in body else None


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
    )


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
    )
