"""Whatever lies where a file is to be written, and any user who placed it."""

import errno
import os
import pathlib
import resource
import stat
import subprocess
import sys

import pytest

from osc_migrate import private_files
from osc_migrate.commands import junit
from osc_migrate.errors import MigrateError
from osc_migrate.maintenance.running.journal import Journal, JournalError, runs
from osc_migrate.maintenance.running.lock import Lock


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


@pytest.fixture
def umask():
    before = os.umask(0o777)
    yield
    os.umask(before)


def test_only_its_user_may_read_it(tmp_path, umask):
    private_files.write(tmp_path / "new", "text")
    private_files.write(str(tmp_path / "script"), b"bytes", 0o700)
    assert mode(tmp_path / "new") == 0o600
    assert mode(tmp_path / "script") == 0o700
    assert (tmp_path / "script").read_bytes() == b"bytes"
    assert sorted(os.listdir(tmp_path)) == ["new", "script"]


def test_one_that_others_could_read_becomes_private(tmp_path):
    path = tmp_path / "old"
    path.write_text("old")
    path.chmod(0o644)
    with path.open() as reader:
        private_files.write(path, "new")
        # Who has the old one open sees nothing of the new one.
        assert reader.read() == "old"
    assert (path.read_text(), mode(path)) == ("new", 0o600)


@pytest.mark.parametrize("target", ["precious", "missing"])
def test_a_link_is_not_followed(tmp_path, target):
    (tmp_path / "precious").write_text("old")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / target)
    with pytest.raises(OSError, match="symbolic link"):
        private_files.write(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "precious").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["link", "precious"]


def test_another_name_of_a_file_keeps_its_content(tmp_path):
    (tmp_path / "precious").write_text("old")
    os.link(tmp_path / "precious", tmp_path / "facts")
    private_files.write(tmp_path / "facts", "new")
    assert (tmp_path / "precious").read_text() == "old"


def test_what_is_no_file_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "directory").mkdir()
    for name in ("pipe", "directory"):
        with pytest.raises(OSError, match="not a regular file"):
            private_files.write(tmp_path / name, "new")
    with pytest.raises(OSError, match="directory"):
        private_files.write("/", "new")
    assert sorted(os.listdir(tmp_path)) == ["directory", "pipe"]


def test_streams_are_written_to(tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from osc_migrate import private_files as p;"
            "p.write('/dev/stdout', 'one '); p.write('/dev/fd/1', 'two');"
            "p.write('/dev/null', 'three')",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "one two"


@pytest.fixture
def full_disk():
    """As one that takes no more: 4096 bytes a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_the_old_one(tmp_path, full_disk):
    path = tmp_path / "facts"
    path.write_text("old")
    with pytest.raises(OSError) as caught:
        private_files.write(path, "x" * 5000)
    assert caught.value.errno == errno.EFBIG
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["facts"]


def test_an_interrupt_leaves_the_old_one(tmp_path, monkeypatch):
    def interrupted(_number):
        raise KeyboardInterrupt

    (tmp_path / "facts").write_text("old")
    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        private_files.write(tmp_path / "facts", "new")
    assert (tmp_path / "facts").read_text() == "old"
    assert os.listdir(tmp_path) == ["facts"]


def test_a_directory_that_does_not_exist(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none/facts'$"):
        private_files.write(tmp_path / "none" / "facts", "new")


# -- directories


def test_a_new_directory_is_private_with_its_parents(tmp_path):
    private_files.make_directory(tmp_path / "a" / "b")
    private_files.make_directory(tmp_path / "a" / "b")
    assert mode(tmp_path / "a") == mode(tmp_path / "a" / "b") == 0o700


@pytest.mark.parametrize("bits", [0o777, 0o770, 0o702, 0o1777])
def test_one_that_others_may_write_in_is_refused(tmp_path, bits):
    tmp_path.chmod(bits)
    with pytest.raises(OSError, match="other users may write in it"):
        private_files.make_directory(tmp_path)
    with pytest.raises(JournalError, match="chmod go-w"):
        Journal.create(tmp_path)
    with pytest.raises(JournalError, match="other users may write"):
        Journal.open(tmp_path, place_journal(tmp_path))
    with pytest.raises(JournalError, match="other users may write"):
        runs(tmp_path)
    with pytest.raises(JournalError, match="other users may write"):
        Lock(tmp_path, "cloud", "HostB").take("run")


def test_one_of_another_user_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    os.chown(tmp_path, 4711, -1) if os.getuid() == 0 else None
    with pytest.raises(OSError, match="belongs to another user"):
        private_files.make_directory(tmp_path)


def test_a_link_to_a_directory_is_refused(tmp_path):
    (tmp_path / "real").mkdir(0o700)
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(JournalError, match="symbolic link"):
        Journal.create(tmp_path / "link")


def place_journal(where):
    name = "20261124-170000-abcd"
    (where / f"{name}.sqlite").touch(0o600)
    return name


# -- journals and locks


def test_a_journal_behind_a_link_is_not_read(tmp_path):
    where, elsewhere = tmp_path / "runs", tmp_path / "elsewhere"
    made = Journal.create(elsewhere)
    made.close()
    where.mkdir(0o700)
    (where / made.path.name).symlink_to(made.path)
    with pytest.raises(JournalError, match="symbolic link"):
        Journal.open(where, made.run)


def test_a_journal_that_others_may_write_is_not_read(tmp_path):
    made = Journal.create(tmp_path / "runs")
    made.close()
    made.path.chmod(0o622)
    with pytest.raises(JournalError, match="other users may write it"):
        Journal.open(tmp_path / "runs", made.run)


@pytest.mark.parametrize("place", [os.symlink, lambda _, p: os.mkfifo(p)])
def test_a_lock_is_a_file_of_ours(tmp_path, place):
    where, precious = tmp_path / "runs", tmp_path / "precious"
    precious.write_text("old")
    lock = Lock(where, "cloud", "HostB")
    lock.take("run")
    lock.give()
    (path,) = where.iterdir()
    path.unlink()
    place(precious, path)
    with pytest.raises(JournalError, match="cannot be locked"):
        lock.take("run")
    assert precious.read_text() == "old"


def test_junit_is_written_the_same_way(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic link"):
        junit.write(str(tmp_path / "link"), "suite", [])
    junit.write(str(tmp_path / "new"), "suite", [])
    assert mode(tmp_path / "new") == 0o600


def test_a_full_disk_is_an_error_with_words(tmp_path, full_disk):
    from osc_migrate.nodes import survey_file
    from osc_migrate.nodes.answers import Answer
    from osc_migrate.nodes.collect import Survey
    from osc_migrate.nodes.role import Role

    survey = Survey(
        {"HostB": Role.COMPUTE},
        {"HostB": {"a": Answer(0, "x" * 9000, "")}},
        {},
    )
    with pytest.raises(MigrateError, match="File too large"):
        survey_file.write(str(tmp_path / "facts"), survey)
    assert list(pathlib.Path(tmp_path).iterdir()) == []
