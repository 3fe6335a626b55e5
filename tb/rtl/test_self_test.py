"""A board's top with the smallest engine, as exported, on both simulators."""

import pytest
from convloom.fpga.self_test import self_test_job
from convloom.spec import preset
from convloom_rtl.boards.self_test import SelfTest
from convloom_rtl.export import as_system_verilog, component_verilog
from rtl import runner
from rtl.cocotb_self_test import BLINK, PATIENCE


@pytest.fixture(scope="module")
def design():
    config = preset("tiny-up5k")
    packets = self_test_job(config)
    top = SelfTest(config, packets, patience=PATIENCE, blink=BLINK)
    return runner.Design("self-test", "self_test", as_system_verilog(component_verilog(top, "self_test")))


@pytest.mark.parametrize("simulator", runner.SIMULATORS)
def test_self_test(design, simulator):
    runner.run(design, simulator, ["rtl.cocotb_self_test"])
