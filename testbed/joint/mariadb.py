"""MariaDB, on loopback, with a directory and a port of its own.

It is the one of this machine's packages, and no service of it.  Making the
databases takes half a minute, so that is done once: the directory is copied
from the cache, which knows it by the versions that made it.
"""

import os
import pathlib
import subprocess
import time
from collections.abc import Mapping

from testbed.cloud import databases, ports, processes
from testbed.cloud.state import State
from testbed.joint import schema
from testbed.nodes import cache
from testbed.nodes.commands import run
from testbed.nodes.errors import LabError

USER, PASSWORD = "cloud", "mariadb-secret"
PORT = "mariadb"  #: its name among the ports
NAMES = (
    "keystone",
    "glance",
    "nova_api",
    "nova_cell0",
    "nova_cell1",
    "placement",
)
_PATIENCE = 120.0
# Nobody, with one right: to pass through directories that are root's alone,
# as those of tests are.
_NOBODY = 65534
_UNPRIVILEGED = (
    *("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}"),
    *("--clear-groups", "--inh-caps=+dac_read_search"),
    "--ambient-caps=+dac_read_search",
    "--bounding-set=-all,+dac_read_search",
)
_OPTIONS = (
    f"--bind-address={ports.ADDRESS}",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--performance-schema=OFF",
    "--max-connections=400",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=16M",
    # A cloud for tests need not survive a power failure.
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
)


def server(found: Mapping[str, int]) -> str:
    """What the services are told, up to the name of a database."""
    return f"mysql+pymysql://{USER}:{PASSWORD}@{ports.ADDRESS}:{found[PORT]}"


def prepare(directory: pathlib.Path) -> None:
    """Have its files, from the cache, or made for it."""
    made = cache.entry(f"mariadb-{_key()}", _make)
    run("cp", "-a", "--sparse=always", f"{made}/data", str(directory))


def command(directory: pathlib.Path, found: Mapping[str, int]) -> list[str]:
    """The command that runs it."""
    return [
        *_UNPRIVILEGED,
        *("mariadbd", "--no-defaults", f"--datadir={directory}"),
        f"--tmpdir={directory}",
        f"--socket={_socket(directory)}",
        f"--pid-file={directory}/pid",
        f"--port={found[PORT]}",
        *_OPTIONS,
    ]


def wait(directory: pathlib.Path, child: "subprocess.Popen[bytes]") -> None:
    """Return when it answers; a service that came first would fail.

    :raises LabError: it has ended, or takes too long
    """
    import pymysql

    end = time.monotonic() + _PATIENCE
    while True:
        try:
            pymysql.connect(
                unix_socket=_socket(directory), user="root"
            ).close()
            return
        except pymysql.Error as error:
            if child.poll() is not None or time.monotonic() > end:
                raise LabError(
                    f"mariadbd does not answer: {error}; see mariadb.log"
                ) from None
        time.sleep(0.05)


def _socket(directory: pathlib.Path) -> str:
    return f"{directory}/socket"


def _key() -> str:
    version = run("mariadbd", "--no-defaults", "--version").strip()
    texts = [
        pathlib.Path(path).read_text() for path in (__file__, schema.__file__)
    ]
    return cache.key([version, databases.cache().name, texts])


def _make(path: pathlib.Path) -> None:
    """An installation with all databases, their owner and their tables."""
    data, scratch = path / "data", State(path / "scratch")
    run(
        *("mariadb-install-db", "--no-defaults", f"--datadir={data}"),
        *("--skip-test-db", "--auth-root-authentication-method=socket"),
        *("--user=root", "--skip-name-resolve"),
        patience=_PATIENCE,
    )
    for one in (data, *data.rglob("*")):
        os.chown(one, _NOBODY, _NOBODY)
    sockets = ports.listen([PORT])
    found = {PORT: sockets[PORT].getsockname()[1]}
    ports.close(sockets)
    scratch.create()
    log = scratch.log / "mariadb.log"
    _, child = processes.spawn_command("mariadb", command(data, found), log)
    try:
        wait(data, child)
        _accounts(_socket(data))
        scratch.save({"database_server": server(found)})
        schema.make(scratch)
    finally:
        child.terminate()
        # Its threads are writing yet when it looks dead from outside.
        child.wait(_PATIENCE)
    # All tables are written now. With its log, Aria (10.11.19) recovers from a
    # copy as if after a crash, and mostly fails; without, it makes a new one.
    for one in data.glob("aria_log*"):
        one.unlink()
    scratch.remove()


def _accounts(socket: str) -> None:
    import pymysql

    with pymysql.connect(unix_socket=socket, user="root") as connection:
        cursor = connection.cursor()
        cursor.execute(
            f"CREATE USER {USER}@{ports.ADDRESS!r} IDENTIFIED BY %s",
            (PASSWORD,),
        )
        for name in NAMES:
            # Glance takes no other; three bytes keep keys short enough.
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb3")
            cursor.execute(
                f"GRANT ALL ON {name}.* TO {USER}@{ports.ADDRESS!r}"
            )
