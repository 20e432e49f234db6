from osc_migrate.nodes.config.facts import Config

ADDRESSES = {
    "HostA": "10.77.0.11",
    "HostB": "10.77.0.12",
    "HostC": "10.77.0.13",
}


def healthy(name, **changes):
    """:param changes: options as section__option; None leaves one out."""
    address = ADDRESSES[name]
    options = {
        ("DEFAULT", "host"): name,
        ("DEFAULT", "my_ip"): address,
        ("DEFAULT", "state_path"): "/var/lib/nova",
        ("DEFAULT", "instances_path"): "/var/lib/nova/instances",
        ("vnc", "enabled"): "true",
        ("vnc", "server_listen"): "0.0.0.0",
        ("vnc", "server_proxyclient_address"): address,
        ("libvirt", "virt_type"): "qemu",
        ("libvirt", "cpu_mode"): "none",
        ("libvirt", "images_type"): "qcow2",
        ("libvirt", "live_migration_scheme"): "tcp",
        ("libvirt", "live_migration_inbound_addr"): address,
        ("libvirt", "live_migration_permit_post_copy"): "true",
        ("libvirt", "live_migration_timeout_action"): "abort",
        ("service_user", "send_service_user_token"): "true",
    }
    for key, value in changes.items():
        where = tuple(key.split("__", 1))
        if value is None:
            options.pop(where, None)
        else:
            options[where] = value
    return Config(("/etc/nova/nova.conf",), options)
