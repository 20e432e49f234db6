"""A node's addresses, names and firewall: what to ask, and how to read it."""

import re
from collections.abc import Iterator

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Question
from osc_migrate.nodes.command_output import CommandOutput, fact, whole
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.network import routes, ssh_facts
from osc_migrate.nodes.network.facts import (
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
    printf '#status %%s\n' $?
done
true
"""
_LINKS = """
ip -o link show && echo '#addresses' && ip -o addr show && echo '#primary' &&
{ ip -o route get 198.51.100.1 2>/dev/null || :; }
"""
# Of all rules only the chains leave the node that may stop a packet on its
# way in or out: by their policy, a rule, or what they jump to. Those that
# libvirt jumps to let its own networks in. ufw's unit is active even where
# ufw is off.
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
        # A longer one would be generated, and name no node.
        "hosts": Question("head -c 200000 /etc/hosts && echo '#=read'"),
        "links": Question(_LINKS),
        "speeds": Question("grep -s . /sys/class/net/*/speed"),
        "firewall": Question(_FIREWALL),
        "ssh": ssh_facts.question(
            address if is_address(address) else "192.0.2.1"
        ),
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
            if routes.is_safe(word) and not is_address(word)
        )
    )


def read(said: CommandOutput) -> Network:
    return Network(
        hostname=fact(_hostname, said),
        names=fact(_resolved, said),
        canonical=fact(_canonical, said),
        hosts=fact(_hosts, said),
        addresses=fact(_addresses, said),
        interfaces=fact(_interfaces, said),
        primary=fact(_primary, said),
        speeds=fact(_speeds, said),
        firewall=fact(_firewall, said),
        ssh=fact(ssh_facts.read, said),
    )


def _hostname(said: CommandOutput) -> str:
    for line in said.lines("names"):
        if line.startswith("#hostname "):
            return line.removeprefix("#hostname ").strip()
    raise Unread("the node does not say its own name")


def _lookups(said: CommandOutput) -> Iterator[tuple[str, list[str]]]:
    """(name, words of a line of `getent ahosts`); also (name, [])."""
    name = ""
    for line in said.lines("names"):
        if line.startswith("#name "):
            name = line.removeprefix("#name ").strip()
            yield name, []
        elif name:
            yield name, line.split()


def _resolved(said: CommandOutput) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    statuses: dict[str, str] = {}
    for name, words in _lookups(said):
        seen = found.setdefault(name, {})
        if words[:1] == ["#status"]:
            statuses[name] = words[-1]
        elif words and is_address(words[0]):
            seen[words[0]] = None
    if not found:
        raise Unread("the node resolved no names")
    for name in found:
        # 2: not found; others are those of timeout(1).
        if statuses.get(name) not in ("0", "2", "124", "137"):
            raise Unread(f"getent(1) could not resolve {name[:80]}")
    return {name: tuple(seen) for name, seen in found.items()}


def _canonical(said: CommandOutput) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, words in _lookups(said):
        # The first line alone has it: '10.77.0.13 STREAM HostC'.
        if len(words) > 2:
            found.setdefault(name, words[2])
    return found


def _hosts(said: CommandOutput) -> tuple[tuple[str, tuple[str, ...]], ...]:
    rows = []
    lines = said.lines("hosts")
    if lines[-1:] != ["#=read"]:
        raise Unread("network.hosts: the answer is incomplete")
    for line in lines:
        words = line.partition("#")[0].split()
        if len(words) > 1 and is_address(words[0]):
            rows.append((words[0], tuple(words[1:])))
    if not rows:
        raise Unread("/etc/hosts contains no addresses")
    return tuple(rows)


_SPEED = re.compile(r"(?m)^/sys/class/net/([^/:\s]{1,64})/speed:([0-9]{1,8})$")


def _speeds(said: CommandOutput) -> dict[str, int]:
    # 2: those that are down refuse to be read; -1 is 'not known'.
    found = _SPEED.findall(said.out("speeds", 1, 2))
    return {name: int(speed) for name, speed in found if int(speed)}


_LINK = re.compile(r"\d+: ([^ :@]{1,64})(?:@[^ :]{1,64})?: <([A-Z0-9_,-]*)>")


def _interfaces(said: CommandOutput) -> dict[str, Interface]:
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


def _addresses(said: CommandOutput) -> tuple[Address, ...]:
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


def _primary(said: CommandOutput) -> str:
    # '198.51.100.1 via 10.77.0.1 dev eth0 src 10.77.0.13 uid 0'
    for line in said.parts("links").get("primary", ()):
        words = line.split()
        if "src" in words[:-1]:
            address = words[words.index("src") + 1]
            return address if is_address(address) else ""
    return ""


def _firewall(said: CommandOutput) -> Firewall:
    parts = said.parts("firewall")
    manager = Manager.NONE
    if parts[""] == ["active"]:
        manager = Manager.FIREWALLD
    elif parts.get("ufw"):
        manager = Manager.UFW
    chains: dict[str, list[tuple[str, str, str]]] = {"input": [], "output": []}
    for line in parts.get("chains", ()):
        words = line.split()
        if len(words) == 4 and words[3].lower() in chains:
            chains[words[3].lower()].append((words[0], words[1], words[2]))
    file = parts.get("file") or [""]
    return Firewall(
        manager, tuple(chains["input"]), tuple(chains["output"]), file[0]
    )
