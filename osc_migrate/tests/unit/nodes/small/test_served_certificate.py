import dataclasses

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.role import Role
from osc_migrate.nodes.small import served_certificate as subject
from osc_migrate.nodes.tls import certificate_parsing
from osc_migrate.tests.unit.nodes.proof import (
    FAIL,
    PASS,
    SKIP,
    UNKNOWN,
    WARN,
    Case,
    prove,
)
from osc_migrate.tests.unit.nodes.shapes import config, libvirt
from osc_migrate.tests.unit.nodes.shapes.tls import file, pem
from osc_migrate.tests.unit.nodes.tls.certified import PLACE, PLAIN, TLS, c, of

ID = "libvirt-serves-its-certificate"
BY_SCRIPT = (
    "virt-admin -c libvirtd:///system server-update-tls libvirtd ||"
    " systemctl restart libvirtd"
)


def certificate(**how):
    text = pem("HostC", **how)
    return certificate_parsing.certificates(text.splitlines())[0]


def serves(answer, nodes=None):
    """HostC answers with that certificate."""
    nodes = nodes or c()
    small = {"served_certificate": subject.Served(answer)}
    return [nodes[0], nodes[1].but(smalls=nodes[1].smalls | small)]


def contained():
    nodes = c()
    facts = libvirt.healthy("HostC").but(contained=True)
    return [nodes[0], nodes[1].but(libvirt=facts)]


NO_VERIFY = TLS | {
    "libvirt__live_migration_uri": "qemu+tls://%s/system?no_verify=1"
}
EXPIRED = certificate(days=(-90, -1))
CASES = [
    Case(ID, serves(certificate()), PASS, "until 2029-01-17, as"),
    Case(
        ID,
        serves(certificate(days=(-90, 300))),
        WARN,
        f"port 16514 serves another certificate than {PLACE}: one until"
        " 2027-05-28, the file until 2029-01-17",
        BY_SCRIPT,
    ),
    Case(ID, serves(EXPIRED), FAIL, "which expired on 2026-07-31", BY_SCRIPT),
    Case(ID, serves(certificate(days=(1, 90))), FAIL, "begins on 2026-08-02"),
    Case(
        ID,
        serves(certificate(ca="old CA")),
        FAIL,
        "the CA in /etc/pki/CA/cacert.pem has not signed",
    ),
    Case(
        ID,
        serves(certificate(san=("HostB",))),
        FAIL,
        "is not for 10.77.0.13",
    ),
    Case(ID, serves(certificate(san=("HostB",)), c(NO_VERIFY)), WARN),
    Case(
        ID,
        serves(EXPIRED, contained()),
        FAIL,
        "expired",
        "in the container that runs libvirtd on HostC: virt-admin",
    ),
    # The file's own check reports it.
    Case(
        ID,
        serves(
            certificate(), of(server=file(PLACE, pem("HostC", days=(-9, -1))))
        ),
        SKIP,
        "see the checks of its file",
        beside=("tls-server-certificate-is-in-date",),
    ),
    Case(ID, serves(None), SKIP, "no TLS server answers"),
    Case(ID, serves(EXPIRED, c(PLAIN)), SKIP, "reaches libvirt by tcp"),
    Case(ID, serves(Unread("no answer")), UNKNOWN, "no answer"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_served_certificate(case):
    prove(dataclasses.replace(case, subject="HostC"))


def read(text):
    output = {"served_certificate.port": Answer(0, text)}
    return subject.read(
        CommandOutput(output, "served_certificate")
    ).certificate


def test_the_certificate_that_a_port_answers_with():
    assert read(pem("HostC") + "#end").common_name == "HostC"
    assert read("#end") is None


@pytest.mark.parametrize(
    "text, why",
    [
        (pem("HostC"), "incomplete"),
        ("", "incomplete"),
        ("#tool\n#tool\n#end", "neither openssl nor gnutls-cli"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
            "#end",
            "not a certificate",
        ),
    ],
)
def test_what_is_no_answer(text, why):
    with pytest.raises(Unread, match=why):
        read(text)


def test_it_is_asked_where_nova_uses_tls_alone():
    def asked(role=Role.COMPUTE, **options):
        facts = config.healthy("HostC", **options)
        return subject.questions(facts, role, read_only=True)

    assert asked(**TLS)["port"].args == ("16514", "10.77.0.13")
    uri = "qemu+tls://%s:16999/system"
    other = asked(libvirt__live_migration_uri=uri)
    assert other["port"].args[0] == "16999"
    assert asked(**PLAIN) == {}
    assert asked(libvirt__virt_type="lxc") == {}
    assert asked(Role.STORAGE, **TLS) == {}
