"""Lines of logs as nodes have them, and malformed ones."""

import time

import pytest

from osc_migrate.explain.node_logs.parsing import read
from osc_migrate.facts import Unread
from osc_migrate.nodes.answers import Answer
from osc_migrate.tests.unit import past
from osc_migrate.tests.unit.nova_logs import (
    OTHER,
    PATH,
    REFUSED,
    REQUEST,
    SERVER,
    WANTED,
    WHO,
    answer,
    failure,
    line,
    stamp,
)

SAID = f"Live Migration failure: {REFUSED}"


def found(*lines, **changes):
    return read("HostB", WANTED, answer(*lines, **changes)).lines


def one(*lines, **changes):
    (only,) = found(*lines, **changes)
    return only


def test_a_file():
    got = one(line(SAID))
    assert (got.node, got.place) == ("HostB", PATH)
    assert (got.time, got.level, got.text) == (past.at(3), "ERROR", SAID)
    assert str(got) == f"HostB {PATH}: 2026-11-23T12:00:03Z ERROR {SAID}"


@pytest.mark.parametrize("hours, zone", [(5.5, "+0530"), (-8, "-0800")])
def test_another_zone(hours, zone):
    got = one(line(SAID, when=stamp(3, hours)), zone=zone)
    assert got.time == past.at(3)


EPOCH = int(past.at(3).timestamp())


@pytest.mark.parametrize(
    "said",
    [
        # journalctl -o short-unix: nova writing to stderr, or natively.
        f"{EPOCH}.512345 HostB nova-compute[2143]: {line(SAID)}",
        # devstack: colours, and no time.
        f"{EPOCH}.512345 HostB nova-compute[2143]: \x1b[01;31m"
        + line(SAID, when="", who=f"\x1b[01;36m{WHO}")
        + "\x1b[00m",
        # podman logs -t, docker logs -t, Kubernetes.
        f"2026-11-23T13:00:03.512345678+01:00 {line(SAID)}",
        f"2026-11-23T12:00:03.512345678Z {line(SAID)}",
        f"2026-11-23T12:00:03.512345678Z stderr F {line(SAID)}",
        # A line of syslog before it.
        f"Nov 23 12:00:03 HostB nova-compute[2143]: {line(SAID)}",
    ],
    ids=["journal", "devstack", "podman", "docker", "kubernetes", "syslog"],
)
def test_what_others_put_before_a_line(said):
    got = one(said)
    assert (got.time, got.level, got.text) == (past.at(3), "ERROR", SAID)


def test_a_form_that_is_not_oslo_logs_is_kept_as_it_is():
    said = f'{{"message": "Live Migration failure: x", "uuid": "{SERVER}"}}'
    got = one(said)
    assert (got.time, got.level, got.text) == (None, "", said)


def test_rotated_logs_are_put_in_order():
    more = f"=+0000 {PATH}.1\n|" + line("first", when=stamp(1))
    got = found(line("second", when=stamp(2)), more=more)
    assert [(o.text, o.place) for o in got] == [
        ("first", f"{PATH}.1"),
        ("second", PATH),
    ]


def test_the_same_line_twice_is_one():
    assert len(found(line(SAID), line(SAID))) == 1


@pytest.mark.parametrize(
    "said",
    [
        line(SAID, server=OTHER),
        # Of another server, that names ours, or our request.
        line(f"{SAID} {SERVER}", server=OTHER),
        line(SAID, server=OTHER, who=f"[{REQUEST}] "),
        "2026-11-23 12:00:03.512 2143 ERROR nova.x [-] something else",
        # Before and after it, by another request.
        line(SAID, who="[req-other] ", when=stamp(-120)),
        line(SAID, who="[req-other] ", when=stamp(240)),
        # Another try, a moment before.
        line(SAID, who=f"[None req-{OTHER} u p - - default default] "),
    ],
)
def test_lines_of_other_moves(said):
    assert found(said) == ()


def test_a_request_is_known_whatever_the_clock_says():
    assert one(line(SAID, when=stamp(9000))).text == SAID


def test_a_server_without_request_is_known_by_time():
    wanted = WANTED.__class__(SERVER, "", WANTED.since, WANTED.until)
    lines = (line(SAID, when=stamp(9000)), line(SAID, server=OTHER))
    assert read("HostB", wanted, answer(*lines)).lines == ()
    assert read("HostB", wanted, answer(line(SAID))).lines


def test_no_line_of_a_log_is_taken_for_a_word_of_ours():
    for fake in ("=+0000 /etc/shadow", "!lies", "|x"):
        got = read("HostB", WANTED, answer(f"{fake} {SERVER}"))
        assert (got.places, got.doubts) == ((PATH,), ())
        assert got.lines[0].text == f"{fake} {SERVER}"


@pytest.mark.parametrize(
    "said, kept",
    [
        ("password = hunter2 x", "password = *** x"),
        ("'auth_token': 'abc def'", "'auth_token': ***"),
        ('"adminPass_secret": "s3"', '"adminPass_secret": ***'),
        (r"{\"password\": \"s3\"}", r'{\"password\": ***"}'),
        ("X-Auth-Token: gAAAAAx", "X-Auth-Token: ***"),
        ("secret:abc", "secret:***"),
        ("rabbit://nova:pw@10.0.0.1:5672/", "rabbit://***@10.0.0.1:5672/"),
        ("Authorization Bearer abcdefghij", "Authorization Bearer ***"),
        ("gAAAAABnQ" + "x" * 100, "***"),
        # These are none.
        (
            "Secret not found: rbd no secret matches uuid 'x'",
            "Secret not found: rbd no secret matches uuid 'x'",
        ),
        ("Host key verification failed.", "Host key verification failed."),
        (REFUSED, REFUSED),
    ],
)
def test_secrets_are_masked(said, kept):
    assert one(line(said)).text == kept
    # Also where the line is none of oslo.log's.
    assert one(f"{SERVER} {said}").text.endswith(kept)


@pytest.mark.parametrize(
    "said",
    [
        "\x00\xff\ufffd" * 1000,
        f"{SERVER} \x1b[2J\x1b]0;evil\x07\x85\x0b\x0c\u2028",
        f"{SERVER} " + "x" * 10_000_000,
        line("x" * 10_000_000),
        f"{SERVER} " + "password" * 1_250_000,
        f"{SERVER} " + "://" * 3_000_000,
        f"{SERVER} ERROR " + "[" * 1_000_000,
        line(SAID, when="9999-99-99 99:99:99.000 1 "),
        line(SAID, when="99999999999.1 "),
        line(SAID, when="2026-11-23T12:00:03+99:99 "),
        line(
            SAID,
            when="\u0663" * 4 + "-\u0660\u0661-\u0660\u0661 00:00:00 ",
        ),
        "\n".join([line(SAID)] * 5000),
    ],
    ids=lambda v: ascii(v[:30]),
)
@pytest.mark.parametrize("zone", ["+0000", "", "+9999", "\x00"])
def test_hostile_logs_neither_break_nor_hang_it(said, zone):
    begun = time.process_time()
    for got in found(*said.split("\n"), zone=zone):
        assert len(got.text) <= 2000
    assert time.process_time() - begun < 5


def test_of_many_lines_the_newest_are_kept():
    got = found(
        *(line(f"{n} " + "x" * 900, when=stamp(n / 20)) for n in range(999))
    )
    assert got[-1].text.startswith("998 ")
    assert sum(len(o.text) for o in got) <= 64 * 1024
    got = found(*(line(f"{n}", when=stamp(n / 20)) for n in range(999)))
    assert len(got) == 200


def test_nothing_found_says_where_was_looked():
    more = f"=- journal\n!{PATH}.1 may not be read"
    got = read("HostB", WANTED, answer(more=more))
    assert got.places == (PATH, "journal")
    assert got.doubts == (f"{PATH}.1 may not be read",)
    assert got.lines == ()


def test_no_answer_is_no_log():
    with pytest.raises(Unread, match="no answer within 40 s"):
        read("HostB", WANTED, Unread("no answer within 40 s"))
    with pytest.raises(Unread, match="awk: not found"):
        read("HostB", WANTED, Answer(127, "", "sh: awk: not found\n"))
    with pytest.raises(Unread, match="none was found"):
        read("HostB", WANTED, Answer(0, ""))


def test_a_whole_failure():
    texts = [got.text for got in found(*failure(REFUSED))]
    assert SAID in texts
    assert f"libvirt.libvirtError: {REFUSED}" in texts
