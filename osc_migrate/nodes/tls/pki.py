"""Checks of the files of one node: those of libvirt and those of QEMU are
judged links."""

import dataclasses
from collections.abc import Callable

from osc_migrate.checks.check import Check, Concern, Problem, Skip
from osc_migrate.checks.findings import Fix
from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.libvirt.transport import inbound, native_tls, transport
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.node_check import LIVE, of_node
from osc_migrate.nodes.tls import certificates
from osc_migrate.nodes.tls.facts import (
    Certificate,
    CertificateFile,
    KeyFile,
    Store,
)
from osc_migrate.text import command, listed

# Up to these versions, elliptic curve keys are always refused; afterwards, it
# depends on the version.
STRICT_LIBVIRT = (10, 6, 0)
STRICT_QEMU = (9, 0, 0)


@dataclasses.dataclass(frozen=True)
class Family:
    """The certificates of libvirt, or of QEMU."""

    prefix: str
    name: str
    # Its certificates, and whether they are used.
    store: Callable[[NodeFacts], Store]
    require_used: Callable[[NodeFacts], None]
    # Whether the server verifies client certificates.
    mutual: Callable[[NodeFacts], bool]


def _require_libvirt_tls(node: NodeFacts) -> None:
    scheme = transport(config_of(node)).scheme
    if scheme != "tls":
        raise Skip(f"Nova reaches libvirt by {scheme}")


def _require_qemu_tls(node: NodeFacts) -> None:
    if not native_tls(config_of(node)):
        raise Skip("live_migration_with_native_tls is off")


def _qemu_mutual(node: NodeFacts) -> bool:
    default = node.libvirt.qemu.get("default_tls_x509_verify", "1")
    return node.libvirt.qemu.get("migrate_tls_x509_verify", default) != "0"


LIBVIRT = Family(
    "tls",
    "libvirt",
    lambda node: node.tls.libvirt,
    _require_libvirt_tls,
    lambda node: (
        node.libvirt.remote.get("tls_no_verify_certificate", "0") == "0"
        and not transport(config_of(node)).own_client_files
    ),
)
QEMU = Family(
    "qemu-tls",
    "QEMU",
    lambda node: node.tls.qemu,
    _require_qemu_tls,
    _qemu_mutual,
)


@dataclasses.dataclass(frozen=True)
class Leaf:
    """The server or the client certificate of a family."""

    family: Family
    # 'server' or 'client'.
    purpose: str

    def store(self, node: NodeFacts) -> Store:
        """
        :raises Skip: it is not used.
        """
        self.family.require_used(node)
        if self.purpose == "client" and not self.family.mutual(node):
            raise Skip("it is not used (no verify on servers, or pkipath)")
        return self.family.store(node)

    def file(self, store: Store) -> CertificateFile:
        return store.server if self.purpose == "server" else store.client

    def key(self, store: Store) -> KeyFile:
        if self.purpose == "server":
            return store.server_key
        return store.client_key

    def ca(self, store: Store) -> CertificateFile:
        return store.ca if self.purpose == "server" else store.client_ca

    def existing(self, node: NodeFacts) -> tuple[Store, CertificateFile]:
        """
        :raises Skip: there is none, as another check says; or it is the
            server's, whose checks say the same.
        """
        store = self.store(node)
        file = self.file(store)
        if not file.certificates:
            raise Skip(f"no {self.purpose} certificate to check")
        if self.purpose == "client" and store.server.certificates[:1] == (
            file.leaf,
        ):
            raise Skip("it is the server's, too, and judged there")
        return store, file

    def renew(self, node: NodeFacts) -> str:
        """How an operator makes a new one, in words: the CA's key is where
        no script should be."""
        store = self.family.store(node)
        address = inbound(node)
        kind = "ip_address" if _is_address(address) else "dns_name"
        template = (
            f"cn = {node.name}\\n{kind} = {address}\\ntls_www_server\\n"
            "tls_www_client\\nencryption_key\\nsigning_key\\n"
            "expiration_days = 1095\\n"
        )
        commands = (
            f"printf {command(template)} >new.info; certtool"
            " --generate-privkey --rsa --bits 3072 --outfile new-key.pem;"
            " certtool --generate-certificate --template new.info"
            " --load-privkey new-key.pem --load-ca-certificate cacert.pem"
            " --load-ca-privkey cakey.pem --outfile new.pem"
        )
        return (
            f"where the key of the CA is: {commands}; put them to"
            f" {self.file(store).path} and {self.key(store).path} on"
            f" {node.name}{self.reload(node)}"
        )

    def reload(self, node: NodeFacts) -> str:
        if self.family is QEMU:
            return "; servers use them from their next start"
        return f", then systemctl restart {node.libvirt.front} there"


def _is_address(text: str) -> bool:
    return ":" in text or text.replace(".", "").isdigit()


def _ca_is_there(end: Leaf, node: NodeFacts) -> str:
    store = end.store(node)
    for file in dict.fromkeys((store.ca, store.client_ca)):
        if not file.exists:
            problem = "does not exist"
        elif not any(
            certificate.authority for certificate in file.certificates
        ):
            problem = "holds no certificate of a CA"
        else:
            continue
        path = file.path
        raise Problem(
            f"{path} {problem}",
            f"copy that of another node there, root:root 0644: scp"
            f" NODE:{path} {node.name}:{path}{end.reload(node)}",
        )
    return store.ca.path


def _is_there(end: Leaf, node: NodeFacts) -> str:
    store = end.store(node)
    file = end.file(store)
    if not file.exists:
        raise Problem(f"{file.path} does not exist", end.renew(node))
    if not file.certificates:
        raise Problem(f"{file.path} is not a certificate", end.renew(node))
    return file.path


def _out_of_date(certificate: Certificate, node: NodeFacts) -> str:
    if certificate.ends <= node.tls.now:
        return f"expired on {certificate.ends:%Y-%m-%d}"
    if certificate.begins > node.tls.now:
        return f"begins on {certificate.begins:%Y-%m-%d %H:%M}"
    return ""


def _ca_is_in_date(end: Leaf, node: NodeFacts) -> str:
    store = end.store(node)
    for file in dict.fromkeys((store.ca, store.client_ca)):
        for certificate in file.certificates[: certificates.FIRST]:
            if reason := _out_of_date(certificate, node):
                raise Problem(
                    f"'{certificate.common_name}' in {file.path} {reason}",
                    "renew the CA's certificate with its old key, or take it"
                    f" out of {file.path} when others replace it"
                    f"{end.reload(node)}",
                )
            if certificate.ends - node.tls.now < certificates.SOON:
                raise Concern(
                    f"'{certificate.common_name}' in {file.path} ends on"
                    f" {certificate.ends:%Y-%m-%d}",
                    "renew the CA's certificate with its old key, and copy it"
                    f" to {file.path} of all nodes{end.reload(node)}",
                )
    if not store.ca.certificates:
        raise Skip("there is none")
    return f"until {min(c.ends for c in store.ca.certificates):%Y-%m-%d}"


def _is_in_date(end: Leaf, node: NodeFacts) -> str:
    _, file = end.existing(node)
    if reason := _out_of_date(file.leaf, node):
        raise Problem(f"it {reason}", end.renew(node))
    validity = f"until {file.leaf.ends:%Y-%m-%d}"
    if file.leaf.ends - node.tls.now < certificates.SOON:
        raise Concern(f"it ends soon: {validity}", end.renew(node))
    return validity


def _is_fit(end: Leaf, node: NodeFacts) -> str:
    _, file = end.existing(node)
    libvirt = node.libvirt
    if libvirt.trouble:
        strict = False
    elif end.family is LIBVIRT:
        strict = libvirt.version < STRICT_LIBVIRT
    else:
        strict = libvirt.qemu_version < STRICT_QEMU
    try:
        certificates.fit(file.leaf, end.purpose, strict)
    except certificates.Unfit as unfit:
        kind = Problem if unfit.fatal else Concern
        raise kind(f"{file.path}: {unfit}", end.renew(node)) from None
    return f"as a {end.purpose}"


def _names_the_node(end: Leaf, node: NodeFacts) -> str:
    _, file = end.existing(node)
    if end.family is LIBVIRT and not transport(config_of(node)).verify:
        raise Skip("live_migration_uri says no_verify=1")
    address = inbound(node)
    certificate = file.leaf
    known = [*certificate.names, *certificate.addresses] or [
        certificate.common_name
    ]
    if certificates.names(certificate, address):
        return address
    raise Problem(
        f"it is for {listed(known, 6)}, and the others connect to {address}",
        end.renew(node),
    )


def _is_signed(end: Leaf, node: NodeFacts) -> str:
    store, file = end.existing(node)
    ca = end.ca(store)
    if not ca.certificates:
        raise Skip("no CA certificate to compare it with")
    if by := certificates.issuer(file.leaf, ca):
        return f"by '{by.common_name}'"
    raise Problem(
        f"{file.path} is not signed by the CA in {ca.path}", end.renew(node)
    )


def _key_fits(end: Leaf, node: NodeFacts) -> str:
    store = end.store(node)
    file, key = end.file(store), end.key(store)
    if not key.exists:
        raise Problem(f"{key.path} does not exist", end.renew(node))
    if not key.public:
        raise Problem(
            f"{key.path} is not a private key, or has a password",
            end.renew(node),
        )
    if not file.certificates:
        raise Skip("no certificate to compare it with")
    if key.public == file.leaf.public:
        return key.path
    raise Problem(
        f"{key.path} is the key of another certificate than {file.path}",
        end.renew(node),
    )


def _is_private(end: Leaf, node: NodeFacts) -> str:
    store = end.store(node)
    keys = [store.server_key, store.client_key]
    loose = [key for key in keys if key.exists and key.mode & 0o027]
    if not loose:
        return "to root and a group"
    raise Concern(
        ", ".join(f"{key.path} has mode {key.mode:04o}" for key in loose),
        "",
        Fix(
            node.name,
            tuple(command("chmod", "u=rw,g-wx,o=", k.path) for k in loose),
        ),
    )


def _is_readable(end: Leaf, node: NodeFacts) -> str:
    """Judge whether QEMU, unlike libvirt a separate user, can read it."""
    store, account = end.store(node), node.tls.account
    directory = node.tls.directory
    path, group = directory.path, str(account.gids[0])
    lines = []
    if directory.exists and not account.reads(
        directory.mode, directory.uid, directory.gid, 1
    ):
        lines.append(command("chmod", "a+rx", path))
    keys = [store.server_key, store.client_key]
    for key in keys:
        if key.exists and not account.reads(key.mode, key.uid, key.gid):
            lines += [
                command("chgrp", group, key.path),
                command("chmod", "g+r", key.path),
            ]
    if not lines:
        return f"to {account.name}"
    raise Problem(
        f"QEMU, which runs as {account.name}, may not read {path} or keys in"
        " it",
        "",
        Fix(node.name, tuple(lines)),
    )


def _check(
    end: Leaf, suffix: str, title: str, judge: Callable[[Leaf, NodeFacts], str]
) -> Check:
    def judged(node: NodeFacts) -> str:
        return judge(end, node)

    judged.__name__ = f"{end.family.prefix}-{suffix}"
    judged.__doc__ = title
    return of_node(LIVE)(judged)


def _checks_of(family: Family) -> tuple[Check, ...]:
    """Return all checks of the files of libvirt, or of QEMU."""
    name = family.name
    server, client = Leaf(family, "server"), Leaf(family, "client")
    checks = [
        _check(
            server,
            "ca-is-there",
            f"{name} has the certificate of a CA",
            _ca_is_there,
        ),
        _check(
            server,
            "ca-is-in-date",
            f"The certificate of {name}'s CA is in date",
            _ca_is_in_date,
        ),
        _check(
            server,
            "server-certificate-names-the-node",
            f"{name}'s server certificate is for what others connect to",
            _names_the_node,
        ),
        _check(
            server,
            "keys-are-private",
            f"{name}'s private keys are for root and a group only",
            _is_private,
        ),
    ]
    for end in (server, client):
        subject = f"{name}'s {end.purpose} certificate"
        for suffix, title, judge in (
            ("certificate-is-there", f"{subject} is there", _is_there),
            ("certificate-is-in-date", f"{subject} is in date", _is_in_date),
            ("certificate-is-fit", f"{subject} may be used as one", _is_fit),
            (
                "certificate-is-signed",
                f"{subject} is signed by the CA that it has",
                _is_signed,
            ),
            ("key-fits", f"The key of {subject} is there and fits", _key_fits),
        ):
            checks.append(_check(end, f"{end.purpose}-{suffix}", title, judge))
    return tuple(checks)


NODE: tuple[Check, ...] = (
    *_checks_of(LIBVIRT),
    *_checks_of(QEMU),
    _check(
        Leaf(QEMU, "server"),
        "files-are-readable",
        "QEMU may read its keys",
        _is_readable,
    ),
)
