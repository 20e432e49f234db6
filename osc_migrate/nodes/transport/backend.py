"""testinfra's modules over one of our shells.

testinfra belongs to the extra ``nodes`` and is imported only here, when
a caller asks for it.
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
    """Finds out early that testinfra is missing.

    :raises NoTestinfra: it is.
    """
    try:
        import testinfra.backend.base
        import testinfra.host  # noqa: F401
    except ImportError as error:
        raise NoTestinfra from error


def host(shell: Shell, limit: float = 10.0) -> "Host":
    """testinfra's host, which asks `shell`: ``host(shell).user("nova")``.

    An answer that does not come raises :class:`Unread`, whatever module
    asked for it. What is not UTF-8 in an answer is replaced, in a file's
    `content`, too. `with host.sudo("nova")` is for a user who needs no
    password for it.

    :param limit: seconds for each command.
    :raises NoTestinfra: testinfra is not installed.
    """
    require()
    import testinfra.host
    from testinfra.backend.base import BaseBackend, CommandResult

    class ShellBackend(BaseBackend):
        """No Python is needed on the node: its encoding is ours."""

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
