import json
import os

import pytest

from osc_migrate.errors import MigrateError
from osc_migrate.nodes.transport import inventory
from osc_migrate.nodes.transport.inventory import resolve

# As ansible-inventory of ansible-core 2.19 lists an ini file.
LISTED = {
    "_meta": {
        "hostvars": {
            "HostB": {
                "ansible_become": "true",
                "ansible_host": "10.0.0.12",
                "ansible_port": 2222,
                "ansible_ssh_private_key_file": "~/key",
                "ansible_user": "root",
                "x": 1,
            },
            "HostC": {
                "ansible_host": "fe80::1",
                "ansible_ssh_common_args": '-o ProxyJump=b -o "K=/a b"',
            },
            "box": {
                "ansible_connection": "community.docker.docker",
                "ansible_host": "web",
                "ansible_user": "me",
            },
            "here": {"ansible_connection": "local", "ansible_become": False},
        },
        "profile": "inventory_legacy",
    },
    "all": {"children": ["ungrouped", "computes"]},
    "computes": {"hosts": ["HostB", "HostC", "box", "here"]},
    "ungrouped": {"hosts": ["plain"]},
}
INI = "plain\n[computes]\nHostB ansible_host=10.0.0.12\n"


@pytest.fixture
def file(tmp_path):
    def make(text):
        path = tmp_path / "inventory"
        path.write_text(text)
        return str(path)

    return make


@pytest.fixture
def ansible(file, program, tmp_path):
    """Makes a file that is Ansible's, and the program that lists it."""

    def make(listed, text=INI):
        out = tmp_path / "listed"
        out.write_text(json.dumps(listed))
        path = file(text)
        program(
            "ansible-inventory",
            f'[ "$*" = "-i {path} --list" ] && cat {out}',
        )
        return path

    return make


def one(name, *args, **more):
    return resolve({name: "192.0.2.7"}, *args, **more)[name]


def test_without_an_inventory_by_address():
    assert one("HostB").argv[-2:] == ("192.0.2.7", "exec sh")


def test_without_an_address_by_name():
    assert resolve({"HostB": None})["HostB"].argv[-2] == "HostB"


def test_an_ssh_config_knows_names():
    found = one("HostB", ssh_config="~/c", ssh_user="eve", sudo=True)
    assert found.argv[-2:] == ("HostB", "exec sudo -n sh")
    assert "User=eve" in found.argv
    assert os.path.expanduser("~/c") in found.argv


@pytest.mark.parametrize(
    "name", ["-oProxyCommand=x", "a?ssh_config=/x", "a b"]
)
def test_names_from_nova_are_not_trusted(name):
    with pytest.raises(MigrateError, match="not a valid host name"):
        resolve({name: None})
    with pytest.raises(MigrateError, match="not a valid host name"):
        resolve({"HostB": name})


OURS = {
    "lines": "# ours\nHostB ssh://root@10.0.0.12:23\n\n  HostC  local://\n",
    "yaml": "HostB: ssh://root@10.0.0.12:23\nHostC: local://\n",
    "hosts": "hosts:\n  HostB: {uri: 'ssh://10.0.0.12:23', user: root}\n"
    "  HostC: {uri: 'local://', sudo: false}\n",
    "json": '{"HostB": "ssh://root@10.0.0.12:23", "HostC": "local://"}',
}


@pytest.mark.parametrize("text", OURS.values(), ids=OURS)
def test_ours(file, text):
    hosts = {"HostB": "192.0.2.7", "HostC": None, "HostD": "192.0.2.8"}
    found = resolve(hosts, file(text))
    assert list(found) == list(hosts)
    assert "User=root" in found["HostB"].argv
    assert found["HostB"].argv[-4:-1] == ("23", "--", "10.0.0.12")
    assert found["HostC"].argv == ("sh",)
    assert found["HostD"].argv[-2] == "192.0.2.8"


def test_an_inventory_wins_over_what_is_for_all(file):
    path = file(
        "HostB: {uri: 'ssh://b', sudo: false, ssh_config: /mine, timeout: 3}\n"
        "HostC: ssh://c?sudo=false\nHostD: ssh://d\n"
    )
    hosts = dict.fromkeys(("HostB", "HostC", "HostD"))
    found = resolve(hosts, path, ssh_config="/all", ssh_user="u", sudo=True)
    assert found["HostB"].argv[-1] == "exec sh"
    assert "/mine" in found["HostB"].argv
    assert "ConnectTimeout=3" in found["HostB"].argv
    assert found["HostC"].argv[-1] == "exec sh"
    assert "/all" in found["HostC"].argv
    assert found["HostD"].argv[-1] == "exec sudo -n sh"
    assert "User=u" in found["HostD"].argv


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("HostB ssh://a\nHostB ssh://b\n", "line 2: host 'HostB' again"),
        ("HostB: ssh://a\nHostC: 5\n", "host 'HostC': a URI is needed"),
        (
            "HostB: {uri: 'ssh://a', port: 5}\n",
            "'port' is not one of uri, sudo",
        ),
        ("HostB: {uri: 'ssh://a', sudo: 'x'}\n", "host 'HostB': sudo is no"),
        (
            "HostB: {uri: 'ssh://a', timeout: true}\n",
            "timeout is not of the type int",
        ),
        ("HostB: {uri: 5}\n", "host 'HostB': a URI is needed"),
        ("HostB: ssh://-v\n", "node 'HostB': '-v' is not a valid host name"),
        ("HostB: winrm://b\n", "node 'HostB': 'winrm://' is not supported"),
    ],
)
def test_errors_name_file_and_host(file, text, why):
    path = file(text)
    with pytest.raises(MigrateError, match=why) as caught:
        one("HostB", path)
    assert path in str(caught.value)


def test_a_file_that_is_not_there():
    with pytest.raises(MigrateError, match=r"/no/such: No such file"):
        one("HostB", "/no/such")


def test_a_file_that_is_too_large(file, monkeypatch):
    monkeypatch.setattr(inventory, "LARGEST", 1024)
    with pytest.raises(MigrateError, match=r"larger than 1\.0 KiB"):
        one("HostB", file("# x\n" * 1000))


def test_a_file_that_is_no_text(file, tmp_path):
    path = file("")
    (tmp_path / "inventory").write_bytes(b"\xff\xfe")
    with pytest.raises(MigrateError, match="not UTF-8"):
        one("HostB", path)


def test_ansible(ansible):
    hosts = dict.fromkeys(("HostB", "HostC", "plain", "box", "here", "other"))
    found = resolve(hosts, ansible(LISTED), ssh_user="u", sudo=True)
    b = found["HostB"].argv
    assert b[-2:] == ("10.0.0.12", "exec sudo -n sh")
    assert {"2222", "User=root", os.path.expanduser("~/key")} <= set(b)
    c = found["HostC"].argv
    assert c[-7:-2] == ("-o", "ProxyJump=b", "-o", "K=/a b", "--")
    assert c[-2:] == ("fe80::1", "exec sudo -n sh")
    assert "User=u" in c
    assert found["plain"].argv[-2] == "plain"
    assert found["box"].argv[:6] == ("docker", "exec", "-i", "-u", "me", "web")
    assert found["here"].argv == ("sh",)
    assert found["other"].argv[-2] == "other"


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"ansible_connection": "winrm"}, "ansible_connection=winrm is not"),
        ({"ansible_host": "{{ ip }}"}, "ansible_host is a template"),
        ({"ansible_host": "-oProxyCommand=x"}, "not a valid host name"),
        ({"ansible_user": "a b"}, "not a valid user name"),
        ({"ansible_port": "x"}, "a port is"),
        ({"ansible_become": "perhaps"}, "ansible_become=perhaps"),
        (
            {"ansible_become": True, "ansible_become_method": "doas"},
            "become by doas is not supported",
        ),
        ({"ansible_ssh_common_args": "'"}, "No closing quotation"),
    ],
)
def test_ansible_in_ways_we_have_not(ansible, variables, why):
    path = ansible({"_meta": {"hostvars": {"HostB": variables}}})
    with pytest.raises(MigrateError, match=why) as caught:
        one("HostB", path)
    assert "HostB" in str(caught.value)


def test_ansible_lists_nothing(ansible):
    with pytest.raises(MigrateError, match="it names no hosts"):
        one("HostB", ansible({"_meta": {"hostvars": {}}, "all": {}}))


def test_ansible_fails(file, program):
    program("ansible-inventory", "echo 'ERROR! oh' >&2; exit 4")
    with pytest.raises(MigrateError, match="failed: ERROR! oh"):
        one("HostB", file(INI))


def test_ansible_prints_something_else(file, program):
    program("ansible-inventory", "echo hello")
    with pytest.raises(MigrateError, match="printed no JSON"):
        one("HostB", file(INI))


def test_a_script_and_a_folder_are_ansibles(ansible, tmp_path):
    path = ansible(LISTED, "HostB ssh://ours\n")
    assert one("HostB", path).argv[-2] == "ours"
    (tmp_path / "inventory").chmod(0o755)
    assert one("HostB", path).argv[-2] == "10.0.0.12"


def test_without_ansible(file, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MigrateError, match="install ansible-core, or write"):
        one("HostB", file(INI))


@pytest.mark.parametrize(
    "text",
    [
        *("[" * 50000, "a: 2001-99-99", "&a [*a]"),
        # These take PyYAML seconds.
        *("HostB: " + "[" * 3000 + "ssh://a", "- " * 3000 + "ssh://a"),
    ],
)
def test_odd_yaml_is_not_ours(ansible, text):
    assert one("HostB", ansible(LISTED, text)).argv[-2] == "10.0.0.12"
