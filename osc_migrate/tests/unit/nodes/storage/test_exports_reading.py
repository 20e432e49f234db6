"""Reads what a file server exports."""

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.storage import export_facts
from osc_migrate.nodes.storage import reading as storage

SERVER = """\
#names
HostA
hosta.example
#addresses
10.77.0.11 fd00::11
#units
Id=nfs-server.service
LoadState=loaded
ActiveState=active

Id=nfs-ganesha.service
LoadState=not-found
ActiveState=inactive
#live
/srv/instances
\t\t10.77.0.0/24(sync,wdelay,hide,fsid=0,sec=sys,rw,no_root_squash)
/iso          \t<world>(ro,root_squash)
#file /etc/exports
/srv/instances \\
    10.77.0.0/24(rw,sync,no_root_squash,fsid=0)
/iso
#file /etc/exports.d/x.exports
/home -sync,ro host1(rw) *.example
"""


def serves(text):
    answers = {"storage.serves": Answer(0, f"{text}\n#end\n")}
    return storage.read(CommandOutput(answers, "storage"))


def test_a_server():
    found = serves(SERVER).serves
    assert (found.unit, found.state) == ("nfs-server", "active")
    first, second = found.exports
    assert (first.path, first.client) == ("/srv/instances", "10.77.0.0/24")
    assert {"rw", "sync", "no_root_squash"} <= {*first.options}
    assert (second.path, second.client) == ("/iso", "<world>")
    # The way down from NFSv4's root.
    assert found.real("/") == "/srv/instances"
    assert found.real("/sub") == "/srv/instances/sub"
    assert found.real("/iso") == "/iso"
    assert found.of("/sub") == [first]
    for name, address in (("hosta", ""), ("x", "10.77.0.11")):
        assert found.serves(name, address)
    assert not found.serves("nas", "10.9.9.9")
    with pytest.raises(Unread, match="compute nodes only"):
        serves(SERVER).path  # noqa: B018


def test_files_of_exports():
    found = serves(SERVER).serves.configured
    assert [(e.path, e.client, e.file) for e in found] == [
        ("/srv/instances", "10.77.0.0/24", "/etc/exports"),
        ("/iso", "*", "/etc/exports"),
        ("/home", "host1", "/etc/exports.d/x.exports"),
        ("/home", "*.example", "/etc/exports.d/x.exports"),
    ]
    assert found[0].options == ("rw", "sync", "no_root_squash", "fsid=0")
    assert found[2].options == ("sync", "ro", "rw")


def test_a_blank_before_the_options_admits_all():
    found = export_facts.exports(["/srv host (rw)"], "/etc/exports")
    assert [(e.client, e.options) for e in found] == [
        ("host", ()),
        ("*", ("rw",)),
    ]


def test_ganesha_is_not_read():
    text = SERVER.replace("nfs-server.service", "x.service").replace(
        "LoadState=not-found\nActiveState=inactive",
        "LoadState=loaded\nActiveState=active",
    )
    with pytest.raises(Unread, match="ganesha"):
        serves(text).serves.exports  # noqa: B018


def test_no_answer_is_not_no_exports():
    with pytest.raises(Unread, match="does not answer"):
        serves(SERVER + "#unsaid\n").serves.exports  # noqa: B018


@pytest.mark.parametrize(
    "noise", ["", "#live\n(((\n\t\t\n/x " + "(" * 50_000, "#units\n=\n\0"]
)
def test_hostile_servers(noise):
    found = serves(noise).serves
    for name in ("state", "unit"):
        with pytest.raises(Unread, match="systemctl"):
            getattr(found, name)
    assert serves(f"{noise}\n#no systemd").serves.state == ""
    assert isinstance(found.exports, tuple)


def test_exports_that_may_not_be_read():
    found = serves(f"{SERVER}\n#denied\n/etc/exports").serves
    with pytest.raises(Unread, match="exports may not be read"):
        found.configured  # noqa: B018
    assert found.exports
