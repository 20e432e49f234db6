"""libvirt: it runs, listens, and answers the other nodes."""

import pytest

from .conftest import inbound_of, transport_of

PORTS = {"tcp": 16509, "tls": 16514, "ssh": 22}
# libvirtd, or the daemons that it was divided into.
DAEMONS = ("libvirtd", "virtqemud")
# Units that listen for other hosts.
LISTENERS = {
    "tcp": ("libvirtd-tcp.socket", "virtproxyd-tcp.socket"),
    "tls": ("libvirtd-tls.socket", "virtproxyd-tls.socket"),
}


@pytest.fixture
def transport(nova):
    return transport_of(nova)


def test_libvirt_answers(host):
    result = host.run("timeout -k 1 8 virsh -c qemu:///system version")
    assert result.succeeded, repr(result.stderr)


def test_libvirt_starts_at_boot(host):
    if host.file("/etc/kolla").exists:
        pytest.skip("a container engine starts it")
    units = [name + kind for name in DAEMONS for kind in ("", ".socket")]
    assert any(host.service(unit).is_enabled for unit in units)


def test_its_process_is_roots(host):
    processes = [
        process
        for name in DAEMONS
        for process in host.process.filter(comm=name)
    ]
    if not processes:
        pytest.skip("started by its socket; test_libvirt_answers says if not")
    for process in processes:
        assert process.user == "root"
        assert not process.stat.startswith(("T", "Z")), "stopped or dead"


def test_libvirt_listens(host, transport):
    port = PORTS[transport]
    places = ("0.0.0.0", "::", *host.addr(inbound_of(host)).ip_addresses)
    assert any(
        host.socket(f"tcp://{place}:{port}").is_listening for place in places
    ), f"nothing listens on port {port} for other hosts"


def test_libvirt_listens_after_boot(host, transport):
    running = [
        host.service(unit)
        for unit in LISTENERS.get(transport, ())
        if host.service(unit).is_running
    ]
    if not running:
        pytest.skip("no unit of systemd listens; see test_libvirt_listens")
    assert any(unit.is_enabled for unit in running)


def test_the_firewall_lets_libvirt_in(host, neighbours, transport):
    for name, node in neighbours.items():
        port = host.addr(inbound_of(node)).port(PORTS[transport])
        assert port.is_reachable, f"{name}: port {PORTS[transport]}"


@pytest.mark.parametrize("port", [49152, 49183, 49215])
def test_the_firewall_lets_servers_in(host, neighbours, port):
    """Nothing listens there yet: a refusal is fine, a timeout is not."""
    for name, node in neighbours.items():
        result = host.run(
            "timeout -k 1 3 bash -c 'exec 3<>/dev/tcp/$0/$1' %s %s",
            inbound_of(node),
            str(port),
        )
        refused = "Connection refused" in result.stderr
        assert result.succeeded or refused, f"{name}: port {port} is closed"


def test_libvirt_of_other_nodes_answers(host, neighbours, transport):
    for name, node in neighbours.items():
        uri = f"qemu+{transport}://{inbound_of(node)}/system"
        result = host.run("timeout -k 1 8 virsh -c %s version", uri)
        assert result.succeeded, f"{name}: {result.stderr!r}"
