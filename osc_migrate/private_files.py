"""Private files and directories of the user: the only module that writes.

The files may name servers, hosts and configuration, and scripts are run as
root later. A file is therefore either complete or absent, only its user can
read it, and symbolic links, which another user may have placed, are never
followed.

All functions raise :class:`OSError` with a readable ``strerror``.
"""

import contextlib
import errno
import os
import pathlib
import secrets
import stat
from collections.abc import Iterator

_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC
# Streams, written to directly, by their exact names: other users cannot
# place a file there.
_STREAMS = {"/dev/stdout": 1, "/dev/stderr": 2}
_DEVICES = ("/dev/null", "/dev/tty")


def write(
    path: str | os.PathLike[str], data: str | bytes, mode: int = 0o600
) -> None:
    """Replace the file atomically; the old one is kept until then.

    :param mode: mode of the file, even if it existed with another one.
    :raises OSError: not writable, a link, or not a regular file.
    """
    content = data.encode() if isinstance(data, str) else data
    target = pathlib.Path(path)
    if stream := _stream(os.fspath(path)):
        with stream as number:
            _write_all(number, content)
        return
    if target.name in ("", ".."):
        raise _refused(errno.EISDIR, "it is a directory", target)
    try:
        with _opened_directory(target.parent) as directory:
            _require_replaceable(target, directory)
            _replace(target.name, directory, content, mode)
    except OSError as error:
        # Name the target, not the temporary file or the directory.
        raise OSError(error.errno, error.strerror, str(target)) from error


def make_directory(path: pathlib.Path) -> None:
    """Create a private directory and its parents, or check an existing one.

    :raises OSError: it cannot be created, or others may write to it.
    """
    missing = []
    place = path
    while not os.path.lexists(place):
        missing.append(place)
        place = place.parent
    for new in reversed(missing):
        # Another run may have created it meanwhile.
        with contextlib.suppress(FileExistsError):
            os.mkdir(new, 0o700)
    require_private_directory(path)


def require_private_directory(path: pathlib.Path) -> None:
    """:raises OSError: it is not a directory, or others may write to it."""
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        raise _refused(
            errno.ELOOP,
            "it is a symbolic link; name the directory itself",
            path,
        )
    if not stat.S_ISDIR(status.st_mode):
        raise _refused(errno.ENOTDIR, "it is not a directory", path)
    _require_owner(status, path)
    if status.st_mode & 0o022:
        raise _refused(
            errno.EPERM,
            "other users may write in it; run 'chmod go-w' on it,"
            " or name another directory",
            path,
        )


def open_private(path: pathlib.Path, flags: int) -> int:
    """Return the descriptor of a regular file of the user.

    :param flags: see :func:`os.open`; ``O_CREAT`` creates it with mode 0600.
    :raises OSError: a link, not a regular file, or writable by others.
    """
    try:
        # Without O_NONBLOCK, opening a named pipe would block.
        number = os.open(path, flags | _FLAGS | os.O_NONBLOCK, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _refused(
                errno.ELOOP, "it is a symbolic link", path
            ) from error
        raise
    try:
        status = os.fstat(number)
        if not stat.S_ISREG(status.st_mode):
            raise _refused(errno.EINVAL, "it is not a regular file", path)
        _require_owner(status, path)
        if status.st_mode & 0o022:
            raise _refused(errno.EPERM, "other users may write it", path)
    except OSError:
        os.close(number)
        raise
    return number


def require_private_file(path: pathlib.Path) -> None:
    """:raises OSError: see :func:`open_private`."""
    os.close(open_private(path, os.O_RDONLY))


def _require_owner(status: os.stat_result, path: pathlib.Path) -> None:
    # Root could change the file in any case.
    if status.st_uid not in (0, os.geteuid()):
        raise _refused(
            errno.EPERM, f"it belongs to another user ({status.st_uid})", path
        )


def _refused(number: int, reason: str, path: pathlib.Path) -> OSError:
    return OSError(number, reason, str(path))


def _stream(path: str) -> contextlib.AbstractContextManager[int] | None:
    number = _STREAMS.get(path)
    prefix, _, last = path.rpartition("/")
    # A shell's >(command).
    if prefix in ("/dev/fd", "/proc/self/fd") and last.isdecimal():
        number = int(last)
    if number is not None:
        return _closing(os.dup(number))
    if path in _DEVICES:
        return _closing(os.open(path, os.O_WRONLY | os.O_CLOEXEC))
    return None


@contextlib.contextmanager
def _closing(number: int) -> Iterator[int]:
    try:
        yield number
    finally:
        os.close(number)


def _opened_directory(
    path: pathlib.Path,
) -> contextlib.AbstractContextManager[int]:
    """Open a directory, to refer to it even if it is moved."""
    return _closing(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))


def _require_replaceable(target: pathlib.Path, directory: int) -> None:
    try:
        status = os.lstat(target.name, dir_fd=directory)
    except FileNotFoundError:
        return
    if stat.S_ISLNK(status.st_mode):
        raise _refused(
            errno.ELOOP, "it is a symbolic link; name the file itself", target
        )
    if not stat.S_ISREG(status.st_mode):
        raise _refused(errno.EINVAL, "it is not a regular file", target)


def _replace(name: str, directory: int, content: bytes, mode: int) -> None:
    new = f".osc-migrate-{secrets.token_hex(8)}.new"
    number = os.open(
        new,
        os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS,
        0o600,
        dir_fd=directory,
    )
    try:
        with _closing(number):
            _write_all(number, content)
            # Regardless of the umask.
            os.fchmod(number, mode)
            os.fsync(number)
        os.rename(new, name, src_dir_fd=directory, dst_dir_fd=directory)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(new, dir_fd=directory)
        raise
    # Some file systems do not support this; the file itself is complete.
    with contextlib.suppress(OSError):
        os.fsync(directory)


def _write_all(number: int, content: bytes) -> None:
    remaining = memoryview(content)
    while remaining:
        remaining = remaining[os.write(number, remaining) :]
