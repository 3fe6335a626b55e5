"""A tally for each test, and what all of them compared in one table at the end."""

from collections import defaultdict

import pytest
from roles.tally import Count, Tally, table


@pytest.fixture
def tally(record_property):
    """Counts what the test compares; the test fails when that is nothing."""
    tally = Tally()
    yield tally
    print(*table(tally.counts), sep="\n")
    for key, count in tally.counts.items():
        record_property("compared", [*key, *vars(count).values()])
    tally.finish()


def pytest_terminal_summary(terminalreporter):
    """Writes the table of all comparisons."""
    counts = defaultdict(Count)
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        if getattr(report, "when", None) == "teardown":
            for name, value in report.user_properties:
                if name == "compared":
                    counts[tuple(value[:3])].add(Count(*value[3:]))
    if counts:
        terminalreporter.section("compared with the golden model")
        for line in table(counts):
            terminalreporter.write_line(line)
