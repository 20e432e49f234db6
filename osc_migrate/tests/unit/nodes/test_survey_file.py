import json

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes import survey_file
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.collect import Survey
from osc_migrate.nodes.role import Role
from osc_migrate.redact import mask_secrets


def survey(**answers):
    return Survey(
        roles={"HostB": Role.COMPUTE, "HostA": Role.STORAGE},
        answers={"HostB": answers},
        lost={"HostA": Unread("no route")},
    )


def test_what_was_written_is_read(tmp_path):
    path = tmp_path / "facts.json"
    before = survey(
        a=Answer(1, "out\x00\x1b\ufffd\n", "err"), b=Unread("no answer")
    )
    survey_file.write(str(path), before)
    after = survey_file.read(str(path))
    assert after.roles == before.roles
    assert after.answers["HostB"]["a"] == before.answers["HostB"]["a"]
    assert after.answers["HostB"]["b"].reason == "no answer"
    assert after.lost["HostA"].reason == "no route"
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "text",
    [
        "password = hunter2",
        "rabbit_password: hunter2",
        "transport_url = rabbit://nova:hunter2@10.0.0.1:5672/",
        '{"auth_token": "hunter2"}',
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE",
        "SECRET=hunter2 other",
    ],
)
def test_no_secret_is_written(text):
    said = survey_file.dumps(survey(a=Answer(0, text, text), b=Unread(text)))
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "text",
    [
        "send_service_user_token=true",
        "O rbd_secret_uuid=0e0b1d0c-0000-4000-8000-0000000000aa",
        'key_file = "/etc/pki/qemu/server-key.pem"',
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ root@HostC",
    ],
)
def test_what_is_no_secret_stays(text):
    assert mask_secrets(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100000,
        '{"version": 2, "nodes": {}, "lost": {}}',
        '{"version": 1, "nodes": {"a": {"role": "x"}}, "lost": {}}',
        '{"version": 1, "nodes": {"a": 1}, "lost": {}}',
        '{"version": 1, "nodes": [], "lost": {}}',
        json.dumps(
            {
                "version": 1,
                "nodes": {"a": {"role": "compute", "answers": {"b": 1}}},
                "lost": {},
            }
        ),
    ],
)
def test_other_files_are_refused(tmp_path, text):
    path = tmp_path / "facts.json"
    path.write_text(text)
    with pytest.raises(survey_file.BadFacts, match="no saved facts"):
        survey_file.read(str(path))


def test_no_file(tmp_path):
    with pytest.raises(survey_file.BadFacts, match="No such file"):
        survey_file.read(str(tmp_path / "none"))
