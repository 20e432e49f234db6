"""Packages, sources and caches of a lab."""

import re
import threading
import time

import pytest

from testbed.nodes import LabError, cache, packages, sources


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(packages.NEEDED, "vm", ("bash", "no-such-package"))
    assert packages.missing("vm") == ["no-such-package"]
    monkeypatch.setattr(packages, "_APT", ("false",))
    with pytest.raises(LabError, match=r"missing.*: no-such-package"):
        packages.install("vm", print)


def test_sources_of_both_formats(tmp_path):
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text(
        "deb [signed-by=/k.gpg arch=amd64] http://one/ bookworm main contrib\n"
        "deb-src http://one/ bookworm main\n"
        "# deb http://off/ bookworm main\n"
        "deb http://else/ elsewhere-bookworm main\n"
    )
    (parts / "two.sources").write_text(
        "Types: deb deb-src\n# a comment\nURIs: http://two/\n"
        "Suites: bookworm-updates\n bookworm-security\nComponents: main\n"
        "Signed-By: /k.gpg\n\n"
        "Enabled: no\nTypes: deb\nURIs: http://off/\nSuites: bookworm\n"
        "Components: main\n"
    )
    assert sources.lines("bookworm", tmp_path) == [
        "deb [signed-by=/k.gpg arch=amd64] http://one/ bookworm main",
        "deb [signed-by=/k.gpg] http://two/ bookworm-updates main",
        "deb [signed-by=/k.gpg] http://two/ bookworm-security main",
    ]
    with pytest.raises(LabError, match="no package source for trixie"):
        sources.lines("trixie", tmp_path)


def test_an_entry_of_the_cache_is_made_once(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = []

    def make(path):
        made.append(path)
        (path / "half").touch()
        time.sleep(0.3)
        (path / "half").rename(path / "whole")

    def take():
        assert (cache.entry("thing", make) / "whole").exists()

    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_what_could_not_be_made_leaves_no_entry(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(ZeroDivisionError):
        cache.entry("thing", lambda path: 1 / 0)
    assert [p.name for p in cache.root().iterdir()] == ["thing.lock"]
    assert re.fullmatch("[0-9a-f]{16}", cache.key({"b": 1, "a": 2}))
    assert cache.key({"a": 2, "b": 1}) == cache.key({"b": 1, "a": 2})
