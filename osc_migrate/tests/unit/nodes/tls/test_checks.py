"""Checks of TLS between two nodes, and of its options."""

import pytest

from osc_migrate.tests.unit.nodes.proof import (
    FAIL,
    PASS,
    SKIP,
    WARN,
    Case,
    prove,
)
from osc_migrate.tests.unit.nodes.shapes.tls import (
    CLIENT,
    authority,
    file,
    pem,
    store,
)
from osc_migrate.tests.unit.nodes.tls.certified import PLACE, PLAIN, TLS, c

OTHER = {
    "ca": file("/etc/pki/CA/cacert.pem", authority("other CA")),
    "server": file(PLACE, pem("HostC", ca="other CA")),
    "client": file("/c.pem", pem("HostC", ca="other CA", purposes=(CLIENT,))),
}


CASES = [
    Case(
        "hosts-trust-each-other",
        c(libvirt=store("HostC", **OTHER)),
        FAIL,
        "libvirt: HostB does not trust the certificate of HostC, signed by"
        " 'other CA'",
        "sign the certificates of both by one CA",
        subject="HostB -> HostC",
    ),
    Case("hosts-trust-each-other", c(), PASS, "libvirt and QEMU"),
    Case("hosts-trust-each-other", c(PLAIN), SKIP),
    Case(
        "destination-lets-the-source-in",
        c(remote={"tls_allowed_dn_list": "CN=Host[AC]\nCN=HostX*"}),
        FAIL,
        "tls_allowed_dn_list on HostC has no 'CN=HostB'",
        subject="HostB -> HostC",
    ),
    Case(
        "destination-lets-the-source-in",
        c(remote={"tls_allowed_dn_list": "CN=Host*"}),
        PASS,
        "CN=Host",
    ),
    Case(
        "native-tls-needs-scheme-tls",
        c(TLS | PLAIN),
        WARN,
        "libvirt is reached by tcp",
        "ini_set /etc/nova/nova.conf libvirt live_migration_scheme tls",
    ),
    Case("native-tls-needs-scheme-tls", c(), PASS),
    Case(
        "tunnelled-and-native-tls-exclude",
        c(TLS | {"libvirt__live_migration_tunnelled": "True"}),
        FAIL,
        "both on",
        "ini_set /etc/nova/nova.conf libvirt live_migration_tunnelled false",
    ),
    Case("tunnelled-and-native-tls-exclude", c(), PASS),
    Case("qemu-forces-no-tls", c(qemu={"migrate_tls_force": "1"}), PASS),
    Case(
        "qemu-forces-no-tls",
        c(PLAIN, qemu={"migrate_tls_force": "1"}),
        FAIL,
        "migrate_tls_force is 1",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_check(case):
    prove(case)
