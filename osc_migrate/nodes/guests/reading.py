"""Questions about servers, and parsing of the answers."""

import re
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Question
from osc_migrate.nodes.command_output import CommandOutput, fact, parse_int
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.guests import lost_files, processors, writing
from osc_migrate.nodes.guests.facts import Disk, Domain, GuestCpu, Guests

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# Maximum nesting of elements in the XML of a guest.
_DEEPEST = 100
# Maximum number of servers of one host that are examined.
MAX_SERVERS = 200
_VIRSH = "virsh -r -c qemu:///system"
# The PID file is written when QEMU starts, also for a migrated guest.
_EACH = (
    lost_files.SCRIPT
    + f"""
for uuid in SERVERS; do
    name=$({_VIRSH} domname "$uuid" 2>/dev/null) || continue
    [ -e "/run/libvirt/qemu/$name.pid" ] || continue
    printf '#guest %%s %%s\\n' "$uuid" \\
        "$(stat -c %%Y "/run/libvirt/qemu/$name.pid")"
    xml=$({_VIRSH} dumpxml "$uuid")
    lost_files "$(head -n 1 "/run/libvirt/qemu/$name.pid")" "$xml"
    printf '%%s\\n' "$xml"
done
"""
)
# The directory of QEMU's certificates for migrations (qemu.conf).
_CERTIFICATES = r"""
place=$(awk -F'"' '
    /^[ \t]*default_tls_x509_cert_dir/ {any = $2}
    /^[ \t]*migrate_tls_x509_cert_dir/ {own = $2}
    END {print own ? own : any ? any : "/etc/pki/qemu"}
    ' /etc/libvirt/qemu.conf 2>/dev/null)
[ ! -e "$place/ca-cert.pem" ] || stat -c %Y -- "$place/ca-cert.pem"
"""
# systemd mounts each controller of version 1 separately.
_CGROUP = """
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then echo 2
elif [ -e /sys/fs/cgroup/cpu ]; then echo 1
fi
"""


def questions(
    config: Config, servers: Sequence[str], *, read_only: bool = False
) -> dict[str, Question]:
    """Return the questions about these servers, by UUID.

    :param read_only: measure nothing, as QEMU would sample their memory.
    """
    server_ids = tuple(s for s in servers if re.fullmatch(_UUID, s))[
        :MAX_SERVERS
    ]
    if not server_ids:
        return {}
    placeholders = " ".join(["%s"] * len(server_ids))
    measured = {} if read_only else writing.question(server_ids)
    return measured | {
        "all": Question(f"{_VIRSH} list --all --uuid"),
        "active": Question(f"{_VIRSH} list --uuid"),
        "files": Question(
            "timeout -k 1 5 ls -1 -- %s", (config.instances_path,)
        ),
        "certificates": Question(_CERTIFICATES),
        "cgroup": Question(_CGROUP),
        "each": Question(
            _EACH.replace("SERVERS", placeholders), server_ids, limit=30
        ),
    }


def read(output: CommandOutput) -> Guests:
    if not output.was_asked("all"):
        raise Unread("no server was asked for")
    return Guests(
        domains=fact(lambda: frozenset(_uuids(output.out("all")))),
        active=fact(lambda: frozenset(_uuids(output.out("active")))),
        directories=fact(lambda: frozenset(_directories(output))),
        running=fact(lambda: _running(output)),
        certificates=fact(lambda: _certificates(output)),
        writing=fact(writing.read, output),
        processors=fact(processors.read, output),
        cgroup=fact(_cgroup, output),
    )


def _cgroup(output: CommandOutput) -> int:
    version = output.out("cgroup").strip()
    if version not in ("1", "2"):
        raise Unread("the version of its cgroups is not known")
    return int(version)


def _certificates(output: CommandOutput) -> int | None:
    text = output.out("certificates")
    return parse_int(text, "QEMU's certificates") if text else None


def _uuids(text: str) -> list[str]:
    return re.findall(rf"(?m)^{_UUID}$", text)


def _directories(output: CommandOutput) -> list[str]:
    return re.findall(rf"(?m)^{_UUID}(?:_resize)?$", output.out("files"))


def _running(output: CommandOutput) -> dict[str, Domain]:
    domains = {}
    parts = re.split(
        rf"(?m)^#guest ({_UUID}) ([0-9]{{0,20}})$", output.out("each", 1)
    )
    for uuid, started, text in zip(
        parts[1::3], parts[2::3], parts[3::3], strict=True
    ):
        head, _, body = text.partition("<")
        xml = f"<{body}"
        domains[uuid] = Domain(
            machine=fact(lambda xml=xml: _machine(_parse_xml(xml))),
            disks=fact(lambda xml=xml: _disks(_parse_xml(xml))),
            started=fact(parse_int, started, "the start of QEMU"),
            cpu=fact(lambda xml=xml: _cpu(_parse_xml(xml))),
            lost_files=fact(lost_files.read, head),
            mtus=fact(lambda xml=xml: _mtus(_parse_xml(xml))),
            cpu_shares=fact(lambda xml=xml: _cpu_shares(_parse_xml(xml))),
        )
    return domains


def _parse_xml(xml: str) -> ElementTree.Element:
    try:
        # No domain is nested that deeply, and serialization is recursive.
        parser: Any = ElementTree.XMLPullParser(("start", "end"))
        parser.feed(xml.strip())
        parser.close()
        depth = 0
        root: ElementTree.Element | None = None
        for event, element in parser.read_events():
            root = element if root is None else root
            depth += 1 if event == "start" else -1
            if depth > _DEEPEST:
                raise Unread("libvirt's description of it is too deep")
        if root is None:
            raise Unread("libvirt's description of it is empty")
        return root
    # A survey file may contain half of a surrogate pair, which UTF-8 lacks.
    except (ElementTree.ParseError, UnicodeError) as error:
        raise Unread(f"libvirt's description of it: {error}") from None


def _machine(domain: ElementTree.Element) -> str:
    type_element = domain.find("os/type")
    if type_element is None or not type_element.get("machine"):
        raise Unread("libvirt does not report its machine type")
    return str(type_element.get("machine"))


def _cpu(domain: ElementTree.Element) -> GuestCpu:
    kind = domain.find("os/type")
    cpu_element = domain.find("cpu")
    mode = ""
    if cpu_element is not None:
        mode = cpu_element.get("mode") or "custom"
        # These describe the guest, not CPU features.
        for name in ("topology", "numa", "cache", "maxphysaddr"):
            for part in cpu_element.findall(name):
                cpu_element.remove(part)
        cpu_element.tail = None
    return GuestCpu(
        mode=mode,
        virt=domain.get("type", ""),
        architecture="" if kind is None else kind.get("arch", ""),
        machine="" if kind is None else kind.get("machine", ""),
        xml=""
        if cpu_element is None
        else ElementTree.tostring(cpu_element, encoding="unicode"),
    )


def _disks(domain: ElementTree.Element) -> tuple[Disk, ...]:
    return tuple(
        Disk(
            type=disk.get("type", ""),
            device=disk.get("device", "disk"),
            source=_source(disk.find("source")),
            read_only=disk.find("readonly") is not None,
            serial=(disk.findtext("serial") or "").strip(),
        )
        for disk in domain.iterfind("devices/disk")
    )


def _mtus(domain: ElementTree.Element) -> dict[str, int]:
    mtus = {}
    for interface in domain.iterfind("devices/interface"):
        mac, mtu = interface.find("mac"), interface.find("mtu")
        if mac is not None and mtu is not None:
            address = mac.get("address", "").lower()
            mtus[address] = parse_int(
                mtu.get("size", ""), "the MTU of a guest"
            )
    return mtus


def _cpu_shares(domain: ElementTree.Element) -> int:
    text = domain.findtext("cputune/shares")
    return parse_int(text.strip(), "cpu shares of a guest") if text else 0


def _source(source: ElementTree.Element | None) -> str:
    if source is None:
        return ""
    for name in ("file", "dev", "name"):
        if value := source.get(name):
            return value
    return ""
