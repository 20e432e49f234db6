"""Databases: made once with the services' own migrations, then copied.

Running every migration of these services takes longer than starting them.
The result is always the same, so it is kept as a template: SQLite files
without any port or path, below a directory named by a hash of everything
that can change them.  What does hold ports and paths (the cell mapping, the
catalogue) is written into the copy at each start, before the service runs.
"""

import hashlib
import importlib.metadata
import os
import pathlib
import sqlite3
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing

_HERE = pathlib.Path(__file__).parent
#: our modules that write rows into a template
_WRITERS = (
    "databases.py",
    "catalogue.py",
    "neutron_schema.py",
    "nova_schema.py",
    "schemas.py",
)
#: packages whose migrations or bootstrap make a template
_PACKAGES = (
    "nova",
    "keystone",
    "glance",
    "openstack-placement",
    "neutron",
    "neutron-lib",
    "oslo.db",
    "alembic",
    "sqlalchemy",
    "os-traits",
    "os-resource-classes",
)


def cache() -> pathlib.Path:
    """Where the templates for these versions are kept."""
    digest = hashlib.sha256()
    for name in _PACKAGES:
        version = importlib.metadata.version(name)
        digest.update(f"{name}=={version}\n".encode())
    for name in _WRITERS:
        digest.update((_HERE / name).read_bytes())
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return (
        pathlib.Path(base) / "osc-migrate" / "cloud" / digest.hexdigest()[:16]
    )


def copy(source: pathlib.Path, target: pathlib.Path) -> None:
    """Copy a database; the target appears whole or not at all."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    os.close(handle)
    try:
        with (
            closing(sqlite3.connect(source)) as old,
            closing(sqlite3.connect(name)) as new,
        ):
            old.backup(new)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def execute(
    url: str, statements: Sequence[tuple[str, Mapping[str, object]]]
) -> None:
    """Run (statement, parameters) pairs in one transaction.

    :param url: of the database, as SQLAlchemy takes it
    """
    import sqlalchemy

    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        for statement, parameters in statements:
            connection.execute(sqlalchemy.text(statement), parameters)


def ensure(
    directory: pathlib.Path,
    names: Sequence[str],
    build: Callable[[], None],
    use_cache: bool = True,
) -> None:
    """Have the databases ready: kept from before, copied, or built.

    :param build: runs the migrations; it is called in a forked child, so
        that what they load and register does not stay in the service
    """
    paths = [directory / f"{name}.db" for name in names]
    done = _flag(directory, names[0])
    if done.exists():
        return
    for path in paths:  # left over from a start that was interrupted
        for leftover in directory.glob(f"{path.name}*"):
            leftover.unlink()
    templates = [cache() / path.name for path in paths]
    if use_cache and all(template.is_file() for template in templates):
        for template, path in zip(templates, paths, strict=True):
            copy(template, path)
    else:
        for path in paths:
            with closing(sqlite3.connect(path)) as connection:
                # Readers then never wait for a writer, nor it for them.
                connection.execute("PRAGMA journal_mode = WAL")
        _in_child(build)
        cache().mkdir(parents=True, exist_ok=True)
        for template, path in zip(templates, paths, strict=True):
            copy(path, template)
    done.touch()


def made_elsewhere(directory: pathlib.Path, name: str) -> None:
    """Let :func:`ensure` know that a database server has these already."""
    _flag(directory, name).touch()


def _flag(directory: pathlib.Path, name: str) -> pathlib.Path:
    return directory / f".{name}-ready"


def _in_child(build: Callable[[], None]) -> None:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            build()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
        # The child has said why; a second traceback would only hide that.
        sys.exit("the database migrations failed, see above")
