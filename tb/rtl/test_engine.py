"""The exported SystemVerilog on both simulators: the matrix in `tiny`, a case of each class in the others.

One simulation runs all tests of a group; see the cocotb_*.py files for them.
"""

import pytest
from rtl import runner

TINY_GROUPS = ("shapes", "outputs", "queue", "errors", "control", "depthwise")
RUNS = [
    *(("tiny", [group]) for group in TINY_GROUPS),
    ("cramped", ["cramped"]),
    ("cramped-depthwise", ["depthwise"]),
    ("small", TINY_GROUPS),
    ("odd-8x6", TINY_GROUPS),
]


def in_words(value):
    return value if isinstance(value, str) else "-".join(value)


@pytest.mark.parametrize("simulator", runner.SIMULATORS)
@pytest.mark.parametrize(("name", "groups"), RUNS, ids=in_words)
def test_engine(designs, name, groups, simulator):
    modules = [f"rtl.cocotb_{group}" for group in groups]
    runner.run(designs(name), simulator, modules, {"CONVLOOM_CONFIG": name})
