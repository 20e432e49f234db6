"""Checks of TLS: settings in nova.conf, and trust between two hosts.

Checks of the certificates of one node are in pki.py. Only certificates in use,
according to nova.conf, are judged.
"""

from osc_migrate.checks.check import Check, Concern, Problem, Skip
from osc_migrate.nodes.config.nova_conf import Set, config_of, with_fix
from osc_migrate.nodes.libvirt.transport import native_tls, transport
from osc_migrate.nodes.node import NodeFacts, PairFacts
from osc_migrate.nodes.node_check import LIVE, of_node, of_pair
from osc_migrate.nodes.tls import certificates, pki
from osc_migrate.nodes.tls.pki import LIBVIRT, QEMU, Family


def _is_sound(node: NodeFacts, family: Family) -> bool:
    """Return whether both certificates exist and are signed by its CA.

    Otherwise checks of the single node report the problem.
    """
    store = family.store(node)
    return all(
        file.certificates and certificates.issuer(file.leaf, ca)
        for file, ca in (
            (store.server, store.ca),
            (store.client, store.client_ca),
        )
    )


@of_pair(LIVE)
def hosts_trust_each_other(pair: PairFacts) -> str:
    """The CA of each host has signed the certificate of the other.

    'Failed to verify peer's certificate' otherwise.
    """
    source, destination = pair.source, pair.destination
    looked = []
    for family in (LIBVIRT, QEMU):
        try:
            family.require_used(source)
        except Skip:
            continue
        source_store, destination_store = (
            family.store(source),
            family.store(destination),
        )
        if not _is_sound(source, family) or not _is_sound(destination, family):
            continue
        looked.append(family.name)
        rows = [
            (
                destination,
                destination_store.server,
                source,
                source_store.client_ca,
            )
        ]
        if family.mutual(destination):
            rows.append(
                (
                    source,
                    source_store.client,
                    destination,
                    destination_store.ca,
                )
            )
        for owner, file, judge, ca in rows:
            if certificates.issuer(file.leaf, ca):
                continue
            raise Problem(
                f"{family.name}: {judge.name} does not trust the certificate"
                f" of {owner.name}, signed by"
                f" '{_issuer(owner, family)}'",
                f"sign the certificates of both by one CA; or append"
                f" {family.store(owner).ca.path} of {owner.name} to"
                f" {ca.path} of {judge.name}, and restart"
                f" {judge.libvirt.front} there",
            )
    if not looked:
        raise Skip("Nova uses no TLS, or a check of one node reports more")
    return " and ".join(looked)


def _issuer(node: NodeFacts, family: Family) -> str:
    store = family.store(node)
    by = certificates.issuer(store.server.leaf, store.ca)
    return by.common_name if by else "?"


@of_pair(LIVE)
def destination_lets_the_source_in(pair: PairFacts) -> str:
    """The source's certificate is one of tls_allowed_dn_list.

    libvirt on the destination refuses others: 'Client's Distinguished Name
    is not on the list of allowed clients' (virnettlscontext.c).
    """
    LIBVIRT.require_used(pair.source)
    source, destination = pair.source, pair.destination
    file = source.tls.libvirt.client
    remote = destination.libvirt.remote
    if "tls_allowed_dn_list" not in remote or not file.certificates:
        raise Skip("no such list, or no certificate")
    patterns = remote["tls_allowed_dn_list"].splitlines()
    subject = file.leaf.subject
    if certificates.allows(patterns, file.leaf):
        return subject
    raise Problem(
        f"tls_allowed_dn_list on {destination.name} has no '{subject}'",
        f"add it there in {destination.libvirt.remote_file}, as 'certtool"
        f" --certificate-info --infile {file.path}' on {source.name} writes"
        f" its Subject; then systemctl restart {destination.libvirt.front}",
    )


@of_node(LIVE)
def native_tls_needs_scheme_tls(node: NodeFacts) -> str:
    """Where QEMU is to encrypt, libvirt is reached by TLS, too.

    The guest goes in plain text otherwise, without a word (Nova's
    secure-live-migration-with-qemu-native-tls).
    """
    if not native_tls(config_of(node)):
        raise Skip("live_migration_with_native_tls is off")
    if config_of(node).flag("libvirt", "live_migration_tunnelled"):
        raise Skip("reported by tunnelled-and-native-tls-exclude")
    scheme = transport(config_of(node)).scheme
    if scheme == "tls":
        return "it is"
    raise with_fix(
        Concern,
        node,
        "live_migration_with_native_tls is on, and libvirt is reached by"
        f" {scheme}",
        Set("libvirt", "live_migration_scheme", "tls"),
    )


@of_node()
def tunnelled_and_native_tls_exclude(node: NodeFacts) -> str:
    """nova.conf does not ask for both tunnelled and native TLS.

    nova-compute does not start so (nova/virt/libvirt/driver.py, init_host).
    """
    tunnelled = config_of(node).flag("libvirt", "live_migration_tunnelled")
    if not tunnelled or not native_tls(config_of(node)):
        return "it does not"
    raise with_fix(
        Problem,
        node,
        "live_migration_tunnelled and live_migration_with_native_tls are both"
        " on",
        Set("libvirt", "live_migration_tunnelled", "false"),
    )


@of_node(LIVE)
def qemu_forces_no_tls(node: NodeFacts) -> str:
    """libvirt takes migrations without native TLS, where Nova does none.

    'this libvirtd instance allows migration only with VIR_MIGRATE_TLS flag'
    (qemu_migration.c).
    """
    forced = node.libvirt.qemu.get("migrate_tls_force", "0")
    if forced == "0" or native_tls(config_of(node)):
        return f"migrate_tls_force is {forced}"
    if config_of(node).flag("libvirt", "live_migration_tunnelled"):
        return "tunnelled ones are not affected"
    raise Problem(
        f"migrate_tls_force is {forced}, and live_migration_with_native_tls"
        " is off",
        "on all nodes: [libvirt]live_migration_with_native_tls = true and"
        " live_migration_scheme = tls in nova.conf; or migrate_tls_force = 0"
        f" in {node.libvirt.qemu_file}, then systemctl restart"
        f" {node.libvirt.daemon}",
    )


NODE: tuple[Check, ...] = (
    native_tls_needs_scheme_tls,
    tunnelled_and_native_tls_exclude,
    qemu_forces_no_tls,
    *pki.NODE,
)
STORAGE: tuple[Check, ...] = ()
PAIR: tuple[Check, ...] = (
    hosts_trust_each_other,
    destination_lets_the_source_in,
)
CLUSTER: tuple[Check, ...] = ()
