from osc_migrate.nodes.libvirt.facts import Libvirt, Listener, SystemdUnit

UUIDS = {
    "HostA": "11111111-aaaa-4111-8111-0000000000a1",
    "HostB": "22222222-bbbb-4222-8222-0000000000b2",
    "HostC": "33333333-cccc-4333-8333-0000000000c3",
}
ON = SystemdUnit("loaded", "active", "enabled")
MACHINES = frozenset({"pc", "pc-i440fx-7.2", "pc-q35-7.2", "q35"})


def socket(stream, active="active", boot="enabled", load="loaded"):
    return SystemdUnit(load, active, boot, (stream,))


def units(**changes):
    """:param changes: state by name without 'libvirtd-' and '.socket', or
    'main' and 'service'; None leaves one out."""
    found = {
        "libvirtd.service": changes.pop("service", ON),
        "libvirtd.socket": changes.pop("main", socket("/run/libvirt-sock")),
        "libvirtd-tcp.socket": changes.pop("tcp", socket("[::]:16509")),
        "libvirtd-tls.socket": changes.pop("tls", socket("[::]:16514")),
    }
    assert not changes
    return {name: unit for name, unit in found.items() if unit}


def listeners(*ports, address="*"):
    return tuple(Listener(address, port, "libvirtd") for port in ports)


def healthy(name, **changes):
    """Debian 12."""
    facts = {
        "daemon": "libvirtd",
        "contained": False,
        "units": units(),
        "processes": frozenset({"libvirtd"}),
        "flag": False,
        "flag_next": False,
        "flag_file": "/etc/default/libvirtd",
        "remote_file": "/etc/libvirt/libvirtd.conf",
        "remote": {"auth_tcp": "none", "auth_tls": "none"},
        "daemon_file": "/etc/libvirt/libvirtd.conf",
        "daemon_conf": {},
        "qemu_file": "/etc/libvirt/qemu.conf",
        "qemu": {"migration_port_min": "49152", "migration_port_max": "49261"},
        "credentials": False,
        "machine_id": f"{name.lower():0>32}",
        "last_words": "",
        "trouble": "",
        "host_uuid": UUIDS[name],
        "qemu_version": (7, 2, 22),
        "version": (9, 0, 0),
        "machines": MACHINES,
        "aliases": {"pc": "pc-i440fx-7.2", "q35": "pc-q35-7.2"},
        "machines_used": frozenset({"pc-i440fx-7.2"}),
        "security": frozenset({"dac", "apparmor"}),
        "listeners": listeners(16509, 16514),
    }
    return Libvirt(**(facts | changes))
