from osc_migrate.nodes.network.facts import (
    Address,
    Firewall,
    Interface,
    Manager,
    NodeNetwork,
)
from osc_migrate.nodes.network.ssh_facts import File, Ssh
from osc_migrate.tests.unit.nodes.shapes.config import ADDRESSES

HOME = "/var/lib/nova"
KEY = "ssh-ed25519 AAAAnova"
HOSTS = (
    ("127.0.0.1", ("localhost",)),
    *((address, (name, name.lower())) for name, address in ADDRESSES.items()),
)


def ssh(name, **changes):
    facts = {
        "options": {
            "port": ("22",),
            "pubkeyauthentication": ("yes",),
            "groups": ("nova", "libvirt"),
        },
        "host_keys": (f"ssh-ed25519 AAAA{name}",),
        "home": HOME,
        "shell": "/bin/bash",
        "files": {
            HOME: File(0o755, "nova"),
            f"{HOME}/.ssh": File(0o700, "nova"),
            f"{HOME}/.ssh/id_ed25519": File(0o600, "nova"),
            f"{HOME}/.ssh/id_ed25519.pub": File(0o644, "nova"),
            f"{HOME}/.ssh/authorized_keys": File(0o600, "nova"),
        },
        "public_keys": (KEY,),
        "authorized": (KEY,),
    }
    return Ssh(**(facts | changes))


def healthy(name, **changes):
    address = ADDRESSES[name]
    facts = {
        "hostname": name,
        "names": {name: (address,)},
        "canonical": {name: name},
        "hosts": HOSTS,
        "addresses": (
            Address("127.0.0.1", 8, "lo"),
            Address("::1", 128, "lo"),
            Address(address, 24, "eth0"),
        ),
        "interfaces": {
            "lo": Interface(65536, True, True),
            "eth0": Interface(1500, True, True),
        },
        "primary": address,
        "firewall": Firewall(Manager.NONE),
        "ssh": ssh(name),
        "speeds": {"eth0": 10000},
    }
    return NodeNetwork(**(facts | changes))
