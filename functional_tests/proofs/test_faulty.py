"""Each check of a move: its fault is found, and nothing else; Nova agrees."""

import pytest

from functional_tests.proofs import lab
from functional_tests.proofs.fault import RECORDED, TARGET
from functional_tests.proofs.faults import MOVES
from functional_tests.proofs.servers import MANAGER
from functional_tests.sampling import EVERY

# What an API cannot show does not count as a false alarm.
GOOD = ("PASS", "SKIP", "NOT_CHECKED")
PROVEN = [fault for fault in MOVES if fault.how != RECORDED]


def pair_of(fault):
    """The server and the host of a fault."""
    server = fault.key if fault.on == "server" else "healthy"
    return server, fault.key if fault.on == "host" else fault.to


def odd(found):
    return {c: s for c, s in found.items() if s not in GOOD}


@pytest.mark.parametrize("fault", PROVEN, ids=lambda fault: fault.key)
def test_that_fault_and_no_other(asking, fault):
    server, host = pair_of(fault)
    if (
        not fault.kind
        and not fault.options
        and (server, host) in (batch := asking.batch())
    ):
        found = batch[server, host]
    else:
        found = asking.pair(server, host, fault.kind, fault.options)
    if fault.status == "NOT_CHECKED":
        assert found[fault.check] == "NOT_CHECKED"
        return
    others = odd(found)
    assert others.pop(fault.check) == fault.status
    if fault.options == MANAGER:
        # Who may not move it may not read everything either.
        others = {c: s for c, s in others.items() if s == "FAIL"}
        others.pop("user-may-move-it-live", None)
    assert set(others) == set(fault.beside)


@pytest.mark.parametrize("server", ["healthy", "plain"])
@pytest.mark.parametrize("host", [TARGET, *lab.HOSTS[2:]])
def test_no_false_alarm_beside_the_faults(asking, server, host):
    assert odd(asking.batch()[server, host]) == {}


# Nova lets an admin move a locked server; its owner locked it all the same.
# Of QEMU's death it knows nothing, and there is no QEMU here.
NOVA_MOVES = {"server-is-unlocked", "paused-guest-has-run-here"}
REFUSED = [
    one
    for one in PROVEN
    if one.status == "FAIL"
    and not one.kind
    and not one.options
    and one.check not in NOVA_MOVES
]


@pytest.mark.parametrize("every", EVERY)
def test_what_we_refuse_nova_refuses(faulty, asking, every):
    assert len(REFUSED) >= 20
    wrong = []
    for one in REFUSED[::every]:
        server, host = pair_of(one)
        done = asking.shell.run(
            *("migrate", "live", server, host, "-f", "json"),
            *("--auto", "--ignore", one.check, "--timeout", "90"),
        )
        # 1: refused at once; 4: accepted, and then it did not move.
        refused = done.code in (1, 4)
        said = done.err + done.out
        print(f"{one.check}: FAIL; Nova: {done.code} {said!r}")
        if not refused or one.nova not in said:
            wrong.append((one.check, one.nova, done.code, said))
    assert wrong == []
