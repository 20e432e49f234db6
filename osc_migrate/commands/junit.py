"""Write findings as JUnit XML, for CI gates."""

from collections.abc import Iterable
from xml.etree import ElementTree

from osc_migrate import private_files
from osc_migrate.checks.findings import Finding, Status
from osc_migrate.redact import mask_secrets
from osc_migrate.text import printable


def write(path: str, suite: str, findings: Iterable[Finding]) -> None:
    """Write one test case per finding: FAIL is a failure, UNKNOWN an error,
    SKIP and NOT_CHECKED are skipped, WARN passes with its text in system-out.

    :raises OSError: the file cannot be written.
    """
    rows = list(findings)
    root = ElementTree.Element(
        "testsuite",
        name=printable(suite),
        tests=str(len(rows)),
        failures=_count(rows, Status.FAIL),
        errors=_count(rows, Status.UNKNOWN),
        skipped=_count(rows, Status.SKIP, Status.NOT_CHECKED),
    )
    for row in rows:
        case = ElementTree.SubElement(
            root, "testcase", classname=printable(row.subject), name=row.check
        )
        detail = printable(mask_secrets(row.detail))
        if row.status is Status.WARN:
            ElementTree.SubElement(case, "system-out").text = detail
        elif tag := _TAGS.get(row.status):
            result = ElementTree.SubElement(case, tag, message=detail)
            result.text = printable(mask_secrets(row.remedy))
            if row.gap:
                result.text = f"not checked: {row.gap.how}"
    data = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    private_files.write(path, data)


_TAGS = {
    Status.FAIL: "failure",
    Status.UNKNOWN: "error",
    Status.SKIP: "skipped",
    Status.NOT_CHECKED: "skipped",
}


def _count(rows: list[Finding], *statuses: Status) -> str:
    return str(sum(row.status in statuses for row in rows))
