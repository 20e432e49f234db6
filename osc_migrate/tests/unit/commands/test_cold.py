"""``openstack migrate cold``: what it is asked to decide."""

import types

import pytest

from osc_migrate import errors
from osc_migrate.commands import prompt
from osc_migrate.commands.cold import Cold
from osc_migrate.migration.outcome import End
from osc_migrate.tests.unit import shapes
from osc_migrate.tests.unit.commands.desk import Desk
from osc_migrate.tests.unit.commands.test_live import ended


class Mover:
    """Knows one server, none of whose moves waits."""

    def __init__(self, status):
        server = types.SimpleNamespace(
            id="1", name="vm1", host="HostB", status=status
        )
        self.cloud = types.SimpleNamespace(server=lambda name: server)

    def waiting(self, server):
        raise errors.MigrateError(f"server {server.name} is {server.status}")


@pytest.mark.parametrize(
    ("status", "complaint"),
    [
        ("VERIFY_RESIZE", "already waits on HostB: leave out the host"),
        ("ACTIVE", "is ACTIVE"),
    ],
)
def test_revert_with_a_host(status, complaint):
    with pytest.raises(errors.MigrateError, match=complaint):
        Desk(Mover(status)).run(Cold, "vm1", "HostC", "--revert")


def test_no_wait_asks_nobody_and_is_no_failure(monkeypatch):
    """However far the move was by then."""
    monkeypatch.setattr(prompt, "is_interactive", lambda: pytest.fail("asked"))
    move = ended(End.WAITS)
    mover = types.SimpleNamespace(
        facts=lambda server, host: shapes.move(),
        cold=lambda facts: move,
        cloud=types.SimpleNamespace(server=lambda name: shapes.move().server),
    )
    assert Desk(mover).run(Cold, "vm1", "HostC", "--no-wait") == 0
    assert move.found
