"""Whether libvirt serves the certificate in its file.

It reads the file at its start and on request: a certificate that was renewed
later is not in use.
"""

import dataclasses

from osc_migrate.checks.check import Check, Concern, Problem, Skip
from osc_migrate.checks.findings import Fix, Status
from osc_migrate.facts import Facts, Unread, fact
from osc_migrate.nodes.answers import Question
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.libvirt.transport import inbound, transport
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.node_check import LIVE, of_node
from osc_migrate.nodes.role import Role
from osc_migrate.nodes.tls import certificates, pki
from osc_migrate.nodes.tls.certificate_parsing import certificates as parsed
from osc_migrate.nodes.tls.facts import Certificate, Store
from osc_migrate.text import command

_FAMILY = pki.LIBVIRT
# These checks judge the file: its problems are reported only once.
_FILE_CHECKS = tuple(
    check
    for check in pki.NODE
    if check.id.startswith(("tls-server-", "tls-ca-"))
)


@dataclasses.dataclass(frozen=True, repr=False)
class Served(Facts):
    """libvirt's answer on its TLS port."""

    # None if no TLS server answers.
    certificate: Certificate | None


HEALTHY = {"port": "#end"}
# Needs no client certificate: the server sends its own first.
_SHOW_SERVED = r"""
port=%s
for host in %s 127.0.0.1; do
    case $host in *:*) host="[$host]" ;; esac
    if command -v openssl >/dev/null; then
        timeout -k 1 4 openssl s_client -connect "$host:$port" </dev/null
    elif command -v gnutls-cli >/dev/null; then
        timeout -k 1 4 gnutls-cli --insecure --print-cert -p "$port" \
            "$host" </dev/null
    else
        echo '#tool'
    fi 2>/dev/null | awk '
        /^-----BEGIN CERTIFICATE-----/ {on = 1; found = 1}
        on || /^#tool/ {print}
        /^-----END/ {if (on) exit}
        END {exit !found}' && break
done
echo '#end'
"""


def questions(
    config: Config, role: str, *, read_only: bool
) -> dict[str, Question]:
    if role is Role.STORAGE:
        return {}
    try:
        target = transport(config)
    except Skip:
        return {}
    if target.scheme != "tls":
        return {}
    address = config.get("libvirt", "live_migration_inbound_addr")
    host = address or config.get("DEFAULT", "host") or "localhost"
    return {"port": Question(_SHOW_SERVED, (str(target.port), host))}


def read(output: CommandOutput) -> Served:
    return Served(certificate=fact(_certificate, output))


def _certificate(output: CommandOutput) -> Certificate | None:
    lines = output.lines("port")
    if lines[-1:] != ["#end"]:
        raise Unread("what libvirt serves: the answer is incomplete")
    if "#tool" in lines:
        raise Unread(
            "what libvirt serves cannot be asked: the node has neither"
            " openssl nor gnutls-cli"
        )
    if len(lines) == 1:
        return None
    shown = parsed(lines)
    if not shown:
        raise Unread("what libvirt serves is not a certificate")
    return shown[0]


@of_node(LIVE)
def libvirt_serves_its_certificate(node: NodeFacts) -> str:
    """libvirt serves the certificate that is in its file.

    The daemon keeps the one that it has read: 'virt-admin server-update-tls'
    reads the files again (libvirt, virt-admin(1)).
    """
    _FAMILY.require_used(node)
    if any(c.run(node).status >= Status.WARN for c in _FILE_CHECKS):
        raise Skip("see the checks of its file")
    store = _FAMILY.store(node)
    served = node.small(Served).certificate
    if served is None:
        raise Skip("no TLS server answers: see the checks of its port")
    file = store.server
    if served.der == file.leaf.der:
        return f"until {served.ends:%Y-%m-%d}, as {file.path}"
    port = transport(config_of(node)).port
    detail = f"port {port} serves another certificate than {file.path}"
    if reason := _refused(node, store, served):
        raise Problem(f"{detail}, which {reason}", *_reread(node))
    raise Concern(
        f"{detail}: one until {served.ends:%Y-%m-%d}, the file until"
        f" {file.leaf.ends:%Y-%m-%d}",
        *_reread(node),
    )


def _refused(node: NodeFacts, store: Store, served: Certificate) -> str:
    """Return why other nodes reject it, or ''."""
    now = node.tls.now
    if served.ends <= now:
        return f"expired on {served.ends:%Y-%m-%d}"
    if served.begins > now:
        return f"begins on {served.begins:%Y-%m-%d %H:%M}"
    if not certificates.issuer(served, store.ca):
        return f"the CA in {store.ca.path} has not signed"
    address = inbound(node)
    if transport(config_of(node)).verify and not certificates.names(
        served, address
    ):
        return f"is not for {address}"
    return ""


def _reread(node: NodeFacts) -> tuple[str, Fix] | tuple[str]:
    """Return a fix without a restart, which keeps connections."""
    daemon = node.libvirt.front
    admin = command("virt-admin", "-c", f"{daemon}:///system")
    reread = f"{admin} {command('server-update-tls', daemon)}"
    restart = command("systemctl", "restart", daemon)
    if node.libvirt.contained:
        return (
            f"in the container that runs {daemon} on {node.name}: virt-admin"
            f" -c {daemon}:///system server-update-tls {daemon}; or restart"
            " the container",
        )
    return "", Fix(node.name, (f"{reread} || {restart}",))


NODE: tuple[Check, ...] = (libvirt_serves_its_certificate,)
