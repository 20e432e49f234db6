"""``openstack migrate repair --nodes``: real logins, a virsh that answers."""

import pytest

from functional_tests.test_repair import broken, name  # noqa: F401
from testbed.endpoints import Endpoints
from testbed.seen import where

VIRSH = """\
#!/bin/sh
case "$*" in *"list --uuid"*|*"list --all --uuid"*) cat {file} ;; esac
"""


@pytest.fixture
def hosts(tmp_path):
    """HostB and HostC; `runs` says of each which guests are active."""

    class Hosts:
        def runs(self, host, *ids):
            (tmp_path / f"{host}.active").write_text(
                "".join(f"{id}\n" for id in ids)
            )

    found = Hosts()
    (tmp_path / "ssh").mkdir()
    with Endpoints(tmp_path / "ssh") as endpoints:
        for host in ("HostB", "HostC"):
            bin = tmp_path / host
            bin.mkdir()
            virsh = bin / "virsh"
            virsh.write_text(VIRSH.format(file=tmp_path / f"{host}.active"))
            virsh.chmod(0o755)
            path = f"{bin}:/usr/local/bin:/usr/bin:/bin"
            endpoints.start(host, f"SetEnv PATH={path}")
            found.runs(host)
        found.words = ("--nodes", "--ssh-config", str(endpoints.config))
        yield found


def test_the_hosts_decide(
    shell,
    broken,  # noqa: F811
    name,  # noqa: F811
    connection,
    hosts,
):
    def repair(*words):
        return shell.migrate(
            "repair", name, *hosts.words, *words, "-f", "json"
        )

    # Nova believes that it runs; no host has it.
    done = repair("--yes")
    assert done.code == 3, done.err
    assert "none of HostB, HostC" in done.json[0]["why"]
    # Two on one disk: nothing may be started or stopped by a state.
    hosts.runs("HostB", broken.id)
    hosts.runs("HostC", broken.id)
    done = repair("--yes")
    assert done.code == 3, done.err
    assert "HostB and HostC" in done.json[0]["why"]
    assert where(connection, broken).status == "ERROR"
    hosts.runs("HostC")
    done = repair("--yes")
    assert done.code == 0, done.err
    assert "nowhere else (HostB, HostC)" in done.json[0]["why"]
    assert where(connection, broken).status == "ACTIVE"
