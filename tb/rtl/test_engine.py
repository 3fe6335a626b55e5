"""The exported SystemVerilog on both simulators: the matrix in `tiny`, a case of each class in the others.

One simulation runs all tests of a group; see the cocotb_*.py files for them.
"""

import pytest
from rtl import runner

GROUPS = ("shapes", "outputs", "queue", "errors", "control", "depthwise")
RUNS = [
    *((name, GROUPS, simulator) for name in ("small", "odd-8x6") for simulator in runner.SIMULATORS),
    ("cramped", ["cramped"], "verilator"),
    ("cramped-depthwise", ["depthwise"], "verilator"),
    *(("tiny", [group], simulator) for simulator in runner.SIMULATORS for group in GROUPS),
]


def in_words(value):
    return value if isinstance(value, str) else "-".join(value)


@pytest.mark.parametrize(("name", "groups", "simulator"), RUNS, ids=in_words)
def test_engine(designs, name, groups, simulator):
    modules = [f"rtl.cocotb_{group}" for group in groups]
    runner.run(designs(name), simulator, modules, {"CONVLOOM_CONFIG": name})
