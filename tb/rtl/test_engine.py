"""The exported SystemVerilog on both simulators: the matrix in `tiny`, a case of each class in the others.

One simulation runs all tests of a group; see the cocotb_*.py files for them.
"""

import pytest
from rtl import runner

GROUPS = ("shapes", "outputs", "queue", "errors", "control", "depthwise")
WIDE = ("small", "odd-8x6")
RUNS = [
    *((name, GROUPS, simulator) for simulator in runner.SIMULATORS for name in WIDE),
    ("alone", GROUPS[:-1], "verilator"),
    ("cramped", ["cramped"], "verilator"),
    ("cramped-depthwise", ["depthwise"], "verilator"),
    *(("tiny", [group], simulator) for simulator in runner.SIMULATORS for group in GROUPS),
]
# Icarus runs some hundred cycles/s of an array of 8x8.
CASES = (
    *("random_layers", "modes_from_job_to_job", "all_jobs_before_any_activations", "one_of_each_error"),
    *("outputs_are_known_after_reset", "strides", "an_engine_without_it"),
)
ONE_OF_EACH_CLASS = rf"\.({'|'.join(CASES)})/"


def in_words(value):
    return value if isinstance(value, str) else "-".join(value)


@pytest.mark.parametrize(("name", "groups", "simulator"), RUNS, ids=in_words)
def test_engine(designs, name, groups, simulator):
    modules = [f"rtl.cocotb_{group}" for group in groups]
    only = ONE_OF_EACH_CLASS if (name in WIDE and simulator == "icarus") else None
    runner.run(designs(name), simulator, modules, {"CONVLOOM_CONFIG": name}, only)
