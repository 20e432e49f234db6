"""What nodes say of the instances directory, as recorded; and the question
itself, asked of this machine's shell."""

import pathlib
import subprocess
import time

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.storage import reading as storage

PATH = "/var/lib/nova/instances"
NFS = f"""\
#path
{PATH}
#root

#look
place|755|0|0|2|directory|root|root|/
place|755|0|0|11855|directory|root|root|/var
place|755|0|0|11873|directory|root|root|/var/lib
place|755|64060|64060|13429|directory|nova|nova|/var/lib/nova
place|755|64060|64060|13430|directory|nova|nova|{PATH}
space|131072|24119|18615|196608|183121
written|
passable|yes
#ended
0
#mounts
23 1 254:0 / / rw,noatime shared:1 - ext4 /dev/vda rw
229 23 0:41 / {PATH} rw,relatime shared:124 - nfs4 HostA:/ rw,vers=4.2,\
hard,clientaddr=10.77.0.13,addr=10.77.0.11
#fstab
HostA:/ {PATH} nfs4 _netdev,nofail 0 0
#unit
SourcePath=/etc/fstab
UnitFileState=generated

UnitFileState=
#end
"""
# Enforcing, a local filesystem with a blank in its name, a separate unit.
RED_HAT = f"""\
#path
{PATH}
#root

#look
place|755|0|0|64|directory|root|root|/
place|751|162|162|9|directory|nova|nova|{PATH}
space|4096|1000|10|0|0
label|system_u:object_r:var_lib_t:s0
occupied|
unwritten|mktemp: failed to create file via template 'x': Permission denied
passable|no
#ended
0
#mounts
61 1 253:0 / / rw,relatime shared:1 - xfs /dev/mapper/rhel-root rw
90 61 8:1 / /var/lib/nova rw shared:2 - xfs /dev/disk\\040one ro,seclabel
#fstab
#unit
UnitFileState=enabled

#selinux
Enforcing
#wanted
system_u:object_r:nova_var_lib_t:s0
#booleans
virt_use_nfs --> off
virt_use_fusefs --> on
#end
"""


def read(text, status=0):
    answers = {"storage.directory": Answer(status, text)}
    return storage.read(CommandOutput(answers, "storage"))


def test_nfs():
    found = read(NFS)
    assert found.answers and not found.trouble
    assert [p.path for p in found.places][-2:] == ["/var/lib/nova", PATH]
    assert (found.place.mode, found.place.uid) == (0o755, 64060)
    mount = found.mount
    assert (mount.source, mount.target, mount.fstype) == (
        "HostA:/",
        PATH,
        "nfs4",
    )
    assert (mount.server, mount.path) == ("HostA", "/")
    assert mount.shared and mount.nfs
    assert mount.option("addr") == "10.77.0.11"
    assert found.entry.options == ("_netdev", "nofail")
    assert found.missing is None
    # fstab's line is a unit, too: no separate proof.
    assert not found.unit
    assert found.stacked == 1
    assert found.space.size == 131072 * 24119
    assert (found.written, found.passable) == ("", True)
    assert not found.occupied and not found.contained


def test_red_hat():
    found = read(RED_HAT)
    assert found.mount.source == "/dev/disk one"
    assert "ro" in found.mount.options
    assert not found.mount.shared
    assert found.unit and found.entry is None
    assert found.written == "Permission denied"
    assert found.passable is False
    assert found.occupied
    assert (found.label, found.label_wanted) == (
        "var_lib_t",
        "nova_var_lib_t",
    )
    assert found.selinux == "Enforcing"
    assert found.booleans == {"virt_use_nfs": False, "virt_use_fusefs": True}


def test_not_mounted():
    mounts = "\n".join(
        line for line in NFS.splitlines() if not line.startswith("229 ")
    )
    assert read(mounts).missing.source == "HostA:/"


def test_a_hung_mount():
    text = f"#path\n{PATH}\n#root\n\n#look\n#ended\n124\n"
    found = read(text + NFS[NFS.index("#mounts") :])
    assert not found.answers
    assert found.mount.server == "HostA"
    for name in ("written", "passable", "space", "occupied"):
        with pytest.raises(Unread, match="does not answer"):
            getattr(found, name)


def test_a_stale_handle():
    row = f"place|755|64060|64060|13430|directory|nova|nova|{PATH}"
    bad = f"stat: cannot statx '{PATH}': Stale file handle"
    found = read(NFS.replace(row, bad))
    assert found.trouble == "Stale file handle"
    assert found.place is None


def test_a_stale_handle_that_only_the_server_knows_of():
    bad = f"stat: cannot read file system information for '{PATH}': Stale"
    found = read(NFS.replace("space|131072|24119|18615|196608|183121", bad))
    assert found.trouble == "Stale"


def test_what_is_not_there_is_no_trouble():
    row = f"place|755|64060|64060|13430|directory|nova|nova|{PATH}"
    bad = f"stat: can't stat '{PATH}': No such file or directory"
    found = read(NFS.replace(row, bad))
    assert found.trouble == ""
    assert found.place is None


def test_a_container():
    text = NFS.replace("#root\n\n", "#root\n/proc/7/root\n")
    for path in ("/var/lib/nova/instances", "/var/lib/nova", "/var/lib"):
        text = text.replace(f"|{path}\n", f"|/proc/7/root{path}\n")
    found = read(text)
    assert found.contained
    assert found.place.path == PATH
    assert found.missing is None


def test_mounts_on_top_of_each_other():
    line = f"9 8 0:1 / {PATH} rw - %s HostA:/i rw\n"
    auto = line % "autofs"
    gluster = line % "fuse.glusterfs"

    def stacked(*lines):
        text = NFS.replace("#fstab", "".join(lines) + "#fstab")
        return read("\n".join(x for x in text.splitlines() if x[:4] != "229 "))

    assert stacked(line % "nfs", auto, line % "nfs").stacked == 2
    assert stacked(auto, line % "nfs4").stacked == 1
    # libvirt would take the automounter for the filesystem.
    assert stacked(auto, gluster).stacked == 2
    assert stacked(auto, gluster).unit
    assert stacked(auto, gluster).mount.fstype == "fuse.glusterfs"


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("nfs4 HostA:/x", "nfs hosta:/x/", True),
        ("nfs4 HostA:/x", "nfs4 HostA:/y", False),
        ("nfs4 HostA:/x", "nfs4 HostB:/x", False),
        ("nfs4 [fd00::1]:/x", "nfs4 [fd00::1]:/x", True),
        # Any server of these will do.
        ("fuse.glusterfs HostA:/x", "fuse.glusterfs HostB:/x", True),
        ("ceph 10.0.0.1:6789,10.0.0.2:6789:/x", "ceph a@b.fs=/x", True),
        ("ceph a@b.fs=/x", "ceph a@b.fs=/y", False),
        ("ext4 /dev/sda", "ext4 /dev/sdb", False),
    ],
)
def test_one_directory_or_two(one, other, alike):
    mounts = []
    for text in (one, other):
        fstype, source = text.split()
        line = f"9 8 0:1 / {PATH} rw - {fstype} {source} rw\n#fstab"
        mounts.append(read(NFS.replace("#fstab", line)).mount)
    assert mounts[0].like(mounts[1]) is alike


@pytest.mark.parametrize(
    "noise",
    [
        "",
        "\0\x1b[2J\ufffd" * 1000,
        "#look\nplace|\nplace|9|x|y|z|a|b|c|d\nspace|1\nspace|a|b|c|d|e",
        "#mounts\n - \n1 2 3 - 4\n" + " - " * 20_000,
        "#fstab\n" + "a " * 50_000 + "\n#unit\n=\n\n\n=x\n#booleans\n --> ",
        "#mounts\n" + "\\777" * 10_000,
    ],
)
def test_hostile_answers(noise):
    begin = time.monotonic()
    with pytest.raises(Unread, match="incomplete"):
        read(noise)
    found = read(f"{noise}\n#ended\n0\n#end\n")
    for name in type(found).__dataclass_fields__:
        try:
            getattr(found, name)
        except Unread as unread:
            assert len(unread.reason) < 500
    assert time.monotonic() - begin < 5


def test_an_fstab_that_was_not_read():
    found = read(NFS.replace("#unit", "#no fstab\n#unit"))
    with pytest.raises(Unread, match="fstab"):
        found.entry  # noqa: B018


@pytest.mark.parametrize(
    ("error", "fact"),
    [
        ("", "written"),
        ("", "passable"),
        ("stat: cannot statx 'x': Permission denied\n", "trouble"),
    ],
)
def test_what_only_root_can_try(error, fact):
    text = NFS.replace("written|\n", "").replace("passable|yes\n", "")
    text = text.replace("#ended", f"{error}#ended")
    getattr(read(text), fact)
    found = read(text.replace("#look", "#look\nrootless|"))
    with pytest.raises(Unread, match="by root only"):
        getattr(found, fact)


def test_nothing_of_stat_is_not_no_trouble():
    lines = [x for x in NFS.splitlines() if not x.startswith("place|")]
    with pytest.raises(Unread, match="stat"):
        read("\n".join(lines)).answers  # noqa: B018


def ask(path, shell, **options):
    config = Config((), {("DEFAULT", "instances_path"): str(path)})
    asked = storage.questions(
        config, "compute", read_only=options.get("read_only", False)
    )
    text = asked["directory"].text
    # Of this machine, where other tests may run one.
    assert "/proc/[0-9]*/comm" in text
    text = text.replace("/proc/[0-9]*/comm", "/nowhere/comm")
    done = subprocess.run(
        [*shell, "-c", 'eval "$0"', text],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )
    return read(done.stdout, done.returncode)


@pytest.mark.parametrize("shell", [["dash"], ["bash"], ["bash", "--posix"]])
def test_the_question_in_a_shell(shell, tmp_path):
    path = tmp_path / "it's $(a) directory"
    path.mkdir()
    server = "11111111-2222-3333-4444-555555555555"
    (path / server).mkdir()
    found = ask(path, shell)
    assert found.path == str(path)
    assert found.place.inode == path.stat().st_ino
    assert found.occupied
    assert found.mount.target
    assert found.space.free > 0
    assert [one.name for one in path.iterdir()] == [server]


def test_the_question_of_what_is_not_there():
    found = ask("/none/of these", ["sh"])
    assert found.answers and not found.trouble
    assert found.place is None
    assert [place.path for place in found.places] == ["/"]


def test_read_only_writes_nothing():
    config = Config((), {})
    for read_only in (True, False):
        asked = storage.questions(config, "compute", read_only=read_only)
        assert ("mktemp" in asked["directory"].text) is not read_only


def test_no_question_makes_a_file_outlive_it():
    text = pathlib.Path(storage.__file__).read_text()
    assert text.count("mktemp") == text.count('trap "rm -f')
