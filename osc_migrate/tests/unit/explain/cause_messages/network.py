"""Messages of osc_migrate/explain/causes/network.py."""

from osc_migrate.tests.unit.explain.cause_messages.source import (
    DOC,
    NOVA,
    PRECHECK,
    UUID,
)

VIF_TIMEOUT = (
    "Migration error: Timed out waiting for events: [('network-vif-plugged',"
    f" '{UUID}')]. If these timeouts are a persistent issue it could mean the"
    " networking backend on host HostC does not support sending these"
)

MESSAGES = [
    (
        "port-not-bound",
        NOVA,
        f"{PRECHECK}Binding failed for port {UUID}, please check neutron logs"
        " for more information.",
    ),
    ("port-not-bound", DOC, "Unexpected vif_type=binding_failed"),
    (
        "port-binding-left-over",
        NOVA,
        f"Failed to delete binding for port(s) {UUID} on host HostC; please"
        " check neutron logs for more information",
    ),
    ("port-not-plugged", NOVA, VIF_TIMEOUT),
    ("port-plug-failed", NOVA, "Virtual interface plugin failed"),
    (
        "port-plug-failed",
        NOVA,
        "Neutron reported failure during live migration with"
        f" network-vif-plugged for instance {UUID}",
    ),
    (
        "remote-managed-port",
        NOVA,
        "This feature is not supported when remote-managed ports are in use.",
    ),
]
