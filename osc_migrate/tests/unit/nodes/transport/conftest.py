import pytest

from osc_migrate.nodes.transport.shell import NodeLimits, Shell

# As /bin/sh on Debian, on Red Hat, and where there is little room.
SHELLS = (("dash",), ("bash",), ("bash", "--posix"), ("busybox", "sh"))


@pytest.fixture(params=SHELLS, ids="-".join)
def argv(request):
    return request.param


@pytest.fixture
def opened():
    """Makes shells, and closes them."""
    made = []

    def make(*argv, **limits):
        made.append(Shell(argv or ("sh",), "node1", NodeLimits(**limits)))
        return made[-1]

    yield make
    for shell in made:
        shell.close()


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Makes a program that is found before any other of its name."""

    def make(name, text):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
        return path

    return make
