"""Checks of the certificates and keys of a node."""

import dataclasses

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.tls import certificates
from osc_migrate.nodes.tls.facts import KeyFile, QemuUser
from osc_migrate.tests.unit.nodes.proof import (
    FAIL,
    PASS,
    SKIP,
    UNKNOWN,
    WARN,
    Case,
    findings,
    prove,
)
from osc_migrate.tests.unit.nodes.shapes.tls import (
    CLIENT,
    SERVER,
    authority,
    file,
    healthy,
    missing,
    pem,
    public,
    store,
)
from osc_migrate.tests.unit.nodes.tls.certified import PLACE, PLAIN, c, of


def server(*args, **how):
    return of(server=file(PLACE, pem(*args or ("HostC",), **how)))


def client(**how):
    how.setdefault("purposes", (CLIENT,))
    return of(client=file("/client.pem", pem("HostC", **how)))


def _qemu(changes):
    nodes = c()
    nodes[1] = nodes[1].but(
        tls=healthy("HostC", qemu=store("HostC", "qemu", **changes))
    )
    return nodes


LOOSE = KeyFile(
    "/etc/pki/libvirt/private/serverkey.pem",
    True,
    0o644,
    0,
    0,
    public("HostC"),
)
CLOSED = KeyFile(
    "/etc/pki/qemu/server-key.pem", True, 0o600, 0, 0, public("HostC")
)


CASES = [
    Case("tls-ca-is-there", c(PLAIN), SKIP, "reaches libvirt by tcp"),
    Case("tls-ca-is-there", c(), PASS, "/etc/pki/CA/cacert.pem"),
    Case(
        "tls-ca-is-there",
        of(ca=missing("/etc/pki/CA/cacert.pem")),
        FAIL,
        "does not exist",
        "scp NODE:/etc/pki/CA/cacert.pem",
    ),
    Case(
        "tls-ca-is-in-date",
        of(ca=file("/ca.pem", authority(), authority("old", days=(-9, -1)))),
        FAIL,
        "'old' in /ca.pem expired on 2026-07-31",
    ),
    Case(
        "tls-ca-is-in-date",
        of(ca=file("/ca.pem", authority(days=(-9, 9)))),
        WARN,
        "ends on 2026-08-10",
    ),
    Case("tls-server-certificate-is-there", c(), PASS),
    Case(
        "tls-server-certificate-is-there",
        of(server=missing(PLACE)),
        FAIL,
        "does not exist",
        "certtool --generate-certificate",
    ),
    Case(
        "tls-server-certificate-is-there",
        of(server=file(PLACE, "nonsense")),
        FAIL,
        "is not a certificate",
    ),
    Case("tls-server-certificate-is-in-date", c(), PASS, "until 2029-01-17"),
    Case(
        "tls-server-certificate-is-in-date",
        server(days=(-9, -1)),
        FAIL,
        "expired on 2026-07-31",
        "systemctl restart libvirtd",
    ),
    Case(
        "tls-server-certificate-is-in-date",
        server(days=(1, 9)),
        FAIL,
        "begins on 2026-08-02",
    ),
    Case(
        "tls-server-certificate-is-in-date",
        server(days=(-9, 9)),
        WARN,
        "ends soon",
    ),
    Case("tls-server-certificate-is-fit", c(), PASS),
    Case(
        "tls-server-certificate-is-fit",
        server(usage=(True, False)),
        FAIL,
        "key encipherment (EC key)",
    ),
    Case(
        "tls-server-certificate-is-fit",
        server(usage=(False, True)),
        FAIL,
        "digital signature",
    ),
    Case(
        "tls-server-certificate-is-fit",
        server(purposes=(CLIENT,)),
        WARN,
        "purpose is client, not server",
    ),
    Case(
        "tls-server-certificate-is-fit",
        server(purposes=(CLIENT,), critical=True),
        FAIL,
        "purpose is client, not server",
    ),
    Case("tls-server-certificate-names-the-node", c(), PASS, "10.77.0.1"),
    Case(
        "tls-server-certificate-names-the-node",
        server("HostC", ("HostC", "10.1.1.1")),
        FAIL,
        "it is for HostC, 10.1.1.1, and the others connect to 10.77.0.13",
        "ip_address = 10.77.0.13",
    ),
    Case("tls-server-certificate-is-signed", c(), PASS, "'CA'"),
    Case(
        "tls-server-certificate-is-signed",
        server(ca="other CA"),
        FAIL,
        "not signed by the CA in /etc/pki/CA/cacert.pem",
    ),
    Case("tls-server-key-fits", c(), PASS),
    Case(
        "tls-server-key-fits",
        of(server_key=dataclasses.replace(LOOSE, exists=False, mode=0)),
        FAIL,
        "does not exist",
    ),
    Case(
        "tls-server-key-fits",
        of(
            server_key=dataclasses.replace(
                LOOSE, mode=0o600, public=public("HostB")
            )
        ),
        FAIL,
        "the key of another certificate",
    ),
    Case(
        "tls-server-key-fits",
        of(server_key=dataclasses.replace(LOOSE, mode=0o600, public=b"")),
        FAIL,
        "not a private key, or has a password",
    ),
    Case(
        "tls-keys-are-private",
        of(server_key=LOOSE),
        WARN,
        "serverkey.pem has mode 0644",
        "chmod u=rw,g-wx,o= /etc/pki/libvirt/private/serverkey.pem",
    ),
    Case("tls-keys-are-private", c(), PASS),
    Case(
        "tls-client-certificate-is-there",
        of(client=missing("/c.pem")),
        FAIL,
        "/c.pem does not exist",
    ),
    Case(
        "tls-client-certificate-is-there",
        c(remote={"tls_no_verify_certificate": "1"}),
        SKIP,
        "no verify",
    ),
    Case(
        "tls-client-certificate-is-in-date",
        client(days=(-9, -1)),
        FAIL,
        "expired",
    ),
    Case(
        "tls-client-certificate-is-fit",
        client(purposes=(SERVER,)),
        WARN,
        "server, not client",
    ),
    Case(
        "tls-client-certificate-is-signed",
        client(ca="other CA"),
        FAIL,
        "not signed",
    ),
    Case(
        "qemu-tls-server-certificate-is-in-date",
        _qemu({"server": file("/q.pem", pem("HostC", days=(-9, -1)))}),
        FAIL,
        "expired",
        "from their next start",
    ),
    Case(
        "qemu-tls-client-certificate-is-there",
        c(qemu={"default_tls_x509_verify": "0"}),
        SKIP,
        "no verify",
    ),
    Case(
        "qemu-tls-files-are-readable",
        _qemu({"server_key": CLOSED}),
        FAIL,
        "runs as libvirt-qemu",
        "chgrp 64055 /etc/pki/qemu/server-key.pem",
    ),
    Case(
        "qemu-tls-files-are-readable",
        c(directory=KeyFile("/etc/pki/qemu", True, 0o700)),
        FAIL,
        "may not read /etc/pki/qemu",
        "chmod a+rx /etc/pki/qemu",
    ),
    Case("qemu-tls-files-are-readable", c(), PASS, "libvirt-qemu"),
    Case(
        "qemu-tls-files-are-readable",
        c(account=Unread("no such account")),
        UNKNOWN,
        "no such account",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check(case):
    prove(case)


def test_a_newer_libvirt_may_take_keys_of_elliptic_curves():
    found = findings(
        c(
            version=(11, 0, 0),
            libvirt=store(
                "HostC",
                server=file(PLACE, pem("HostC", usage=(True, False))),
            ),
        )
    )
    mine = [f for f in found if f.check == "tls-server-certificate-is-fit"]
    assert mine[0].status is WARN


def test_one_certificate_for_both_ends_is_one_finding():
    both = file(PLACE, pem("HostC", days=(-9, -1)))
    found = findings(of(server=both, client=both))
    assert [f.check for f in found if f.status > SKIP] == [
        "tls-server-certificate-is-in-date"
    ]


@pytest.mark.parametrize(
    ("san", "wanted", "named"),
    [
        (("hostc.example",), "HostC.example", True),
        (("*.example",), "hostc.example", True),
        (("*.example",), "a.b.example", False),
        (("fd00::1",), "fd00:0::1", True),
        (("10.0.0.1",), "10.0.0.2", False),
        # The common name counts where there is no other.
        ((), "hostc", True),
        (("other",), "hostc", False),
    ],
)
def test_names(san, wanted, named):
    own = file(PLACE, pem("HostC", san)).leaf
    assert certificates.names(own, wanted) is named


def test_who_reads():
    qemu = QemuUser("qemu", 107, (107, 36))
    assert qemu.reads(0o400, 107, 0)
    assert qemu.reads(0o040, 0, 36)
    assert qemu.reads(0o004, 0, 0)
    assert not qemu.reads(0o077, 107, 36)
    assert not qemu.reads(0o640, 0, 0)
    assert QemuUser("root", 0, (0,)).reads(0, 5, 5)


def test_a_uri_without_verification_needs_no_name():
    uri = "qemu+tls://%s/system?no_verify=1"
    found = findings(c({"libvirt__live_migration_uri": uri}))
    mine = [
        f for f in found if f.check == "tls-server-certificate-names-the-node"
    ]
    assert {f.status for f in mine} == {SKIP}


def test_a_uri_with_a_directory_of_client_files_needs_no_others():
    uri = "qemu+tls://%s/system?no_verify=1&pkipath=/etc/x/certs"
    lacking = store("HostC", client=missing("/etc/pki/libvirt/clientcert.pem"))
    failed = {
        f.check for f in findings(c(libvirt=lacking)) if f.status is FAIL
    }
    assert "tls-client-certificate-is-there" in failed
    found = findings(c({"libvirt__live_migration_uri": uri}, libvirt=lacking))
    assert not [f for f in found if f.status is FAIL]
