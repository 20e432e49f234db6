"""Questions about addresses, names and firewall, and their parsing."""

import re
from collections.abc import Iterator

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Question
from osc_migrate.nodes.command_output import CommandOutput, fact, parse_int
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.network import routes, ssh_facts
from osc_migrate.nodes.network.facts import (
    Address,
    Firewall,
    Interface,
    Manager,
    NodeNetwork,
    is_address,
)

# The appended names are plain words: routes.is_safe().
_NAMES = """
own=$(hostname) && printf '#hostname %%s\\n' "$own"
more=%s done=
for name in "$own" $more; do
    case " $done " in *" $name "*) continue ;; esac
    done="$done $name"
    printf '#name %%s\\n' "$name"
    timeout -k 1 5 getent ahosts "$name"
    printf '#status %%s\n' $?
done
true
"""
_LINKS = """
ip -o link show && echo '#addresses' && ip -o addr show && echo '#primary' &&
{ ip -o route get 198.51.100.1 2>/dev/null || :; }
"""
# Only names of chains leave the node, of those that may drop packets by their
# policy, by a rule or by a jump. libvirt's own chains only accept its
# networks. ufw's unit is active even if ufw is disabled.
_FIREWALL = r"""
systemctl is-active firewalld
echo '#ufw'
grep -is '^ENABLED=yes' /etc/ufw/ufw.conf
echo '#file'
[ "$(systemctl is-enabled nftables 2>/dev/null)" = enabled ] &&
ls /etc/sysconfig/nftables.conf /etc/nftables.conf 2>/dev/null | head -n 1
echo '#chains'
if command -v nft >/dev/null; then
    nft list ruleset | awk '
        $1 == "table" { table = $2 " " $3 }
        $1 == "chain" { chain = $2; hook = ""; stops = 0 }
        /type filter hook (input|output) / {
            hook = $4; stops = /policy drop/; next
        }
        hook && tolower($0) ~ /drop|reject|jump|goto|queue/ &&
            !/ jump LIBVIRT_/ { stops = 1 }
        $1 == "}" { if (hook && stops) print table, chain, hook; hook = "" }'
else
    for chain in INPUT OUTPUT; do
        iptables -S "$chain" 2>/dev/null | grep -vE -e ' LIBVIRT_' |
        grep -qE -e '-P [A-Z]+ DROP|-j ' && echo "ip filter $chain $chain"
    done
fi
true
"""


def questions(
    config: Config, role: str, *, read_only: bool
) -> dict[str, Question]:
    address = config.get("DEFAULT", "my_ip")
    return {
        "names": Question(_NAMES, (" ".join(_names(config)),), limit=25.0),
        # A longer file would be generated, and not name any node.
        "hosts": Question("head -c 200000 /etc/hosts && echo '#=read'"),
        "links": Question(_LINKS),
        "speeds": Question("grep -s . /sys/class/net/*/speed"),
        "firewall": Question(_FIREWALL),
        "ssh": ssh_facts.question(
            address if is_address(address) else "192.0.2.1"
        ),
    }


def _names(config: Config) -> tuple[str, ...]:
    """Return the names of this node that Nova passes to other nodes."""
    candidates = (
        config.get("DEFAULT", "host"),
        config.get("libvirt", "live_migration_inbound_addr"),
        config.get("libvirt", "migration_inbound_addr"),
    )
    return tuple(
        dict.fromkeys(
            word
            for word in candidates
            if routes.is_safe(word) and not is_address(word)
        )
    )


def read(output: CommandOutput) -> NodeNetwork:
    return NodeNetwork(
        hostname=fact(_hostname, output),
        names=fact(_resolved, output),
        canonical=fact(_canonical, output),
        hosts=fact(_hosts, output),
        addresses=fact(_addresses, output),
        interfaces=fact(_interfaces, output),
        primary=fact(_primary, output),
        speeds=fact(_speeds, output),
        firewall=fact(_firewall, output),
        ssh=fact(ssh_facts.read, output),
    )


def _hostname(output: CommandOutput) -> str:
    for line in output.lines("names"):
        if line.startswith("#hostname "):
            return line.removeprefix("#hostname ").strip()
    raise Unread("the node does not report its name")


def _lookups(output: CommandOutput) -> Iterator[tuple[str, list[str]]]:
    """Yield (name, words of a line of `getent ahosts`) or (name, [])."""
    name = ""
    for line in output.lines("names"):
        if line.startswith("#name "):
            name = line.removeprefix("#name ").strip()
            yield name, []
        elif name:
            yield name, line.split()


def _resolved(output: CommandOutput) -> dict[str, tuple[str, ...]]:
    addresses_by_name: dict[str, dict[str, None]] = {}
    statuses: dict[str, str] = {}
    for name, fields in _lookups(output):
        addresses = addresses_by_name.setdefault(name, {})
        if fields[:1] == ["#status"]:
            statuses[name] = fields[-1]
        elif fields and is_address(fields[0]):
            addresses[fields[0]] = None
    if not addresses_by_name:
        raise Unread("the node resolved no names")
    for name in addresses_by_name:
        # 2 means not found; the others are from timeout(1).
        if statuses.get(name) not in ("0", "2", "124", "137"):
            raise Unread(f"getent(1) could not resolve {name[:80]}")
    return {
        name: tuple(addresses) for name, addresses in addresses_by_name.items()
    }


def _canonical(output: CommandOutput) -> dict[str, str]:
    canonical_names: dict[str, str] = {}
    for name, fields in _lookups(output):
        # Only the first line has it: '10.77.0.13 STREAM HostC'.
        if len(fields) > 2:
            canonical_names.setdefault(name, fields[2])
    return canonical_names


def _hosts(output: CommandOutput) -> tuple[tuple[str, tuple[str, ...]], ...]:
    rows = []
    lines = output.lines("hosts")
    if lines[-1:] != ["#=read"]:
        raise Unread("network.hosts: the answer is incomplete")
    for line in lines:
        fields = line.partition("#")[0].split()
        if len(fields) > 1 and is_address(fields[0]):
            rows.append((fields[0], tuple(fields[1:])))
    if not rows:
        raise Unread("/etc/hosts contains no addresses")
    return tuple(rows)


_SPEED = re.compile(r"(?m)^/sys/class/net/([^/:\s]{1,64})/speed:([0-9]{1,8})$")


def _speeds(output: CommandOutput) -> dict[str, int]:
    # 2: interfaces that are down cannot be read; -1 means unknown.
    matches = _SPEED.findall(output.out("speeds", 1, 2))
    return {name: int(speed) for name, speed in matches if int(speed)}


_IP = re.compile(r"\d+: \S")
_LINK = re.compile(r"\d+: ([^ :@]{1,64})(?:@[^ :]{1,64})?: <([A-Z0-9_,-]*)>")


def _links(output: CommandOutput) -> dict[str, list[str]]:
    """:raises Unread: a part is missing, or a line is not one of ip(8)."""
    parts = output.parts("links")
    if list(parts) != ["", "addresses", "primary"]:
        raise Unread("network.links: the answer is incomplete")
    for line in (*parts[""], *parts["addresses"]):
        if not _IP.match(line):
            raise Unread(f"network.links: '{line[:60]}' is not a line of ip")
    return parts


def _interfaces(output: CommandOutput) -> dict[str, Interface]:
    interfaces = {}
    for line in _links(output)[""]:
        fields = line.split()
        if (match := _LINK.match(line)) and "mtu" in fields[:-1]:
            flags = match[2].split(",")
            interfaces[match[1]] = Interface(
                mtu=parse_int(fields[fields.index("mtu") + 1], "an MTU"),
                up="UP" in flags,
                carrier="LOWER_UP" in flags,
            )
    if not interfaces:
        raise Unread("the node does not report its interfaces")
    return interfaces


def _addresses(output: CommandOutput) -> tuple[Address, ...]:
    addresses = []
    for line in _links(output)["addresses"]:
        # '2: eth0    inet 10.77.0.13/24 scope global eth0'
        fields = line.split()
        if len(fields) > 3 and fields[2] in ("inet", "inet6"):
            # For a tunnel: '10.0.0.1 peer 10.0.0.2/32'.
            address, _, prefix = fields[3].partition("/")
            if is_address(address):
                bits = parse_int(prefix or "128", "a prefix")
                max_bits = 32 if fields[2] == "inet" else 128
                addresses.append(
                    Address(address, min(bits, max_bits), fields[1])
                )
    if not addresses:
        raise Unread("the node does not report its addresses")
    return tuple(addresses)


def _primary(output: CommandOutput) -> str:
    # '198.51.100.1 via 10.77.0.1 dev eth0 src 10.77.0.13 uid 0'
    for line in _links(output)["primary"]:
        fields = line.split()
        if "src" in fields[:-1]:
            address = fields[fields.index("src") + 1]
            return address if is_address(address) else ""
    return ""


def _firewall(output: CommandOutput) -> Firewall:
    parts = output.parts("firewall")
    manager = Manager.NONE
    if parts[""] == ["active"]:
        manager = Manager.FIREWALLD
    elif parts.get("ufw"):
        manager = Manager.UFW
    chains: dict[str, list[tuple[str, str, str]]] = {"input": [], "output": []}
    for line in parts.get("chains", ()):
        fields = line.split()
        if len(fields) == 4 and fields[3].lower() in chains:
            chains[fields[3].lower()].append((fields[0], fields[1], fields[2]))
    file = parts.get("file") or [""]
    return Firewall(
        manager, tuple(chains["input"]), tuple(chains["output"]), file[0]
    )
