"""Every check has a fault, and the pages of the faults are up to date.

That each fault was also played on a lab is a test of the node tier:
functional_tests/test_proven_nodes.py.
"""

from functional_tests.joint_faults import faults as real_faults
from functional_tests.joint_faults import table as of_guests
from functional_tests.node_faults import table as of_nodes
from functional_tests.proofs import table
from osc_migrate.checks import registry
from osc_migrate.explain import causes


def test_every_check_has_its_fault():
    assert table.missing() == set()


def test_the_page_is_up_to_date():
    assert table.FILE.read_text() == table.render(), (
        "run: python -m functional_tests.proofs.table >"
        f" {table.FILE.relative_to(table.FILE.parents[3])}"
    )


def test_every_check_of_nodes_has_its_fault_or_a_reason():
    assert of_nodes.unproven() == (set(of_nodes.UNPROVEN), set())


def test_the_page_of_nodes_is_up_to_date():
    assert of_nodes.FILE.read_text() == of_nodes.render(), (
        "run: python -m functional_tests.node_faults.table >"
        f" {of_nodes.FILE.relative_to(table.FILE.parents[3])}"
    )


def test_the_page_of_real_faults_is_up_to_date():
    assert of_guests.FILE.read_text() == of_guests.render(), (
        "run: python -m functional_tests.joint_faults.table >"
        f" {of_guests.FILE.relative_to(table.FILE.parents[3])}"
    )


def test_what_finds_a_real_fault_is_a_check_and_a_cause():
    for fault in real_faults.ALL:
        assert not fault.check or fault.check in _CHECKS, fault.key
        assert not fault.cause or causes.cause_by_id(fault.cause), fault.key


_CHECKS = {
    check.id for scope in of_nodes.SCOPES.values() for check in scope
} | {check.id for check in registry.MOVE}
