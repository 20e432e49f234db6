"""What is known of a whole cloud."""

import dataclasses
import datetime
from collections.abc import Mapping

from osc_migrate.model.facts import Facts, Host, Migration, Server


@dataclasses.dataclass(frozen=True, repr=False)
class Service(Facts):
    """Any Nova service: its program, host and state."""

    binary: str
    host: str
    state: str
    status: str
    forced_down: bool
    disabled_reason: str | None
    updated_at: datetime.datetime | None


@dataclasses.dataclass(frozen=True, repr=False)
class CloudFacts(Facts):
    """The whole cloud, for a validation before an upgrade."""

    services: tuple[Service, ...]
    # Compute hosts by name, hypervisors included.
    hosts: Mapping[str, Host]
    servers: tuple[Server, ...]
    # Records that have not ended.
    under_way: tuple[Migration, ...]
    # Host -> consumers that placement knows there and Nova does not.
    orphans: Mapping[str, tuple[str, ...]]
    # Hosts whose allocations were not looked at, being too many.
    unseen: tuple[str, ...]
    # Port -> hosts of its bindings, where they are more than they should.
    stale_bindings: Mapping[str, tuple[str, ...]]
    # UTC.
    now: datetime.datetime
