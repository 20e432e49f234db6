import dataclasses

import pytest

from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.role import Role
from osc_migrate.nodes.small import vhost_features as subject
from osc_migrate.tests.unit.nodes.proof import PASS, SKIP, WARN, Case, prove
from osc_migrate.tests.unit.nodes.shapes import node, nodes

ID = "destination-kernel-offers-the-virtio-features"
USUAL = 0x1033D008000


def offers(features):
    return nodes(HostC=node(smalls={"vhost_features": features_of(features)}))


def features_of(features):
    return subject.Vhost(features)


CASES = [
    Case(ID, offers(USUAL), PASS, "all of them"),
    Case(ID, offers(USUAL | 1 << 40), PASS),
    Case(
        ID,
        offers(USUAL & ~(1 << 40)),
        WARN,
        "vhost-net of HostC lacks the virtio features 40",
    ),
    Case(ID, offers(None), SKIP, "HostC did not show them"),
    Case(ID, offers(Unread("no answer")), SKIP, "no answer"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_vhost_features(case):
    facts = case.nodes[-1]
    smalls = node().smalls | facts.smalls
    case.nodes[-1] = facts.but(smalls=smalls)
    prove(dataclasses.replace(case, subject="HostB -> HostC"))


def read(text):
    answers = {"vhost_features.features": Answer(0, text)}
    return subject.read(CommandOutput(answers, "vhost_features")).features


def test_what_a_kernel_says():
    assert read("0x1033d008000\n") == USUAL
    assert read("none\n") is None


@pytest.mark.parametrize("text", ["", "many", "-1", "0x1" + "0" * 20])
def test_what_is_no_answer(text):
    with pytest.raises(Unread, match="not a set"):
        read(text)


def test_a_file_server_is_not_asked():
    config = Config((), {})
    assert subject.questions(config, Role.STORAGE, read_only=True) == {}
    assert "features" in subject.questions(config, "compute", read_only=True)
