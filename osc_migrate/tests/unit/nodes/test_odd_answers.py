"""Answers that no node should give: facts or Unread, never another error,
and nothing of it in the facts of other nodes."""

import dataclasses
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from osc_migrate.facts import Unread
from osc_migrate.nodes import node_questions as facts
from osc_migrate.nodes import survey_file
from osc_migrate.nodes.answers import Answer
from osc_migrate.nodes.collect import Survey
from osc_migrate.nodes.command_output import CommandOutput
from osc_migrate.nodes.config.facts import Config
from osc_migrate.nodes.guests import reading as guests
from osc_migrate.nodes.libvirt import reading as libvirt
from osc_migrate.nodes.node import NodeFacts
from osc_migrate.nodes.reach import reading as reach
from osc_migrate.nodes.role import Role
from osc_migrate.tests.unit.nodes.libvirt import test_reading as test_libvirt
from osc_migrate.tests.unit.nodes.reach import test_reading as test_reach
from osc_migrate.tests.unit.nodes.storage import test_reading as test_storage

FEW = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
SERVER = "11111111-2222-3333-4444-555555555555"
NOVA_CONF = """\
P 1764000000
U nova-compute.service
M 1764000000 /etc/nova/nova.conf
F /etc/nova/nova.conf
S DEFAULT
O host=HostC
O my_ip=10.77.0.13
S libvirt
O live_migration_uri=qemu+tcp://%s/system
E
"""
DOMAIN = f"""\
#guest {SERVER} 1764000000
<domain type='kvm'><os><type arch='x86_64' machine='pc'>hvm</type></os>
<cpu mode='custom'><model>EPYC</model></cpu>
<devices><disk type='file'><source file='/x'/></disk></devices></domain>
"""
HEALTHY = {
    "config.nova": NOVA_CONF,
    "system.release": "ID=debian\nVERSION_ID=12\n",
    "system.machine": "/proc/uptime:12.5 1.0\narch:x86_64\nkvm:yes\nend:\n",
    "system.cpu": "vendor_id : GenuineIntel\nflags : fpu vme\n",
    "system.time": "running=chronyd\nleap=Normal\nend=time\n",
    "system.clock": "1764000000.5",
    "system.here": "1764000000.1 1764000000.9",
    "accounts.names": "#running\nUid:\t1 1 1 1\n"
    "#qemu\nlibvirt-qemu\n#conf\nread\n"
    "#passwd\nnova:64060:64060:/var/lib/nova:/bin/sh\n"
    "#group\nnova:64060:\n#units\n#end\n",
    "accounts.libvirt": "qemu:///system\n",
    "storage.directory": test_storage.NFS,
    "libvirt.virsh": test_libvirt.VIRSH,
    "libvirt.units": test_libvirt.UNITS,
    "libvirt.files": test_libvirt.FILES,
    "libvirt.listeners": test_libvirt.SS,
    "tls.libvirt": "#@now 1764000000\n#@ca /x\nstate read\nstat 644 0 0\n",
    "tls.qemu": "#@now 1764000000\n#@directory /etc/pki/qemu\n",
    "volumes.connectors": "initiator=iqn\nend=connectors\n",
    "guests.all": SERVER,
    "guests.active": SERVER,
    "guests.files": SERVER,
    "guests.certificates": "1764000000",
    "guests.each": DOMAIN,
    "guests.writing": f"#writing {SERVER}\ndirtyrate.calc_period=1\n",
    "guests.processors": f"#processor {'0' * 32}\nis identical to\n",
    'reach.to ["HostC"]': f"#peer {json.dumps(test_reach.HEAD)}\n"
    + test_reach.LINES,
    **{
        f"{subject}.{name}": text
        for subject, module in facts.SMALL.items()
        for name, text in module.HEALTHY.items()
    },
}
ODD = (
    *("", "\0", "=", ":", "#", "#@", "names ", "-1", "9" * 5000, "1e999"),
    *("\ud800", "\u0660", "\x1b[2J", "[" * 5000, "<a>" * 5000, "nan", "²"),
    *("\n\n", " ", "\t", "|", "||||||||", "/", "$a", "%s", "None", "{}"),
)


def mutated(text, at, length, odd):
    at = at % (len(text) + 1)
    return text[:at] + odd + text[at + length :]


changes = st.fixed_dictionaries(
    {
        "name": st.sampled_from(sorted(HEALTHY)),
        "at": st.integers(0, 5000),
        "length": st.sampled_from([0, 1, 7, 100, 10**6]),
        "odd": st.sampled_from(ODD),
        "status": st.sampled_from([0, 0, 0, 1, 4, 124, 127]),
    }
)


def answers(*made):
    found = {name: Answer(0, text) for name, text in HEALTHY.items()}
    for one in made:
        text = mutated(
            found[one["name"]].out, one["at"], one["length"], one["odd"]
        )
        found[one["name"]] = Answer(one["status"], text)
    return found


def walk(value):
    """Looks at all of it."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            try:
                walk(getattr(value, field.name))
            except Unread as unread:
                assert unread.reason
    elif isinstance(value, dict):
        for one in value.values():
            walk(one)


@given(made=st.lists(changes, min_size=1, max_size=4))
@FEW
def test_facts_or_unread(made):
    odd = answers(*made)
    found = facts.read("HostC", Role.COMPUTE, odd)
    assert isinstance(found, NodeFacts)
    walk(found)
    facts.questions(odd, Role.COMPUTE, servers=[SERVER])
    peer = facts.read("HostB", Role.COMPUTE, answers())
    for pair in ((found, peer), (peer, found)):
        assert reach.questions(pair[0], [pair[1]], {})


@given(made=st.lists(changes, min_size=1, max_size=4))
@FEW
def test_a_bad_node_changes_no_other(made):
    roles = {"HostB": Role.COMPUTE, "HostC": Role.COMPUTE}
    said = {"HostC": answers(*made), "HostB": answers()}
    found = Survey(roles, said, {}).nodes()
    alone = facts.read("HostB", Role.COMPUTE, answers())
    assert [node.name for node in found] == ["HostC", "HostB"]
    assert repr(found[1]) == repr(alone)


@pytest.mark.parametrize("subject", sorted(facts._SUBJECTS))
@pytest.mark.parametrize("error", [ValueError, RecursionError, KeyError])
def test_any_error_is_of_its_subject(monkeypatch, subject, error):
    def read(said):
        raise error("\x1b[2J")

    healthy = facts.read("HostC", Role.COMPUTE, answers())
    monkeypatch.setattr(facts._SUBJECTS[subject], "read", read)
    found = facts.read("HostC", Role.COMPUTE, answers())
    with pytest.raises(Unread, match=f"about {subject} .*{error.__name__}"):
        getattr(found, subject)
    for other in facts._SUBJECTS.keys() - {subject}:
        assert repr(getattr(found, other)) == repr(getattr(healthy, other))


def test_no_memory_is_no_fact_of_a_node(monkeypatch):
    def read(said):
        raise MemoryError

    monkeypatch.setattr(facts._SUBJECTS["tls"], "read", read)
    with pytest.raises(MemoryError):
        facts.read("HostC", Role.COMPUTE, answers())


def test_units_that_were_not_shown():
    said = {
        "libvirt.files": Answer(0, "#@end"),
        "libvirt.units": Answer(4, "", "Failed to connect to bus"),
    }
    found = libvirt.read(CommandOutput(said, "libvirt"))
    for name in ("units", "daemon"):
        with pytest.raises(Unread, match="Failed to connect"):
            getattr(found, name)
    said["libvirt.files"] = Answer(0, "#@process.libvirtd 7\n/x\n#@end")
    assert libvirt.read(CommandOutput(said, "libvirt")).daemon == "libvirtd"


def test_a_guest_that_is_too_deep():
    deep = "<cpu>" * 5000 + "</cpu>" * 5000
    text = f"{DOMAIN}#guest {SERVER[:-1]}6 1\n<domain>{deep}</domain>\n"
    said = {"guests.all": Answer(0, ""), "guests.each": Answer(0, text)}
    found = guests.read(CommandOutput(said, "guests")).running
    assert found[SERVER].machine == "pc"
    for name in ("machine", "cpu", "disks"):
        with pytest.raises(Unread, match="too deep"):
            getattr(found[SERVER[:-1] + "6"], name)


def test_names_of_nothing():
    head = json.dumps(test_reach.HEAD)
    other = json.dumps(test_reach.HEAD | {"peer": "HostD"})
    text = f"#peer {head}\nnames \nping 1472 full\n#peer {other}\n"
    found = reach.read(
        {'reach.to ["HostC"]': Answer(0, text + test_reach.LINES)}
    )
    with pytest.raises(Unread, match="resolved"):
        found["HostC"].names  # noqa: B018
    assert found["HostC"].packet == (1472, True)
    assert found["HostD"].names["HostC"] == ("10.77.0.13",)


@pytest.mark.parametrize("peers", ["", "5", "[", "{}", "[[]]", "[" * 10000])
def test_odd_names_of_answers(peers):
    assert reach.read({f"reach.to {peers}": Unread("lost")}) == {}


# --- references in nova.conf


def conf(**options):
    return Config((), {("DEFAULT", k): v for k, v in options.items()})


def test_references_that_grow():
    bomb = conf(
        a="x" * 100,
        **{
            new: f"${old}" * 10
            for old, new in zip("abcdefg", "bcdefgh", strict=True)
        },
    )
    for name in "cdefgh":
        with pytest.raises(Unread, match="references"):
            bomb.get("DEFAULT", name)
    assert len(bomb.get("DEFAULT", "b")) == 1000
    assert bomb.get("DEFAULT", "a") == "x" * 100


def test_references_that_are_many_and_empty():
    with pytest.raises(Unread, match="too many references"):
        conf(a="$b" * 400, b="$c" * 400, c="").get("DEFAULT", "a")


def test_references_that_are_deep():
    chain = {f"o{n}": f"$o{n + 1}" for n in range(20)}
    with pytest.raises(Unread, match="too many references"):
        conf(**chain).get("DEFAULT", "o0")
    assert conf(**chain, o20="x").get("DEFAULT", "o14") == "x"


def test_a_long_value_with_a_reference():
    with pytest.raises(Unread, match="longer than 4096"):
        conf(a="$b/" + "x" * 5000, b="").get("DEFAULT", "a")
    assert len(conf(a="x" * 5000).get("DEFAULT", "a")) == 5000


def test_a_path_that_grows_asks_for_nothing_else():
    bomb = NOVA_CONF.replace(
        "O host=HostC", "O host=" + "x" * 900 + "\nO state_path=" + "$host" * 9
    )
    asked = facts.questions({"config.nova": Answer(0, bomb)}, Role.COMPUTE)
    assert "libvirt.files" in asked
    assert "storage.directory" not in asked


# --- files of facts


@pytest.mark.parametrize(
    "answer",
    [
        '{"status": 1e999, "out": "", "err": ""}',
        '{"status": NaN, "out": "", "err": ""}',
        '{"status": true, "out": "", "err": ""}',
        '{"status": 1.5, "out": "", "err": ""}',
        '{"status": "0", "out": "", "err": ""}',
        '{"status": 99999999999999, "out": "", "err": ""}',
        '{"status": 0, "out": "\\ud800", "err": ""}',
        '{"status": 0, "out": ["x"], "err": ""}',
        '{"status": 0, "out": "", "err": null}',
        '{"unread": {}}',
        '{"unread": "\\udfff"}',
        '"unread"',
        '["unread"]',
        "null",
        "7",
    ],
)
def test_odd_answers_in_a_file(tmp_path, answer):
    path = tmp_path / "facts.json"
    path.write_text(
        '{"version": 1, "nodes": {"HostC": {"role": "compute", "answers":'
        ' {"a.b": ' + answer + '}}}, "lost": {}}'
    )
    with pytest.raises(
        survey_file.BadFacts, match="no saved facts"
    ) as refused:
        survey_file.read(str(path))
    str(refused.value).encode()


@pytest.mark.parametrize(
    "text",
    [
        '{"version": true, "nodes": {}, "lost": {}}',
        '{"version": 1, "nodes": {"\\ud800": {"role": "compute", "answers":'
        ' {}}}, "lost": {}}',
        '{"version": 1, "nodes": {"a": {"role": "compute", "answers": {}}},'
        ' "lost": {"a": {"role": "compute", "reason": "x"}}}',
        '{"version": 1, "nodes": {}, "lost": {"a": {"role": []}}}',
        '{"version": 1, "nodes": {}, "lost": {"a": {"role": "\\ud800"}}}',
    ],
)
def test_odd_files(text):
    with pytest.raises(
        survey_file.BadFacts, match="no saved facts"
    ) as refused:
        survey_file.loads(text, "facts.json")
    str(refused.value).encode()


def test_a_path_that_is_none():
    with pytest.raises(survey_file.BadFacts):
        survey_file.read("a\0b")


json_values = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(), st.floats()),
        st.sampled_from(["", "compute", "unread", "status", "\ud800"]),
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "answers", "status", "out", "err", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(nodes=json_values, lost=json_values)
@FEW
def test_any_file_is_facts_or_refused(nodes, lost):
    text = json.dumps({"version": 1, "nodes": nodes, "lost": lost})
    try:
        found = survey_file.loads(text, "facts.json")
    except survey_file.BadFacts as refused:
        str(refused).encode()
    else:
        for node in found.nodes():
            walk(node)
