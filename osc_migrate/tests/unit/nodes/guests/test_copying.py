"""The forecast, shown as a finding."""

import pytest

from osc_migrate.checks.findings import Status
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread
from osc_migrate.nodes.guests.copying import (
    guest_writes_slower_than_it_is_copied as check,
)
from osc_migrate.nodes.guests.facts import Writing
from osc_migrate.nodes.guests.guest_move import GuestMove
from osc_migrate.nodes.node import PairFacts
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.nodes import shapes as node_shapes
from osc_migrate.tests.unit.nodes.shapes import config, guests, network

MiB, GiB = 2**20, 2**30


def found(
    rate=0,
    longer=None,
    used=1000,
    kind=Kind.LIVE,
    speeds=None,
    writing=None,
    **set,
):
    speeds = {"eth0": 10000} if speeds is None else speeds
    options = {"live_migration_permit_post_copy": "false", **set}
    nodes = [
        node_shapes.node(
            name,
            config=config.healthy(
                name, **{f"libvirt__{k}": v for k, v in options.items()}
            ),
            network=network.healthy(name, speeds=speeds),
            guests=guests.healthy(
                name,
                writing=writing
                or {
                    guests.SERVER: Writing(
                        rate * MiB,
                        (rate if longer is None else longer) * MiB,
                        4 * GiB,
                        used * MiB,
                    )
                },
            ),
        )
        for name in ("HostB", "HostC")
    ]
    server = shapes.server(id=guests.SERVER)
    facts = GuestMove(shapes.move(server=server), PairFacts(*nodes), kind)
    return check.run(facts)


LIMITED = {"live_migration_bandwidth": "100"}


def test_it_converges():
    finding = found(rate=50, **LIMITED)
    assert finding.status is Status.PASS
    assert finding.detail == (
        "about 20 s for 1000 MiB of memory, estimated downtime less"
        " than 0.1 s: it writes 50.0 MiB/s, and 100 MiB/s are copied"
        " (live_migration_bandwidth)"
    )


def test_the_same_pages_again_are_copied_once():
    # 50 MiB a second, the same in three: 10 s, then half a second.
    finding = found(rate=50, longer=17, **LIMITED)
    assert finding.detail.startswith("about 11 s for 1000 MiB of memory")


def test_the_link_is_a_limit_too():
    assert "1.2 GiB/s" in found().detail or "1192 MiB/s" in found().detail
    assert "the link of HostB at best" in found().detail
    slow = found(speeds={"eth0": 100}, **LIMITED)
    assert "11.9 MiB/s are copied (the link" in slow.detail


def test_disks_of_a_block_migration():
    detail = found(kind=Kind.BLOCK, **LIMITED).detail
    assert "and up to 1.0 GiB of disks" in detail


@pytest.mark.parametrize(
    ("options", "words", "remedy"),
    [
        ({}, "will not converge; Nova gives up after 53:20 min", "pauses"),
        (
            {"live_migration_permit_post_copy": "true"},
            "will not converge; Nova gives up after 53:20 min",
            "--on-stall force, which switches to post-copy",
        ),
        (
            {
                "live_migration_permit_post_copy": "true",
                "live_migration_timeout_action": "force_complete",
            },
            "converges by force: live_migration_permit_post_copy, after",
            "post-copy",
        ),
        (
            {"live_migration_timeout_action": "force_complete"},
            "Nova pauses the guest for about 10 s",
            "pauses",
        ),
        (
            {"live_migration_permit_auto_converge": "true"},
            "converges by force: live_migration_permit_auto_converge",
            "pauses",
        ),
        (
            {"live_migration_completion_timeout": "0"},
            "will not converge, and Nova sets no end",
            "pauses",
        ),
    ],
)
def test_it_does_not_converge(options, words, remedy):
    finding = found(rate=300, **(LIMITED | options))
    assert finding.status is Status.WARN
    assert words in finding.detail
    assert "it writes 300 MiB/s, and 100 MiB/s are copied" in finding.detail
    assert remedy in finding.remedy


def test_too_near_to_tell():
    finding = found(rate=100, **LIMITED)
    assert finding.status is Status.WARN
    assert "it may not converge" in finding.detail


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"writing": Unread("no virsh")}, "was not measured"),
        ({"writing": {"other": None}}, "was not measured"),
        ({"speeds": Unread("no file")}, "speed of the link is not known"),
        ({"speeds": {}}, "speed of the link is not known"),
    ],
)
def test_no_forecast_stands_in_nobodys_way(changes, words):
    finding = found(**changes)
    assert finding.status is Status.NOT_CHECKED
    assert words in finding.detail
