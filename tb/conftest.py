"""What all tests share."""

from pathlib import Path

import pytest

UNIT = Path(__file__).parent / "unit"


def pytest_collection_modifyitems(items):
    """Warnings are errors in unit tests; not where cocotb runs, whose libraries warn."""
    for item in items:
        if UNIT in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("error"))
