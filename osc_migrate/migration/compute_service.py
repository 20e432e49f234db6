"""Disables and enables the nova-compute service of a host.

A disabled service keeps running and its servers can be moved away; the
scheduler sends no servers to it (nova/scheduler/filters/compute_filter.py).
"""

import dataclasses

from osc_migrate import errors, microversions
from osc_migrate.cloud.cloud import Cloud
from osc_migrate.cloud.json_fields import JsonObject
from osc_migrate.facts import Unread

# Nova's column (nova/db/main/models.py).
LONGEST_REASON = 255


@dataclasses.dataclass(frozen=True)
class ServiceState:
    """Administrative state of a service.

    :ivar enabled: whether the scheduler may send servers to it.
    :ivar reason: disabled reason; None if none was given.
    """

    enabled: bool
    reason: str | None = None


class ComputeService:
    """The nova-compute service of one host."""

    def __init__(self, cloud: Cloud, host: str) -> None:
        self._cloud = cloud
        self.host = host

    def state(self) -> ServiceState:
        """Return the current state.

        :raises ApiError: it cannot be read.
        :raises NotFound: no such host."""
        row = self._row()
        try:
            enabled = row.text("status") == "enabled"
            reason = row.maybe_text("disabled_reason")
        except Unread as unread:
            raise self._unreadable(unread) from None
        return ServiceState(enabled, None if enabled else reason)

    def set_state(self, state: ServiceState) -> None:
        """Set the state; idempotent.

        :raises ApiError: Nova refused, or did not respond.
        """
        verb = "enable" if state.enabled else "disable"
        description = f"{verb} the compute service of {self.host}"
        body: dict[str, object] = {"status": f"{verb}d"}
        reason = (state.reason or "")[:LONGEST_REASON]
        if not state.enabled and reason:
            body["disabled_reason"] = reason
        nova = self._cloud.nova
        if nova.has(microversions.UUIDS):
            try:
                id = self._row().text("id")
            except Unread as unread:
                raise self._unreadable(unread) from None
            nova.put(f"/os-services/{id}", description, body)
            return
        path = f"/os-services/{verb}"
        if "disabled_reason" in body:
            path += "-log-reason"
        del body["status"]
        nova.put(
            path,
            description,
            {"host": self.host, "binary": "nova-compute"} | body,
        )

    def _row(self) -> JsonObject:
        service = self._cloud.compute_service(self.host)
        if service is None:
            raise errors.NotFound(
                "compute host",
                self.host,
                "see 'openstack compute service list'",
            )
        return service

    def _unreadable(self, unread: Unread) -> errors.ApiError:
        description = f"show the compute service of {self.host}"
        return errors.ApiError("Nova", description, None, unread.reason)
