"""Attacks on the scripts that root is to run, one by one."""

import dataclasses
import os
import shutil
import subprocess

import pytest

from osc_migrate.checks import script
from osc_migrate.checks.check import Problem
from osc_migrate.checks.findings import Finding, Fix, Status, allowed
from osc_migrate.nodes import remedies
from osc_migrate.nodes.node_check import of_cluster, of_pair
from osc_migrate.nodes.node_checks import judge_nodes, pairs_of
from osc_migrate.nodes.role import Role
from osc_migrate.tests.unit.nodes.shapes import accounts, node, storage
from osc_migrate.text import command


def scripts(*fixes, detail="broken"):
    return remedies.scripts(
        [Finding("a-check", "HostC", Status.FAIL, detail, fixes=fixes)]
    )


def of_all(every):
    return remedies.scripts(judge_nodes(every, {}, pairs_of(every)))


def mounting(name, path, client, target=storage.PATH):
    """A node that says it mounts that, as that client."""
    source = f"HostA:{path}"
    mount = storage.mount(
        source=source, target=target, options=("rw", f"clientaddr={client}")
    )
    entry = dataclasses.replace(storage.ENTRY, source=source, target=target)
    return node(name, storage=storage.healthy(name, mount=mount, entry=entry))


def server(**changes):
    return node("HostA", Role.STORAGE, storage=storage.serving(**changes))


@pytest.mark.parametrize("path", ["/etc", "/srv/x/../../etc", "/root/.ssh"])
@pytest.mark.parametrize("client", ["*", "10.77.0.13", "10.0.0.0/8"])
def test_a_compute_node_has_nothing_else_exported(path, client):
    every = [
        server(exports=(), configured=()),
        node("HostB"),
        mounting("HostC", path, client),
    ]
    assert "HostA" not in of_all(every)


def test_most_nodes_that_say_so_export_no_directory_of_the_system():
    every = [
        server(exports=(), configured=()),
        mounting("HostB", "/etc", "10.77.0.12"),
        mounting("HostC", "/etc", "10.77.0.13"),
    ]
    assert "HostA" not in of_all(every)


def test_a_file_server_gives_no_other_directory_away():
    for path in ("/etc", "/../../etc", "/srv/../etc"):
        places = storage.way(0)
        every = [
            server(),
            *(
                mounting(name, path, address).but(
                    storage=storage.healthy(
                        name,
                        places=places,
                        mount=storage.mount(source=f"HostA:{path}"),
                    )
                )
                for name, address in (
                    ("HostB", "10.77.0.12"),
                    ("HostC", "10.77.0.13"),
                )
            ),
        ]
        lines = of_all(every).get("HostA", "")
        assert "chown -h -- 64060:64060 /etc" not in lines
        assert ".." not in lines.split("a-check")[-1].split("chown -h --")[-1]


def test_two_nodes_that_mount_a_file_of_cron_write_no_fstab():
    evil = mounting("HostB", "/evil", "10.77.0.12", "/etc/cron.d")
    alone = storage.healthy("HostC", mount=storage.LOCAL, entry=None)
    assert "HostC" not in of_all([evil, node("HostC", storage=alone)])


def test_no_node_becomes_root_by_its_number():
    nova = accounts.NOVA.but(uid=0)
    liar = node("HostB", accounts=accounts.healthy("HostB", nova=nova))
    found = of_all([liar, node("HostC")]).get("HostC", "")
    assert "usermod -u 0" not in found


@pytest.mark.parametrize(
    "unit",
    [
        "x$(touch pwn)nova.service",
        "nova.service; touch pwn",
        "--force.service",
        "nova.mount",
        "a b.service",
        "nova\n.service",
    ],
)
def test_a_name_that_is_no_unit_stands_in_no_script(unit):
    for fix in (
        Fix("HostC", (), (unit,)),
        Fix("HostC", (command("systemctl", "enable", "--now", unit),)),
    ):
        if unit == "nova.service; touch pwn" and fix.lines:
            assert "'nova.service; touch pwn'" in fix.lines[0]
        assert fix.refused
        assert not scripts(fix)
        assert "touch" not in str(fix)


def test_a_line_is_text_and_fixes_that_rest_on_others_are_vouched_for():
    with pytest.raises(TypeError, match="not text"):
        Fix("HostC", (script.Uid(700),))
    alone = Fix("HostC", ("true",), rests_on=("HostB",))
    assert not scripts(alone)
    assert str(alone) == (
        "on HostC: change it by hand; it rests on what only HostB says"
    )
    assert scripts(Fix("HostC", ("true",), rests_on=("HostC",)))
    for vouched in (True, "yes", 1):
        assert not scripts(
            Fix("HostC", ("true",), rests_on=("HostB",), vouched=vouched)
        )


def resting(line, vouched):
    return Fix("HostC", (line,), rests_on=("HostB",), vouched=vouched)


def test_what_was_vouched_for_is_what_is_written():
    address = script.HostAddress("10.77.0.12")
    vouched = script.by_type(address)
    assert scripts(resting(command("true", address), vouched))
    other = resting(command("true", "10.66.6.6"), vouched)
    assert other.refused == (
        "it writes another word than the one that was checked"
    )
    assert not scripts(other)


def test_only_these_functions_vouch():
    with pytest.raises(TypeError, match="by_majority"):
        script.Vouched(object(), ())
    with pytest.raises(TypeError, match="may be misused"):
        script.by_type("10.77.0.12")
    with pytest.raises(TypeError, match="DataPath may be misused"):
        script.by_type(script.DataPath("/srv/x"))
    with pytest.raises(script.UnsafeText):
        script.by_default("/etc", "/var/lib/nova/instances")
    values = {"HostB": "/srv/x", "HostC": "/srv/y"}
    for few in (values, values | {"HostD": "/srv/z"}):
        with pytest.raises(script.UnsafeText, match="only HostB says"):
            script.by_majority(few, "/srv/x")
    most = script.by_majority(values | {"HostD": "/srv/x"}, "/srv/x")
    both = most + script.by_type(script.Uid(700))
    assert both.stands_in(("chown 700 /srv/x",))
    assert not both.stands_in(("chown 0 /srv/x",))


@pytest.mark.parametrize("scope", [of_pair, of_cluster])
def test_a_check_of_several_nodes_states_whose_word_a_fix_rests_on(scope):
    def judge(fix):
        def a_check(_facts):
            """It passes."""
            raise Problem("broken", "", fix)

        class Subject:
            name = "x"

        return scope()(a_check).run(Subject())

    silent = judge(Fix("HostC", ("touch pwn",)))
    assert not remedies.scripts([silent])
    assert "touch" not in silent.remedy
    assert "does not state whose word" in silent.remedy
    assert remedies.scripts([judge(Fix("HostC", ("true",), rests_on=()))])


@pytest.mark.parametrize("odd", ["\x1b[2J", "\u202e", "\u2066", "\n", "\x9b"])
def test_what_steers_a_terminal_is_in_no_line_and_no_comment(odd):
    assert not scripts(Fix("HostC", (command("true", f"a{odd}b"),)))
    found = scripts(Fix("HostC", ("true",)), detail=f"a{odd}touch pwn")
    assert "\ntouch pwn" not in found["HostC"]
    assert found["HostC"].replace("\n", "").replace("\t", "").isprintable()


def test_a_comment_of_a_script_holds_no_secret():
    found = scripts(Fix("HostC", ("true",)), detail="password = Hunter2z")
    assert "Hunter2z" not in found["HostC"]
    assert "# a-check: password = ***" in found["HostC"]


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        (script.DataPath, "/"),
        (script.DataPath, "/etc"),
        (script.DataPath, "/etc/cron.d"),
        (script.DataPath, "/var/lib"),
        (script.DataPath, "/var/lib/nova"),
        (script.DataPath, "/var/lib/dpkg/info"),
        (script.DataPath, "/var/spool/cron"),
        (script.DataPath, "/srv"),
        (script.DataPath, "/srv/x/../../etc"),
        (script.DataPath, "/srv//x"),
        (script.DataPath, "//etc/x"),
        (script.DataPath, "/srv/x\\012y"),
        (script.DataPath, "/srv/a b"),
        (script.DataPath, "/srv/a#b"),
        (script.DataPath, "srv/x"),
        (script.DataPath, "/home/nova/.ssh"),
        (script.HostAddress, "*"),
        (script.HostAddress, "10.0.0.0/8"),
        (script.HostAddress, "0.0.0.0"),
        (script.HostAddress, "127.0.0.1"),
        (script.HostAddress, "fe80::1%eth0"),
        (script.HostName, "*.example"),
        (script.HostName, "-oProxyCommand=x"),
        (script.HostName, "a,b"),
        (script.NetworkArgument, "0.0.0.0/0"),
        (script.PublicKey, 'command="x" ssh-ed25519 AAAAbbbb'),
        (script.PublicKey, "ssh-ed25519 AAAAbbbb\nssh-rsa AAAAbbbb"),
        (script.ExportOptions, ("rw", "evil")),
        (script.ExportOptions, ("rw) *(rw",)),
        (script.Uid, 0),
        (script.Uid, 65534),
        (script.PortArgument, 0),
        (script.PortArgument, 65536),
        (script.Mtu, 68),
    ],
)
def test_what_a_type_refuses(kind, bad):
    with pytest.raises(script.UnsafeText):
        kind(bad)
    words = allowed("HostC", lambda: Fix("HostC", (str(kind(bad)),)))
    assert words.refused
    assert not scripts(words)


@pytest.mark.parametrize(
    ("kind", "good"),
    [
        (script.DataPath, "/var/lib/nova/instances"),
        (script.DataPath, "/srv/instances"),
        (script.DataPath, "/instances"),
        (script.DataPath, "/var/lib/docker/volumes/nova/_data/instances"),
        (script.HostAddress, "10.77.0.13"),
        (script.HostAddress, "2001:db8::1"),
        (script.HostName, "compute-1.example"),
        (script.UnitArgument, "openstack-nova-compute.service"),
        (script.UnitArgument, "virtqemud-tls.socket"),
        (script.UnitArgument, "iscsid"),
        (script.PublicKey, "ssh-ed25519 AAAAC3NzaC1lZDI1 nova@HostB"),
        (script.ExportOptions, ("rw", "fsid=0", "no_root_squash")),
    ],
)
def test_what_a_type_takes(kind, good):
    assert kind(good) == good


@pytest.fixture
def stubs(tmp_path, monkeypatch):
    """Commands of root that only say what they were given."""
    directory = tmp_path / "stubs"
    directory.mkdir()
    log = tmp_path / "log"
    log.touch()
    for name in ("chown", "systemctl", "mount", "usermod"):
        file = directory / name
        file.write_text(f'#!/bin/sh\nprintf "%s\\n" "{name} $*" >>{log}\n')
        file.chmod(0o755)
    # As setpriv, without a change of user: what it is given is noted.
    file = directory / "setpriv"
    file.write_text(
        f'#!/bin/sh\nprintf "setpriv %s\\n" "$1" >>{log}\n'
        'while [ "$1" != -- ]; do shift; done; shift; exec "$@"\n'
    )
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")
    return log


def run(*lines):
    text = scripts(Fix("HostC", lines))["HostC"]
    return subprocess.run(
        [shutil.which("dash") or "/bin/sh"],
        input=text,
        capture_output=True,
        text=True,
    )


def test_keys_are_written_with_the_rights_of_nova(stubs, tmp_path):
    file = tmp_path / "home" / ".ssh" / "authorized_keys"
    line = command("user_line_add", "root", file, "ssh-ed25519 AAAAbbbb")
    for _ in range(2):
        done = run(line)
        assert (done.returncode, done.stderr) == (0, "")
    assert file.read_text() == "ssh-ed25519 AAAAbbbb\n"
    assert file.stat().st_mode & 0o077 == 0
    assert set(stubs.read_text().splitlines()) == {"setpriv --reuid=0"}


def test_the_owner_changes_in_the_home_itself_only(stubs, tmp_path):
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    key = home / ".ssh" / "id_ed25519"
    key.touch()
    assert run(command("home_own", "nova", home, key)).returncode == 0
    assert stubs.read_text() == "chown -h nova: ./id_ed25519\n"


@pytest.mark.parametrize("how", ["link", "hard link", "directory", "outside"])
def test_the_owner_of_what_nova_links_to_stays(stubs, tmp_path, how):
    home, root = tmp_path / "home", tmp_path / "root"
    (root / ".ssh").mkdir(parents=True)
    victim = root / ".ssh" / "authorized_keys"
    victim.touch()
    home.mkdir()
    file = home / ".ssh" / "authorized_keys"
    if how == "directory":
        (home / ".ssh").symlink_to(root / ".ssh")
    elif how == "outside":
        file = victim
    else:
        file.parent.mkdir()
        os.symlink(victim, file) if how == "link" else os.link(victim, file)
    run(command("home_own", "nova", home, file))
    assert stubs.read_text() == ""


def test_no_directory_is_made_behind_a_link(stubs, tmp_path):
    (tmp_path / "instances").symlink_to(tmp_path / "etc")
    done = run(command("directory", "nova", tmp_path / "instances"))
    assert done.returncode == 1
    assert "is a link" in done.stderr
    assert not (tmp_path / "etc").exists()
    assert stubs.read_text() == ""


@pytest.mark.parametrize("known_as", ["evil.example", "HostC"])
def test_a_client_has_the_address_of_its_own_name(known_as):
    """HostC chooses which names other nodes look up for it."""
    liar = mounting("HostC", "/srv/instances", "10.66.6.6")
    honest = mounting("HostB", "/srv/instances", "10.77.0.12")
    reach = dataclasses.replace(
        honest.reach["HostC"], names={known_as: ("10.66.6.6",)}
    )
    every = [
        server(exports=(), configured=()),
        honest.but(reach={**honest.reach, "HostC": reach}),
        liar,
    ]
    found = of_all(every).get("HostA", "")
    assert ("10.66.6.6(rw" in found) is (known_as == "HostC")


def test_a_line_without_end_is_left_to_a_person():
    long = Fix("HostC", (f"line_add /etc/hosts {'x' * 60_000}",))
    assert long.refused == "a name or a path there is too long"
    assert "x" * 100 not in str(long)
    assert Fix("HostC", (f"line_add /etc/hosts {'x' * 9_000}",)).refused == ""
