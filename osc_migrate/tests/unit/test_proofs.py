"""Every check is in the table of how it was proven, which is up to date."""

from functional_tests.proofs import table


def test_every_check_has_its_fault():
    assert table.missing() == set()


def test_the_page_is_up_to_date():
    assert table.FILE.read_text() == table.render(), (
        "run: python -m functional_tests.proofs.table >"
        f" {table.FILE.relative_to(table.FILE.parents[3])}"
    )
