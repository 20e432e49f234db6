"""What a fault is; standard library only, so that the table needs no cloud."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

#: how a check was proven: brought about with the APIs, the hosts' own facts
#: or Neutron's agents; by a row that was written into Nova's or Neutron's
#: database, where no hypervisor can do it; or only with API answers kept in
#: the unit tests
REAL, EDITED, RECORDED = "real", "real, edited", "recorded"

SOURCE, TARGET = "HostB", "HostC"
#: what Nova says when the scheduler takes no host
NO_HOST = "No valid host was found"


@dataclasses.dataclass(frozen=True)
class Fault:
    """One thing that is wrong, and the check that must report it."""

    check: str
    # FAIL, WARN or UNKNOWN; NOT_CHECKED of one that never says more.
    status: str
    # What is wrong, in words.
    what: str
    how: str = REAL
    # Nova's own words for it, for who does not check first; a part of them
    # if they are long. Empty: it says nothing, or not in the API.
    nova: str = ""
    # 'server', 'host', 'pair' or 'cloud': what has a server or host of its
    # own, which is called as the fault.
    on: str = "server"
    # Distinguishes faults of one check.
    name: str = ""
    # Where the move goes; a fault of a host: to that.
    to: str = TARGET
    # As `preflight --kind`; None for what the state asks for.
    kind: str | None = None
    # Other checks that must speak then too.
    beside: tuple[str, ...] = ()
    # Global options of the command.
    options: tuple[str, ...] = ()
    # Attributes for booting the server.
    boot: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    # Knobs of the host.
    knobs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    # Brings it about, on the server or host of that name.
    inject: Callable[[Any, str], Any] = lambda lab, name: None
    # Takes it back; a fault of the whole cloud.
    undo: Callable[[Any], Any] = lambda lab: None

    @property
    def key(self) -> str:
        return self.name or self.check

    @property
    def source(self) -> str:
        return self.boot.get("host", SOURCE)
