"""``openstack migrate rebalance`` among 20 hosts."""

import pytest

from functional_tests.runs.conftest import HOSTS


@pytest.fixture
def lopsided(crowd, prefix):
    """20 servers of a size: four on a host, three on another, one on each of
    13, none on five."""
    counts = [4, 3, *[1] * 13]
    for host, count in zip(HOSTS, counts, strict=False):
        crowd.boot(
            f"{prefix}-{host}", host, count, "m1.small", bandwidth_mb=1200
        )
    yield crowd.ready(prefix, 20)
    crowd.quiet(prefix)
    crowd.delete(prefix)


def test_a_lopsided_cloud_is_evened_out(shell, crowd, prefix, lopsided):
    """With one move for each host that lacks one: fewer cannot do."""
    done = shell.migrate("rebalance", "-f", "json")
    assert done.code == 0, done.err
    assert [row["outcome"] for row in done.json] == ["moved"] * 5
    now = crowd.servers(prefix=prefix).values()
    assert sorted(row["OS-EXT-SRV-ATTR:host"] for row in now) == HOSTS
    records = [crowd.records(row["id"]) for row in now]
    assert sum(map(len, records)) == 5
    again = shell.migrate("rebalance", "-f", "json")
    assert (again.code, again.json) == (0, []), again.err
    assert "nothing to do" in again.err


@pytest.mark.long
def test_groups_forbid_to_even_out(shell, crowd, prefix):
    """Each of two on a host has a small one beside it that it must avoid."""
    full, empty = HOSTS[15:17]
    for number in range(2):
        group = crowd.group(f"{prefix}-{number}")
        name = f"{prefix}-{number}"
        crowd.boot(f"{name}-large", full, 1, "m1.small", group=group)
        crowd.boot(f"{name}-small", empty, group=group)
    crowd.ready(prefix, 4)
    among = ["--host", full, "--host", empty, "--dry-run", "-f", "json"]
    done = shell.migrate("rebalance", *among)
    assert (done.code, done.json) == (3, []), done.err
    assert f"{full} stays at" in done.err
    assert "no further move helps" in done.err
    # One that is in no group is what may move.
    crowd.boot(f"{prefix}-free", full, 1, "m1.small")
    crowd.ready(prefix, 5)
    done = shell.migrate("rebalance", *among)
    assert [row["server"] for row in done.json] == [f"{prefix}-free"]
    crowd.delete(prefix)
