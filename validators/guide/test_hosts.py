"""Names and accounts."""

import ipaddress

import pytest

from .conftest import addresses_of, name_of


def test_names_of_other_nodes_resolve(host, neighbours):
    for name, node in neighbours.items():
        addresses = set(host.addr(name).ip_addresses)
        assert addresses, f"{name} does not resolve"
        assert addresses <= addresses_of(node), f"{name} has other addresses"


def test_own_name_resolves_to_own_address(host, nova):
    addresses = set(host.addr(name_of(host)).ip_addresses)
    loopback = {a for a in addresses if ipaddress.ip_address(a).is_loopback}
    assert addresses - loopback <= addresses_of(host)
    inbound = nova("libvirt", "live_migration_inbound_addr", name_of(host))
    if inbound == name_of(host):
        assert not loopback, "migrations connect to this name"


def test_nova_exists(host):
    assert host.user("nova").exists
    assert host.group("nova").exists


@pytest.mark.parametrize("name", ["nova", "libvirt-qemu", "qemu"])
def test_numbers_are_those_of_the_first_node(host, first, name):
    if not host.user(name).exists:
        pytest.skip(f"there is no user {name}")
    if not first.user(name).exists:
        pytest.skip(f"there is no user {name} on {name_of(first)}")
    assert host.user(name).uid == first.user(name).uid
    assert host.user(name).gid == first.user(name).gid
    if host.group(name).exists and first.group(name).exists:
        assert host.group(name).gid == first.group(name).gid


def test_the_file_server_has_the_same_number(storage, first):
    if not storage.user("nova").exists:
        pytest.skip("there is no user nova, and it needs none")
    assert storage.user("nova").uid == first.user("nova").uid


def test_nova_may_use_libvirt(host):
    sockets = [
        socket
        for name in ("libvirt-sock", "virtqemud-sock")
        if (socket := host.file(f"/run/libvirt/{name}")).exists
    ]
    assert sockets, "libvirt has no socket"
    for socket in sockets:
        open_to_all = socket.mode & 0o006 == 0o006
        assert open_to_all or socket.group in host.user("nova").groups
