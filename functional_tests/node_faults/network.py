"""Faults of osc_migrate/nodes/network"""

from functional_tests.node_faults.fault import NodeFault

_CONF = "/etc/nova/nova.conf"


def inbound(value):
    """What HostC reports to the others."""
    option = "live_migration_inbound_addr"
    return f"sed -i 's/^{option} = .*/{option} = {value}/' {_CONF}"


_BACK = inbound("10.77.0.13")


def _second_network(lab):
    """Migrations come in on a separate interface, which is down."""
    lab.run(
        "HostC",
        "ip link add mig0 type veth peer name mig1 && ip link set mig1 up;"
        " ip addr add 10.78.0.13/24 dev mig0; " + inbound("10.78.0.13"),
    )
    lab.run("HostB", "ip route add 10.78.0.0/24 dev eth0")


def _no_second_network(lab):
    lab.run("HostC", f"{_BACK}; ip link del mig0")
    lab.run("HostB", "ip route del 10.78.0.0/24")


FAULTS: tuple[NodeFault, ...] = (
    NodeFault(
        check="inbound-address-is-local",
        topic="config",
        what="live_migration_inbound_addr is the address of another node",
        inject=inbound("10.77.0.12"),
        name="inbound-of-another",
    ),
    NodeFault(
        check="inbound-address-is-local",
        topic="config",
        what="live_migration_inbound_addr is an address that nobody has",
        inject=inbound("10.77.0.99"),
        name="inbound-of-nobody",
    ),
    NodeFault(
        check="inbound-address-is-local",
        topic="config",
        what="live_migration_inbound_addr is a loopback address",
        inject=inbound("127.0.0.1"),
        name="inbound-loopback",
    ),
    NodeFault(
        check="my-ip-is-local",
        topic="config",
        what="my_ip is an address that the node had once",
        inject=f"sed -i 's/^my_ip = .*/my_ip = 10.77.0.99/' {_CONF}",
    ),
    NodeFault(
        check="host-name-is-not-loopback",
        topic="dns",
        what="the node's name is 127.0.1.1 in its own /etc/hosts",
        inject=inbound("HostC")
        + "; sed -i 's/^10.77.0.13 .*/127.0.1.1 HostC hostc/' /etc/hosts",
        status="WARN",
        undo=_BACK,
    ),
    NodeFault(
        check="hosts-file-agrees-with-itself",
        topic="dns",
        what="/etc/hosts has an old address of the node beside the new one",
        inject="echo '10.77.0.99 old HostC' >>/etc/hosts",
        status="WARN",
    ),
    NodeFault(
        check="interface-is-up",
        topic="network",
        what="the interface where migrations come in is down",
        inject=_second_network,
        undo=_no_second_network,
    ),
    NodeFault(
        check="sshd-lets-nova-in",
        topic="ssh",
        what="AllowUsers of sshd does not name nova",
        inject="echo 'AllowUsers root operator' >"
        "/etc/ssh/sshd_config.d/50-people.conf; systemctl reload ssh",
        by_hand="sed -i 's/$/ nova/' /etc/ssh/sshd_config.d/50-people.conf;"
        " systemctl reload ssh",
        undo="rm /etc/ssh/sshd_config.d/50-people.conf; systemctl reload ssh",
    ),
    NodeFault(
        check="names-resolve-alike",
        topic="dns",
        what="a node has another's old address, which no move uses",
        inject="sed -i 's/^10.77.0.13 .*/10.77.0.99 HostC hostc/' /etc/hosts",
        node="HostB",
        status="WARN",
        name="names-stale",
    ),
    NodeFault(
        check="names-resolve-alike",
        topic="dns",
        what="a node does not know another's name, which no move uses",
        inject="sed -i '/^10.77.0.13 /d' /etc/hosts",
        node="HostB",
        status="WARN",
        name="names-missing",
    ),
    NodeFault(
        check="mtu-agrees",
        topic="network",
        what="an interface has a lower MTU than those of the others",
        inject="ip link set eth0 mtu 1400",
        status="WARN",
    ),
)
