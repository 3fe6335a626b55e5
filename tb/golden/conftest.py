"""A tally for each test, and what all of them compared in one table at the end."""

import pytest
from roles.tally import Tally


@pytest.fixture
def tally(record_property):
    """Counts what the test compares; the test fails when that is nothing."""
    tally = Tally()
    yield tally
    for line in tally.lines():
        print(line)
        record_property("compared", line)
    tally.finish()


def pytest_terminal_summary(terminalreporter):
    """Writes the table of all comparisons."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    properties = [each for report in reports for each in getattr(report, "user_properties", ())]
    lines = sorted({value for name, value in properties if name == "compared"})
    if lines:
        terminalreporter.section("compared with the golden model")
        for line in lines:
            terminalreporter.write_line(line)
