"""Checks of a server that has moved, by what the APIs say."""

import pytest

from osc_migrate.checks.findings import Status
from osc_migrate.checks.registry import judge_after
from osc_migrate.cloud.volumes import Attachment
from osc_migrate.facts import Unread
from osc_migrate.tests.unit import shapes

ID = shapes.server().id
VOLUME = shapes.volume().id


def attached(*hosts, server=ID):
    return shapes.volume(
        attachments=tuple(
            Attachment(f"a{n}", server, host) for n, host in enumerate(hosts)
        )
    )


def moved(*volumes, **changes):
    """A server that is on HostC now, with one of everything."""
    ids = tuple(volume.id for volume in volumes)
    return shapes.full(
        **{
            "server": shapes.server(host="HostC", volume_ids=ids),
            "volumes": volumes,
            "ports": (shapes.port(bindings={"HostC": "ACTIVE"}),),
            "room": shapes.room(holders={"HostC": "c-uuid"}),
        }
        | changes
    )


def on_c(**changes):
    return shapes.port(bindings={"HostC": "ACTIVE"}, **changes)


def found(facts):
    return {f.check: f for f in judge_after(facts) if f.status >= Status.WARN}


def test_all_is_well():
    assert found(moved(attached("HostC"))) == {}


def test_another_server_may_have_it_elsewhere():
    both = shapes.volume(
        attachments=(
            Attachment("a", ID, "HostC"),
            Attachment("b", "other", "HostB"),
        )
    )
    assert found(moved(both)) == {}


@pytest.mark.parametrize(
    ("facts", "check", "words", "remedy"),
    [
        (
            moved(attached("HostC", "HostB")),
            "volumes-are-attached-where-it-is",
            f"volume {VOLUME} is attached on HostB too",
            "volume attachment delete a1",
        ),
        (
            moved(attached("HostB")),
            "volumes-are-attached-where-it-is",
            f"volume {VOLUME} is not attached on HostC",
            "reboot --hard vm1",
        ),
        (
            moved(ports=(shapes.port(bindings={"HostC": "INACTIVE"}),)),
            "ports-are-active-where-it-is",
            "no active binding on HostC",
            "/bindings/HostC/activate",
        ),
        (
            moved(ports=(on_c(status="DOWN"),)),
            "ports-are-up-where-it-is",
            f"port {shapes.port().id} is DOWN on HostC: the guest is cut off",
            "with OVN: ovn-sbctl find Port_Binding",
        ),
        (
            moved(
                ports=(
                    shapes.port(
                        bindings={"HostC": "ACTIVE", "HostB": "INACTIVE"}
                    ),
                )
            ),
            "ports-are-bound-where-it-is",
            "is bound on HostB",
            "/bindings/HostB",
        ),
        (
            moved(room=shapes.room(holders={})),
            "server-has-its-room-where-it-is",
            "does not count the server on HostC",
            f"heal_allocations --instance {ID}",
        ),
        (
            moved(room=shapes.room(holders={"HostB": "b-uuid", "HostC": "c"})),
            "server-is-allocated-where-it-is",
            "holds room on HostB",
            "placement audit",
        ),
    ],
)
def test_what_is_left(facts, check, words, remedy):
    findings = found(facts)
    assert list(findings) == [check]
    finding = findings[check]
    assert finding.status is Status.WARN
    assert words in finding.detail
    assert remedy in finding.remedy


def test_hosts_that_cinder_does_not_show_are_no_leftover():
    assert found(moved(attached(None))) == {}


def test_volumes_that_could_not_be_read_are_not_well():
    facts = moved(attached("HostC")).but(volumes=Unread("Cinder is away"))
    finding = found(facts)["volumes-are-attached-where-it-is"]
    assert finding.status is Status.UNKNOWN


@pytest.mark.parametrize(
    "facts",
    [
        moved(ports=(on_c(status="DOWN", admin_up=False),)),
        moved(ports=(on_c(status=Unread("not shown")),)),
        # Off: its port is down by right.
        moved(
            ports=(on_c(status="DOWN"),),
            server=shapes.server(
                host="HostC", status="SHUTOFF", power_state=4, volume_ids=()
            ),
        ),
    ],
)
def test_a_port_that_is_down_by_right(facts):
    assert "ports-are-up-where-it-is" not in found(facts)
