"""The monitors must see what is wrong: they are tested on a stand-in, on Icarus, which knows X."""

from pathlib import Path

import pytest
from rtl import runner

HERE = Path(__file__).parent
STAND_IN = runner.Design("stand-in", "stand_in", (HERE / "stand_in.sv").read_text())


def test_roles():
    runner.run(STAND_IN, "icarus", ["rtl.cocotb_roles"])


def test_a_failed_test_leaves_a_waveform():
    broken = runner.Design(
        "stand-in-broken", "stand_in", STAND_IN.text.replace("fault = NONE", "fault = BYTE_WRONG")
    )
    with pytest.raises(runner.TestsFailed, match=r"bytes differ(.|\n)*waveform (build/rtl/\S+)") as failure:
        runner.run(broken, "icarus", ["rtl.cocotb_wrong"])
    wave = failure.value.args[0].split("waveform ")[1].split(",")[0]
    assert (runner.ROOT / wave).stat().st_size > 1000


def test_a_missing_simulator_names_the_command(monkeypatch):
    monkeypatch.setattr(runner, "_path", lambda: "/nowhere")
    with pytest.raises(runner.SimulatorMissing, match="apt-get install iverilog"):
        runner.run(STAND_IN, "icarus", ["rtl.cocotb_roles"])
    with pytest.raises(runner.SimulatorMissing, match=r"perl, c\+\+, make.*pip install"):
        runner.run(STAND_IN, "verilator", ["rtl.cocotb_roles"])
