"""Runs testinfra's modules over one of our shells.

testinfra is part of the extra ``nodes`` and is only imported here, on demand.
"""

import shlex
import typing

from osc_migrate.errors import MigrateError
from osc_migrate.nodes.transport.shell import Shell

if typing.TYPE_CHECKING:
    from testinfra.host import Host


class NoTestinfra(MigrateError):
    """testinfra is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "looking into compute nodes needs pytest-testinfra; install it "
            "with: pip install 'osc-migrate[nodes]'"
        )


def require() -> None:
    """Check early that testinfra is installed.

    :raises NoTestinfra: it is not.
    """
    try:
        import testinfra.backend.base
        import testinfra.host  # noqa: F401
    except ImportError as error:
        raise NoTestinfra from error


def host(shell: Shell, limit: float = 10.0) -> "Host":
    """Return a testinfra host over `shell`: ``host(shell).user("nova")``.

    A missing answer raises :class:`Unread` in every module. Invalid UTF-8 is
    replaced, also in the `content` of files. `with host.sudo("nova")` requires
    sudo without a password.

    :param limit: seconds for each command.
    :raises NoTestinfra: testinfra is not installed.
    """
    require()
    import testinfra.host
    from testinfra.backend.base import BaseBackend, CommandResult

    class ShellBackend(BaseBackend):
        """A backend that needs no Python on the node to find its encoding."""

        NAME = "shell"

        def __init__(self) -> None:
            super().__init__(shell.name)

        def get_encoding(self) -> str:
            return "utf-8"

        def get_sudo_command(self, command: str, sudo_user: str | None) -> str:
            user = ("-u", sudo_user) if sudo_user else ()
            argv = ("sudo", "-n", *user, "/bin/sh", "-c", command)
            return shlex.join(argv)

        def run(
            self, command: str, *args: str, **kwargs: object
        ) -> CommandResult:
            text = self.get_command(command, *args)
            answer = shell.run(text, limit=limit)
            return self.result(
                answer.status, self.encode(text), answer.out, answer.err
            )

    backend = ShellBackend()
    testinfra_host = testinfra.host.Host(backend)
    backend.set_host(testinfra_host)
    return testinfra_host
