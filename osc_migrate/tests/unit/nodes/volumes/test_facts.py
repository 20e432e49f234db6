import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.volumes import facts as volumes
from osc_migrate.nodes.volumes.facts import Readable
from osc_migrate.tests.unit.nodes import shells

UUID = "457eb676-33da-42ec-9a8c-9293d545c337"
OTHER = "0c3e9d2e-3d4e-4a8c-b3a5-1f6f0a6b1c2d"
CONNECTORS = """\
initiator=iqn.1993-08.org.debian:01:419e49ea9e27
session=
session=
running=iscsid
running=multipathd
unit=iscsid
unit=multipathd
multipath=yes
hostnqn=nqn.2014-08.org.nvmexpress:uuid:4c4c4544-0052-3010
fabric=tcp
end=connectors
"""
SECRETS = f"""\
 UUID                                   Usage
-------------------------------------------------------------------
 {UUID}   ceph client.cinder secret
 {OTHER}   ceph client.other secret

values here
value /etc/libvirt/secrets/{UUID}.base64
"""
CEPH = """\
root root 644 /etc/ceph/ceph.conf
root nova 640 /etc/ceph/ceph.client.cinder.keyring
"""


def read(**answers):
    said = {
        f"volumes.{name}": Answer(0, text) if isinstance(text, str) else text
        for name, text in answers.items()
    }
    return volumes.read(CommandOutput(said, "volumes"))


def config(**options):
    return Config((), {("libvirt", k): v for k, v in options.items()})


def test_connectors():
    found = read(connectors=CONNECTORS)
    assert found.initiator == "iqn.1993-08.org.debian:01:419e49ea9e27"
    assert found.iscsi_sessions == 2
    assert found.running == {"iscsid", "multipathd"}
    assert found.units == {"iscsid", "multipathd"}
    assert found.multipath_conf is True
    assert found.hostnqn.startswith("nqn.")
    assert found.nvme_fabrics == 1
    with pytest.raises(Unread, match="not asked"):
        _ = found.secrets


def test_nothing_installed():
    found = read(connectors="end=connectors\n")
    assert (found.initiator, found.hostnqn) == ("", "")
    assert found.iscsi_sessions == 0


def test_secrets():
    found = read(secrets=SECRETS, ceph=CEPH)
    assert found.secrets == {UUID, OTHER}
    assert found.with_value == {UUID}
    assert found.ceph_files == {
        "/etc/ceph/ceph.conf": Readable("root", "root", "644"),
        "/etc/ceph/ceph.client.cinder.keyring": Readable(
            "root", "nova", "640"
        ),
    }


def test_secrets_kept_elsewhere():
    found = read(secrets=SECRETS.partition("values")[0])
    assert found.with_value is None


def test_no_libvirt():
    with pytest.raises(Unread, match="virsh"):
        _ = read(secrets=Answer(1, "", "sh: virsh: not found")).secrets


@pytest.mark.parametrize(
    "text", ["", "\0" * 9999, "=\n" * 9999, "end=connectors\nx"]
)
def test_nonsense(text):
    found = read(connectors=text, secrets=text, ceph=text)
    with pytest.raises(Unread):
        _ = found.initiator
    assert found.secrets == frozenset()
    if text:
        with pytest.raises(Unread):
            _ = found.ceph_files


def test_ceph_is_asked_for_where_it_is_used():
    def names(**options):
        return set(
            volumes.questions(config(**options), "compute", read_only=True)
        )

    assert names() == {"connectors"}
    assert names(images_type="rbd") == {"connectors", "secrets", "ceph"}
    assert names(rbd_secret_uuid=UUID) == names(images_type="rbd")
    assert not volumes.questions(config(), "storage", read_only=True)


def test_no_secret_is_read():
    asked = volumes.questions(
        config(images_type="rbd"), "compute", read_only=True
    )
    text = "".join(question.text for question in asked.values())
    assert "secret-get-value" not in text
    assert "cat " not in text


@pytest.mark.parametrize("shell", shells.SHELLS, ids=lambda argv: argv[0])
def test_on_this_machine(shell, tmp_path):
    (tmp_path / "ceph.conf").write_text("[global]\n")
    (tmp_path / "ceph.conf").chmod(0o640)
    used = config(
        images_type="rbd", images_rbd_ceph_conf=f"{tmp_path}/ceph.conf"
    )
    asked = volumes.questions(used, "compute", read_only=True)
    answers = {
        name: shells.ask(shell, asked[name].text)
        for name in ("connectors", "ceph")
    }
    found = read(**answers)
    assert found.iscsi_sessions >= 0
    assert list(found.ceph_files) == [f"{tmp_path}/ceph.conf"]
    assert found.ceph_files[f"{tmp_path}/ceph.conf"].mode == "640"
