"""Of the options of mounts, only those that are listed leave a node."""

import shutil
import subprocess

import pytest

from osc_migrate.checks.script import UnsafeText
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.storage import mount_options, reading
from osc_migrate.tests.unit.nodes.shells import SHELLS
from osc_migrate.tests.unit.nodes.storage.test_reading import read

AWKS = [
    argv
    for argv in (["mawk"], ["gawk", "--posix"], ["busybox", "awk"])
    if shutil.which(argv[0])
]
SECRET = "Tr0ub4dor"
LISTS = (
    f"secret={SECRET}",
    f"name=admin,secret={SECRET}",
    f"secretfile=/etc/{SECRET}",
    f"password={SECRET}",
    f"password2={SECRET}",
    f"pass={SECRET},username=u",
    f"passwd={SECRET}",
    f"PASSWORD={SECRET}",
    f"credentials=/root/{SECRET}",
    f"cred=/root/{SECRET}",
    f"user={SECRET}%pw,username={SECRET}",
    f"password=a,{SECRET}",
    f"password={SECRET},{SECRET},,{SECRET}=",
    f"key={SECRET},encryptionkey={SECRET}",
    f"token={SECRET},new_option_of_2031={SECRET}",
    f"x-systemd.requires={SECRET}",
    f"{SECRET}",
    f"rw;{SECRET}",
    f"ro={SECRET};x",
    f"vers=4.2\\040{SECRET}",
    f"=,={SECRET}",
)
SOURCES = (
    f"//admin:{SECRET}@nas/share",
    f"//admin:{SECRET}@x@nas/share",
    f"https://admin:{SECRET}@nas/dav",
    f"https://nas/dav?token={SECRET}",
    f"admin:{SECRET}@nas:/share",
)


@pytest.mark.parametrize("awk", AWKS, ids=lambda argv: argv[0])
def test_only_listed_options_are_left(awk):
    program = mount_options.AWK + "{ print source($1), kept($2) }"
    lines = [
        *(f"HostA:/ {text}" for text in LISTS),
        *(f"HostA:/ rw,{text},hard" for text in LISTS),
        *(f"{text} rw" for text in SOURCES),
        "HostA:/ rw,vers=4.2,hard,addr=10.77.0.11,_netdev",
        "HostA:/ defaults",
        "[fd00::1]:/x@y rw",
        "admin@fsid.fs=/x ro",
        "10.0.0.1:6789,10.0.0.2:6789:/x ro",
    ]
    done = subprocess.run(
        [*awk, program],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert SECRET not in done.stdout
    out = done.stdout.splitlines()
    assert out[-5:] == lines[-5:]
    for line in out[: len(LISTS)]:
        assert line.endswith(mount_options.WITHHELD)
    for line in out[len(LISTS) : 2 * len(LISTS)]:
        assert line.split()[1].startswith("rw,")
        assert line.endswith(f"hard,{mount_options.WITHHELD}")


@pytest.mark.parametrize("shell", SHELLS, ids=lambda argv: argv[0])
def test_no_secret_of_fstab_or_the_mount_table_leaves_the_node(
    shell, tmp_path
):
    path = tmp_path / "instances"
    path.mkdir()
    fstab, table = tmp_path / "fstab", tmp_path / "mountinfo"
    shapes = [
        (source, options)
        for options in LISTS
        for source in ("10.0.0.1:6789:/", *SOURCES)
    ]
    fstab.write_text(
        "".join(
            f"# {SECRET}\n{source} {path} ceph rw,{options} 0 0 # {SECRET}\n"
            f"{source} {tmp_path}/ ceph {options}\n"
            f"{SECRET} {path}\n{SECRET} none swap sw 0 0\n"
            for source, options in shapes
        )
    )
    table.write_text(
        "".join(
            f"2 1 0:4 /{SECRET} {path} rw,{options} shared:1 - ceph"
            f" {source} rw,{options},hard\n"
            for source, options in shapes
        )
    )
    answer = _ask(shell, path, fstab, table)
    assert SECRET not in answer
    found = read(answer)
    assert found.stacked == len(shapes)
    assert found.mount.target == found.entry.target == str(path)
    assert "hard" in found.mount.options
    assert mount_options.WITHHELD in found.mount.options
    assert mount_options.WITHHELD in found.entry.options


def _ask(shell, path, fstab, table):
    """What the question's end says, which reads the two tables."""
    config = Config((), {("DEFAULT", "instances_path"): str(path)})
    asked = reading.questions(config, "compute", read_only=True)
    text = asked["directory"].text.replace("/etc/fstab", str(fstab))
    text = text.replace("/proc/${pid:-self}/mountinfo", str(table))
    _, mark, end = text.partition("# A link on the way")
    assert mark
    done = subprocess.run(
        [*shell, "-c", f"path={path}; root=; pid=\n{mark}{end}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return f"#path\n{path}\n#look\n#ended\n0\n{done.stdout}"


@pytest.mark.parametrize(
    "options",
    [
        ("rw", "..."),
        ("suid",),
        ("exec",),
        ("dev",),
        ("user",),
        ("x-systemd.requires=/evil",),
        ("rw evil",),
        ("vers=4.2\\012",),
        ("errors=remount,ro",),
        ("nofail\n",),
    ],
)
def test_no_script_writes_these_options(options):
    with pytest.raises(UnsafeText):
        mount_options.option_list(options)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "/etc/shadow",
        "/dev/../etc/x",
        "HostA:/../etc",
        "HostA:/a b",
        "HostA:/a\\012b",
        "-o:/x",
        "a,b:/x",
        "//u:***@nas/x",
        "https://nas/x",
    ],
)
def test_no_script_mounts_these_sources(source):
    with pytest.raises(UnsafeText):
        mount_options.source(source)


@pytest.mark.parametrize(
    "source",
    ["/dev/disk/by-uuid/1-2", "HostA:/", "HostA:/x", "[fd00::1]:/x", "tag_1"],
)
def test_what_a_script_mounts(source):
    assert mount_options.source(source) == source
