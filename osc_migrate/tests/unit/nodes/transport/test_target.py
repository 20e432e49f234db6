import subprocess

import pytest

from osc_migrate.errors import MigrateError
from osc_migrate.nodes.transport.target import Target


def argv(uri, **more):
    return Target("HostB", uri, **more).argv


@pytest.mark.parametrize(
    ("uri", "end"),
    [
        ("ssh://h", ["--", "h", "exec sh"]),
        ("ssh://h/", ["--", "h", "exec sh"]),
        ("ssh://h?sudo=true", ["--", "h", "exec sudo -n sh"]),
        ("ssh://h?sudo=no", ["--", "h", "exec sh"]),
        (
            "ssh://root@h:22",
            ["-o", "User=root", "-p", "22", "--", "h", "exec sh"],
        ),
        ("ssh://[fe80::1%eth0]", ["--", "fe80::1%eth0", "exec sh"]),
        ("ssh://[::1]:23", ["-p", "23", "--", "::1", "exec sh"]),
        ("ssh://2001:db8::7", ["--", "2001:db8::7", "exec sh"]),
        (
            "ssh://h?ssh_config=/a&ssh_identity_file=/b%20c",
            ["-F", "/a", "-i", "/b c", "--", "h", "exec sh"],
        ),
        ("ssh://h?timeout=3", ["ConnectTimeout=3", "--", "h", "exec sh"]),
    ],
)
def test_ssh(uri, end):
    found = argv(uri)
    assert list(found[-len(end) :]) == end
    assert found[0] == "ssh"
    assert "BatchMode=yes" in found
    assert "hostkey" not in " ".join(found).lower()


def test_nothing_is_forwarded(tmp_path):
    """Whatever the operator's own configuration says: ssh itself is asked."""
    config = tmp_path / "config"
    config.write_text(
        "Host *\nForwardAgent yes\nForwardX11 yes\n"
        "GSSAPIAuthentication yes\nGSSAPIDelegateCredentials yes\n"
    )
    program, *options = argv(f"ssh://h?ssh_config={config}")
    said = subprocess.check_output([program, "-G", *options], text=True)
    lines = said.splitlines()
    for option in (
        "forwardagent no",
        "forwardx11 no",
        "gssapidelegatecredentials no",
        "clearallforwardings yes",
    ):
        assert option in lines


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("local://", "sh"),
        ("local://?sudo=true", "sudo -n sh"),
        ("docker://web", "docker exec -i web sh"),
        ("podman://me@web", "podman exec -i -u me web sh"),
        ("docker://web?sudo=1", "docker exec -i web sudo -n sh"),
    ],
)
def test_without_ssh(uri, expected):
    assert " ".join(argv(uri)) == expected


def test_the_uri_wins_over_the_fields():
    found = argv(
        "ssh://h?sudo=false&ssh_config=/a", sudo=True, ssh_config="/b"
    )
    assert found[-1] == "exec sh"
    assert "/a" in found
    assert "/b" not in found


def test_own_options_come_after_ours():
    found = argv("ssh://h", ssh_options=("-J", "bastion"))
    assert found[-5:] == ("-J", "bastion", "--", "h", "exec sh")


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("HostB", "a URI is needed"),
        ("winrm://h", "'winrm://' is not supported"),
        ("ssh://", "'' is not a valid host name"),
        ("ssh://-oProxyCommand=x", "not a valid host name"),
        ("ssh://-oProxyCommand=x@h", "not a valid user name"),
        ("ssh://a;b", "not a valid host name"),
        ("ssh://a b", "not a valid host name"),
        ("ssh://a$(b)", "not a valid host name"),
        ("ssh://a\nb", r"'a\\nb' is not a valid host name"),
        ("ssh://{{ ip }}", "not a valid host name"),
        ("ssh://h:x", "a port is"),
        ("ssh://h:0", "a port is"),
        ("ssh://h:70000", "a port is"),
        ("ssh://h?sudo=maybe", "sudo is 'true' or 'false'"),
        ("ssh://h?timeout=-1", "timeout is"),
        ("ssh://h?ssh_extra_args=-v", "'ssh_extra_args' is not a parameter"),
        ("docker://--privileged", "not a valid container name"),
        ("docker://-u@web", "not a valid user name"),
    ],
)
def test_refused(uri, why):
    with pytest.raises(MigrateError, match=why) as caught:
        argv(uri)
    assert "node 'HostB'" in str(caught.value)


def test_a_password_is_refused_and_not_repeated():
    with pytest.raises(MigrateError, match="use a key") as caught:
        argv("ssh://root:hunter2@h")
    assert "hunter2" not in str(caught.value)
