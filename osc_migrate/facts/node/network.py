"""A node's addresses, names and firewall: what to ask, and how to read it."""

import re
from collections.abc import Iterator

from osc_migrate.facts.node import ssh
from osc_migrate.facts.node.said import Said, fact, whole
from osc_migrate.model.answers import Question
from osc_migrate.model.facts import Unread
from osc_migrate.model.node import ways
from osc_migrate.model.node.config import Config
from osc_migrate.model.node.network import (
    Address,
    Firewall,
    Interface,
    Manager,
    Network,
    is_address,
)

# The names that are added are plain words: ways.safe().
_NAMES = """
own=$(hostname) && printf '#hostname %%s\\n' "$own"
more=%s done=
for name in "$own" $more; do
    case " $done " in *" $name "*) continue ;; esac
    done="$done $name"
    printf '#name %%s\\n' "$name"
    timeout -k 1 5 getent ahosts "$name"
done
true
"""
_LINKS = """
ip -o link show && echo '#addresses' && ip -o addr show && echo '#primary' &&
{ ip -o route get 198.51.100.1 2>/dev/null || :; }
"""
# The units' states come one a line, in this order. ufw's unit is active even
# where ufw is off; nftables' is needed to know what it will load.
_UNITS = ("firewalld", "iptables", "netfilter-persistent", "nftables")
_FIREWALL = f"""
systemctl is-active {" ".join(_UNITS)}
echo '#ufw'
grep -is '^ENABLED=yes' /etc/ufw/ufw.conf
echo '#enabled'
systemctl is-enabled nftables 2>/dev/null
echo '#file'
ls /etc/sysconfig/nftables.conf /etc/nftables.conf 2>/dev/null | head -n 1
echo '#chains'
if command -v nft >/dev/null; then nft list chains
else iptables -S INPUT 2>/dev/null | grep -v '^-P INPUT ACCEPT$'
fi
true
"""
_RANGE = """
grep -hE '^[[:space:]]*migration_port_(min|max)[[:space:]]*=' \\
    /etc/libvirt/qemu.conf /etc/kolla/nova-libvirt/qemu.conf 2>/dev/null
true
"""


def questions(
    config: Config, role: str, *, read_only: bool
) -> dict[str, Question]:
    address = config.get("DEFAULT", "my_ip")
    return {
        "names": Question(_NAMES, (" ".join(_names(config)),), limit=25.0),
        # A longer one would be generated, and name no node.
        "hosts": Question("head -c 200000 /etc/hosts"),
        "links": Question(_LINKS),
        "firewall": Question(_FIREWALL),
        "range": Question(_RANGE),
        "ssh": ssh.question(address if is_address(address) else "192.0.2.1"),
    }


def _names(config: Config) -> tuple[str, ...]:
    """The names that Nova tells others of this node."""
    words = (
        config.get("DEFAULT", "host"),
        config.get("libvirt", "live_migration_inbound_addr"),
        config.get("libvirt", "migration_inbound_addr"),
    )
    return tuple(
        dict.fromkeys(
            word
            for word in words
            if ways.is_safe(word) and not is_address(word)
        )
    )


def read(said: Said) -> Network:
    return Network(
        hostname=fact(_hostname, said),
        names=fact(_resolved, said),
        canonical=fact(_canonical, said),
        hosts=fact(_hosts, said),
        addresses=fact(_addresses, said),
        interfaces=fact(_interfaces, said),
        primary=fact(_primary, said),
        firewall=fact(_firewall, said),
        ssh=fact(ssh.read, said),
        data_ports=fact(_data_ports, said),
    )


def _hostname(said: Said) -> str:
    for line in said.lines("names"):
        if line.startswith("#hostname "):
            return line.removeprefix("#hostname ").strip()
    raise Unread("the node does not say its own name")


def _lookups(said: Said) -> Iterator[tuple[str, list[str]]]:
    """(name, words of a line of `getent ahosts`); also (name, [])."""
    name = ""
    for line in said.lines("names"):
        if line.startswith("#name "):
            name = line.removeprefix("#name ").strip()
            yield name, []
        elif name:
            yield name, line.split()


def _resolved(said: Said) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for name, words in _lookups(said):
        seen = found.setdefault(name, {})
        if words and is_address(words[0]):
            seen[words[0]] = None
    return {name: tuple(seen) for name, seen in found.items()}


def _canonical(said: Said) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, words in _lookups(said):
        # The first line alone has it: '10.77.0.13 STREAM HostC'.
        if len(words) > 2:
            found.setdefault(name, words[2])
    return found


def _hosts(said: Said) -> tuple[tuple[str, tuple[str, ...]], ...]:
    rows = []
    for line in said.lines("hosts"):
        words = line.partition("#")[0].split()
        if len(words) > 1 and is_address(words[0]):
            rows.append((words[0], tuple(words[1:])))
    return tuple(rows)


_LINK = re.compile(r"\d+: ([^ :@]{1,64})(?:@[^ :]{1,64})?: <([A-Z0-9_,-]*)>")


def _interfaces(said: Said) -> dict[str, Interface]:
    found = {}
    for line in said.parts("links")[""]:
        words = line.split()
        if (match := _LINK.match(line)) and "mtu" in words[:-1]:
            flags = match[2].split(",")
            found[match[1]] = Interface(
                mtu=whole(words[words.index("mtu") + 1], "an MTU"),
                up="UP" in flags,
                carrier="LOWER_UP" in flags,
            )
    if not found:
        raise Unread("the node does not say what interfaces it has")
    return found


def _addresses(said: Said) -> tuple[Address, ...]:
    found = []
    for line in said.parts("links").get("addresses", ()):
        # '2: eth0    inet 10.77.0.13/24 scope global eth0'
        words = line.split()
        if len(words) > 3 and words[2] in ("inet", "inet6"):
            # A tunnel's is '10.0.0.1 peer 10.0.0.2/32'.
            address, _, prefix = words[3].partition("/")
            if is_address(address):
                bits = whole(prefix or "128", "a prefix")
                most = 32 if words[2] == "inet" else 128
                found.append(Address(address, min(bits, most), words[1]))
    if not found:
        raise Unread("the node does not say what addresses it has")
    return tuple(found)


def _primary(said: Said) -> str:
    # '198.51.100.1 via 10.77.0.1 dev eth0 src 10.77.0.13 uid 0'
    for line in said.parts("links").get("primary", ()):
        words = line.split()
        if "src" in words[:-1]:
            address = words[words.index("src") + 1]
            return address if is_address(address) else ""
    return ""


_TABLE = re.compile(r"table (\w{1,9}) (\S{1,128}) \{")
_CHAIN = re.compile(r"\s*chain (\S{1,128}) \{")
_HOOK = re.compile(r"\s*type filter hook (input|output)\b")


def _firewall(said: Said) -> Firewall:
    parts = said.parts("firewall")
    states = dict(zip(_UNITS, parts[""], strict=False))
    inputs, outputs = _chains(parts.get("chains", []))
    active = {unit for unit, state in states.items() if state == "active"}
    manager = Manager.NONE
    if "firewalld" in active:
        manager = Manager.FIREWALLD
    elif parts.get("ufw"):
        manager = Manager.UFW
    elif active & {"iptables", "netfilter-persistent"} or any(
        chain == "INPUT" for _, _, chain in inputs
    ):
        manager = Manager.IPTABLES
    elif inputs:
        manager = Manager.NFTABLES
    enabled = "enabled" in parts.get("enabled", ())
    file = parts.get("file", [])
    return Firewall(
        manager, inputs, outputs, file[0] if enabled and file else ""
    )


def _chains(
    lines: list[str],
) -> tuple[tuple[tuple[str, str, str], ...], ...]:
    """Chains of nftables on the way in, and on the way out."""
    found: dict[str, list[tuple[str, str, str]]] = {"input": [], "output": []}
    table, chain = ("", ""), ""
    for line in lines:
        if match := _TABLE.match(line):
            table = match[1], match[2]
        elif match := _CHAIN.match(line):
            chain = match[1]
        elif match := _HOOK.match(line):
            found[match[1]].append((*table, chain))
        elif line.startswith(("-P INPUT", "-A INPUT")):
            # iptables without nftables.
            found["input"] = [("ip", "filter", "INPUT")]
    return tuple(found["input"]), tuple(found["output"])


def _data_ports(said: Said) -> tuple[int, int]:
    pairs = said.pairs("range")
    low, high = (
        whole(pairs.get(f"migration_port_{end}", str(default)), "a port")
        for end, default in zip(("min", "max"), ways.DATA_PORTS, strict=True)
    )
    if not 0 < low <= high < 65536:
        raise Unread(f"qemu.conf has no range of ports: {low} to {high}")
    return low, high
