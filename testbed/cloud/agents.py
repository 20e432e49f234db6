"""Neutron's agents on the hosts: rows in its database, no processes.

Neutron judges an agent by the time of the last report in its row.  No agent
reports here; the time is in the year 2099 for a live agent, in 2001 for a
dead one.  Neutron binds ports to the host of the first, not of the second.
"""

import json
import uuid
from collections.abc import Iterable, Mapping

from testbed.cloud import config, databases

TYPE = "Open vSwitch agent"
MAPPINGS = {config.PHYSICAL_NETWORK: "br-ex"}
_ALIVE = "2099-01-01 00:00:00.000000"
_DEAD = "2001-01-01 00:00:00.000000"
_STARTED = "2000-01-01 00:00:00.000000"


def _configurations(mappings: Mapping[str, str]) -> str:
    return json.dumps(
        {
            "bridge_mappings": dict(mappings),
            "tunnel_types": ["geneve"],
            "tunneling_ip": "127.0.0.1",
            "datapath_type": "system",
            "integration_bridge": "br-int",
            "ovs_capabilities": {
                "datapath_types": ["system"],
                "iface_types": [],
            },
            "extensions": [],
        }
    )


def add(database: str, hosts: Iterable[str]) -> None:
    """Add one live agent per host; existing agents are not changed.

    :param database: its URL
    """
    databases.execute(
        database,
        [
            (
                "INSERT OR IGNORE INTO agents (id, agent_type, binary, topic,"
                " host, admin_state_up, created_at, started_at,"
                " heartbeat_timestamp, configurations, load)"
                " VALUES (:id, :type, 'neutron-openvswitch-agent', 'N/A',"
                " :host, 1, :started, :started, :seen, :configurations, 0)",
                {
                    "id": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"agent.{host}")),
                    "type": TYPE,
                    "host": host,
                    "started": _STARTED,
                    "seen": _ALIVE,
                    "configurations": _configurations(MAPPINGS),
                },
            )
            for host in hosts
        ],
    )


def change(
    database: str,
    host: str,
    alive: bool | None = None,
    mappings: Mapping[str, str] | None = None,
) -> None:
    """Mark an agent as alive or dead, or change its bridge mappings."""
    values = {}
    if alive is not None:
        values["heartbeat_timestamp"] = _ALIVE if alive else _DEAD
    if mappings is not None:
        values["configurations"] = _configurations(mappings)
    databases.execute(
        database,
        [
            (
                f"UPDATE agents SET {column} = :value WHERE host = :host",
                {"value": value, "host": host},
            )
            for column, value in values.items()
        ],
    )
