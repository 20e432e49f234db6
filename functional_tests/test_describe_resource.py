"""``openstack migrate describe-resource`` on the embedded cloud."""

import uuid


def rows(done):
    assert done.code == 0, done.err
    return {row["project"]: row for row in done.json}


def test_totals_and_projects(shell, boot):
    before = rows(shell.migrate("describe-resource", "HostC", "-f", "json"))
    assert before["(total)"]["cpu"] == 16
    assert before["(total)"]["memory_mb"] == 16384
    boot(f"vm-{uuid.uuid4().hex[:8]}", host="HostC", flavor="m1.small")
    after = rows(shell.migrate("describe-resource", "HostC", "-f", "json"))
    grown = (
        after["(used_max)"]["memory_mb"] - before["(used_max)"]["memory_mb"]
    )
    assert grown == 2048
    assert after["admin"]["host"] == "HostC"
    assert after["admin"]["cpu"] == after["(used_max)"]["cpu"]


def test_unknown_host(shell):
    done = shell.migrate("describe-resource", "HostX")
    assert done.code == 1
    assert "no compute host is called 'HostX'" in done.err
    assert done.out == ""


def test_at_any_microversion(shell, boot):
    boot(f"vm-{uuid.uuid4().hex[:8]}", host="HostC")
    tables = {
        shell.run(
            "--os-compute-api-version",
            version,
            "migrate",
            "describe-resource",
            "HostC",
            "-f",
            "csv",
        ).out
        for version in ("2.1", "2.46", "2.47", "2.87", "2.88", "2.96")
    }
    assert len(tables) == 1
    assert "(used_max)" in tables.pop()
