import datetime

import pytest
from cryptography.hazmat.primitives import serialization

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.role import Role
from osc_migrate.nodes.tls import certificate_parsing
from osc_migrate.nodes.tls import reading as tls
from osc_migrate.nodes.tls.facts import KeyFile, QemuUser
from osc_migrate.tests.unit.nodes.shapes.tls import authority, key, pem, public

PUBLIC = (
    key("HostC")
    .public_key()
    .public_bytes(
        serialization.Encoding.PEM,
        serialization.PublicFormat.SubjectPublicKeyInfo,
    )
    .decode()
)
LIBVIRT = f"""#@now 1785542400

#@ca /etc/pki/CA/cacert.pem
state read
stat 644 0 0
{authority()}
#@server /etc/pki/libvirt/servercert.pem
state read
stat 644 0 0
{pem("HostC")}
#@server_key /etc/pki/libvirt/private/serverkey.pem
state read
stat 600 0 0
{PUBLIC}
#@client_ca /etc/pki/CA/cacert.pem
state read
stat 644 0 0
{authority()}
#@client /etc/pki/libvirt/clientcert.pem
state absent

#@client_key /etc/pki/libvirt/private/clientkey.pem
state absent
"""
QEMU = f"""#@now 1785542400

#@directory /etc/pki/qemu
state read
stat 755 0 0

#@ca /etc/pki/qemu/ca-cert.pem
state read
stat 644 0 0
{authority()}
#@server /etc/pki/qemu/server-cert.pem
state read
stat 644 0 0
-----BEGIN CERTIFICATE-----
bm9uc2Vuc2U=
-----END CERTIFICATE-----

#@server_key /etc/pki/qemu/server-key.pem
state read
stat 640 0 64055

#@client /etc/pki/qemu/client-cert.pem
state absent

#@client_key /etc/pki/qemu/client-key.pem
state absent

#@account libvirt-qemu
libvirt-qemu:x:64055:109:Libvirt Qemu:/var/lib/libvirt:/usr/sbin/nologin
kvm:x:110:nova,libvirt-qemu
libvirt-qemu:x:64055:
"""


def read(libvirt=LIBVIRT, qemu=QEMU):
    return tls.read(
        CommandOutput(
            {
                "tls.libvirt": Answer(0, libvirt),
                "tls.qemu": Answer(0, qemu),
            },
            "tls",
        )
    )


def test_libvirts_files():
    found = read()
    assert found.now == datetime.datetime(2026, 8, 1, tzinfo=datetime.UTC)
    store = found.libvirt
    assert store.ca.leaf.authority
    own = store.server.leaf
    assert own.subject == "CN=HostC"
    assert (own.common_name, own.names) == ("HostC", ("HostC",))
    assert own.addresses == ("10.77.0.13",)
    assert (own.kind, own.authority) == ("EC", False)
    assert own.usage == {"digital_signature", "key_encipherment"}
    assert own.purposes == {"server", "client"}
    assert store.server_key == KeyFile(
        "/etc/pki/libvirt/private/serverkey.pem",
        True,
        0o600,
        0,
        0,
        public("HostC"),
    )
    assert own.public == store.server_key.public
    assert not store.client.exists
    assert not store.client_key.exists


def test_qemus_files():
    found = read()
    assert found.qemu.client_ca == found.qemu.ca
    assert found.qemu.server.exists
    assert found.qemu.server.certificates == ()
    assert found.qemu.server_key.public == b""
    assert found.directory == KeyFile("/etc/pki/qemu", True, 0o755)
    assert found.account == QemuUser("libvirt-qemu", 64055, (109, 110, 64055))


def test_no_tool_to_compare_keys():
    text = LIBVIRT.replace(PUBLIC, "tool none\n")
    with pytest.raises(Unread, match="neither openssl nor certtool"):
        _ = read(text).libvirt


def test_an_account_that_is_not_there():
    text = QEMU[: QEMU.index("libvirt-qemu:x")]
    with pytest.raises(Unread, match="was not found"):
        _ = read(qemu=text).account


def test_what_is_not_used_is_not_asked():
    def asked(**options):
        config = Config(
            (), {("libvirt", name): value for name, value in options.items()}
        )
        return set(tls.questions(config, Role.COMPUTE, read_only=False))

    assert asked() == set()
    assert asked(live_migration_scheme="tls") == {"libvirt"}
    assert asked(live_migration_uri="qemu+tls://%s/system") == {"libvirt"}
    assert asked(live_migration_uri="qemu://%s/system") == {"libvirt"}
    assert asked(live_migration_uri="qemu+ssh://%s/system") == set()
    assert asked(live_migration_with_native_tls="yes") == {"qemu"}
    found = tls.read(CommandOutput({}, "tls"))
    with pytest.raises(Unread, match="was not asked"):
        _ = found.libvirt


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "\x00" * 9999,
        "#@now " + "9" * 9999,
        "-----BEGIN CERTIFICATE-----\n" * 9999,
        "-----BEGIN CERTIFICATE-----\n=A=\n-----END CERTIFICATE-----",
        "stat x y z\n" * 99,
        "stat 9\n",
    ],
)
def test_nonsense_is_unread_or_no_certificate(nonsense):
    found = read(nonsense, nonsense)
    for name in ("now", "libvirt", "qemu", "directory", "account"):
        with pytest.raises(Unread):
            getattr(found, name)
    broken = LIBVIRT.replace(pem("HostC"), nonsense)
    assert read(broken).libvirt.server.certificates == ()


def test_a_cut_certificate_is_none():
    lines = pem("HostC").splitlines()
    assert certificate_parsing.certificates(lines[:4] + lines[-1:]) == ()
    assert certificate_parsing.certificates(lines[:4]) == ()
    assert len(certificate_parsing.certificates(lines * 2)) == 2
