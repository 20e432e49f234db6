"""Remedy scripts, run by real shells on files."""

import shutil
import subprocess

import pytest

from osc_migrate.checks.findings import Finding, Fix, Status
from osc_migrate.nodes import remedies
from osc_migrate.text import command

SHELLS = [
    words
    for words in (["dash"], ["bash"], ["busybox", "sh"])
    if shutil.which(words[0])
]


def finding(*fixes, check="a-check", detail="broken"):
    return Finding(check, "HostC", Status.FAIL, detail, fixes=fixes)


def script(*lines, restart=()):
    return remedies.scripts([finding(Fix("HostC", lines, restart))])["HostC"]


@pytest.fixture(params=SHELLS, ids=lambda words: words[0])
def run(request):
    def runs(text):
        done = subprocess.run(
            [*request.param, "-s"],
            input=text,
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, "")

    return runs


INI = "[DEFAULT]\nhost = HostC\n\n[vnc]\nserver_listen=10.0.0.3\n[libvirt]\n"


@pytest.mark.parametrize(
    ("section", "option", "value", "after"),
    [
        (
            *("vnc", "server_listen", "0.0.0.0"),
            INI.replace("server_listen=10.0.0.3", "server_listen = 0.0.0.0"),
        ),
        ("libvirt", "cpu_mode", "none", INI + "cpu_mode = none\n"),
        ("new", "a", "b $(c) \\n 'd'", INI + "[new]\na = b $(c) \\n 'd'\n"),
        (
            *("DEFAULT", "my_ip", "10.0.0.3"),
            INI.replace("\n[vnc]", "\nmy_ip = 10.0.0.3\n[vnc]"),
        ),
    ],
)
def test_ini_set(run, tmp_path, section, option, value, after):
    file = tmp_path / "nova.conf"
    file.write_text(INI)
    text = script(command("ini_set", file, section, option, value))
    run(text)
    assert file.read_text() == after
    run(text)
    assert file.read_text() == after
    assert (tmp_path / "nova.conf.before-migrate").read_text() == INI


def test_ini_set_keeps_one_of_two(run, tmp_path):
    file = tmp_path / "nova.conf"
    file.write_text("[a]\nx=1\n  and more\nx : 2\n[b]\nx=3\n")
    run(script(command("ini_set", file, "a", "x", "4")))
    assert file.read_text() == "[a]\nx = 4\n[b]\nx=3\n"


FSTAB = """\
# HostA:/ /x nfs4 ro 0 0
HostA:/ /x nfs4 ro,secret=ab,soft 0 0 # kept
HostA:/y  /x/y  nfs4  ro  0 0
HostB:/ /x/ ceph secret=ab
"""


@pytest.mark.parametrize(
    ("edit", "after"),
    [
        (
            ("fstab_drop", "/x", "ro,soft"),
            FSTAB.replace("ro,secret=ab,soft", "secret=ab"),
        ),
        (
            ("fstab_drop", "/x/y", "ro"),
            FSTAB.replace("/y  /x/y  nfs4  ro  0", "/y /x/y nfs4 defaults 0"),
        ),
        (("fstab_drop", "/z", "ro"), FSTAB),
        (
            ("fstab_source", "/x", "HostB:/"),
            FSTAB.replace("\nHostA:/ ", "\nHostB:/ "),
        ),
    ],
)
def test_fstab_keeps_the_options_that_no_node_reports(
    run, tmp_path, edit, after
):
    file = tmp_path / "fstab"
    file.write_text(FSTAB)
    name, *rest = edit
    for _ in range(2):
        run(script(command(name, file, *rest)))
        assert file.read_text() == after
    assert (tmp_path / "fstab.before-migrate").read_text() == FSTAB


@pytest.mark.parametrize(
    "before", ["", "key = 2\n", "#key = 1\nother = 3\n", "key=1\nkey=4\n"]
)
def test_conf_set(run, tmp_path, before):
    file = tmp_path / "libvirtd.conf"
    file.write_text(before)
    text = script(command("conf_set", file, "key", '"none"'))
    run(text)
    run(text)
    said = file.read_text()
    assert said.count('key = "none"\n') == 1
    assert "key=1\n" not in said
    assert ("other" in before) == ("other" in said)


def test_lines(run, tmp_path):
    file = tmp_path / "fstab"
    file.write_text("a b c\n# kept\n10.0.0.1 old\n")
    text = script(
        command("line_add", file, "HostA:/ /x nfs4 defaults 0 0"),
        command("line_drop", file, "^10\\.0\\.0\\.1[[:space:]]"),
        command("line_drop", tmp_path / "none", "x"),
    )
    run(text)
    run(text)
    assert file.read_text() == "a b c\n# kept\nHostA:/ /x nfs4 defaults 0 0\n"


def test_modes_stay(run, tmp_path):
    file = tmp_path / "nova.conf"
    file.write_text(INI)
    file.chmod(0o640)
    run(script(command("ini_set", file, "vnc", "enabled", "true")))
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_strangers_words_stay_words(run, tmp_path):
    evil = f"x'; touch {tmp_path}/owned; echo '"
    run(
        remedies.scripts(
            [
                finding(
                    Fix("HostC", (command("true", evil),)),
                    detail=f"one\ntouch {tmp_path}/owned",
                )
            ]
        )["HostC"]
    )
    assert not (tmp_path / "owned").exists()


def test_one_script_a_node_and_each_thing_once():
    twice = Fix("HostC", ("true",), ("libvirtd.service",))
    scripts = remedies.scripts(
        [
            finding(twice, Fix("HostB", ("false",))),
            finding(twice),
            finding(check="no-way"),
        ]
    )
    assert list(scripts) == ["HostC", "HostB"]
    assert scripts["HostC"].count("\ntrue\n") == 1
    assert scripts["HostC"].count("restart -- libvirtd.service") == 1
    assert "no-way" not in "".join(scripts.values())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            command("ini_set", "/etc/nova/nova.conf", "vnc", "a", "b c"),
            "in /etc/nova/nova.conf set [vnc] a = b c",
        ),
        (command("conf_set", "/f", "k", '"v"'), 'in /f set k = "v"'),
        (command("line_add", "/f", "a b"), "add to /f the line a b"),
        (
            command("line_drop", "/f", "^a "),
            "remove from /f the lines that match ^a ",
        ),
        (command("chmod", "o+x", "/a b"), "chmod o+x '/a b'"),
    ],
)
def test_a_remedy_can_be_read_without_the_script(line, said):
    assert str(Fix("HostC", (line,))) == f"on HostC: {said}"


def test_units_are_restarted_last():
    fix = Fix("HostC", ("true", "keep /f"), ("libvirtd",))
    assert str(fix) == "on HostC: true; systemctl restart libvirtd"
