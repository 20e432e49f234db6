"""nova.conf."""

import ipaddress

import pytest

from .conftest import addresses_of, inbound_of, name_of, options_of

SAME_EVERYWHERE = [
    ("DEFAULT", "instances_path"),
    ("libvirt", "images_type"),
    ("libvirt", "live_migration_scheme"),
    ("libvirt", "live_migration_with_native_tls"),
    ("libvirt", "cpu_mode"),
    ("libvirt", "cpu_models"),
]


def test_nova_conf_is_not_open_to_all(host):
    """It holds passwords."""
    file = host.file("/etc/nova/nova.conf")
    if not file.exists:
        pytest.skip("nova.conf is in a container's directory")
    assert file.mode & 0o002 == 0


@pytest.mark.parametrize(
    ("section", "option"),
    [
        ("DEFAULT", "my_ip"),
        ("libvirt", "live_migration_inbound_addr"),
    ],
)
def test_addresses_are_its_own(host, nova, section, option):
    value = nova(section, option)
    try:
        ipaddress.ip_address(value)
    except ValueError:
        pytest.skip(f"{option} is not an address: '{value}'")
    assert value in addresses_of(host)


def test_its_inbound_address_is_up(host):
    for address in host.addr(inbound_of(host)).ip_addresses:
        shown = host.check_output("ip -o addr show to %s up", address)
        assert shown, f"no interface with {address} is up"
        assert "state DOWN" not in shown
        device = shown.split()[1]
        link = host.check_output("ip -o link show dev %s", device)
        assert "LOWER_UP" in link, f"{device} has no carrier"


def test_consoles_listen_where_servers_arrive(host, nova):
    if nova("vnc", "enabled", "true").lower() in ("false", "0", "no", "off"):
        pytest.skip("no VNC")
    listen = nova("vnc", "server_listen", "127.0.0.1")
    place = ipaddress.ip_address(listen)
    assert (
        place.is_unspecified
        or place.is_loopback
        or listen in (addresses_of(host))
    )


@pytest.mark.parametrize(("section", "option"), SAME_EVERYWHERE)
def test_options_are_those_of_the_first_node(
    host, first, nova, section, option
):
    expected = options_of(first)(section, option)
    assert nova(section, option) == expected, f"{name_of(first)} has another"
