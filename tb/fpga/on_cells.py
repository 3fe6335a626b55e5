"""A board's top as synthesised, on models of the chip's cells: `make test-cells`, not part of `make test`.

Yosys brings models of most cells, tb/roles/cells has the others. Of place, route and pins nothing is in it.
"""

import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
from convloom.fpga import synthesis, tools
from convloom.fpga.boards import board
from convloom.spec import preset
from roles.netlist import CELLS
from rtl import runner

YOSYS_MODELS = Path(find_spec(synthesis.YOSYS).origin).parent / "share"
MODELS = {
    "ecp5": (YOSYS_MODELS / "ecp5/common_sim.vh", YOSYS_MODELS / "ecp5/ccu2c_sim.vh", CELLS / "ecp5.v"),
    "ice40": (YOSYS_MODELS / "ice40/cells_sim.v",),
}
CELL = re.compile(r"^module (\w+).*?^endmodule", re.M | re.S)
UNREADABLE = "TRELLIS_COMB"  # to Icarus; a cell of placed designs
MEGAHERTZ = 0.2  # so that no answer for 20,000 cycles is a failure
CYCLES = 5000  # an answer takes less than half of them
BENCH = """\
module bench;
  reg clk = 0;
  wire led_pass, led_fail;
  self_test top(.clk(clk), .reset_n(1'b1), .led_pass(led_pass), .led_fail(led_fail));
  always @(led_pass or led_fail) begin
    $display("%b%b", led_pass, led_fail);
    if ($time > 0) #1000 $finish;
  end
  initial begin
    repeat ({cycles}) begin
      #5 clk = 1;
      #5 clk = 0;
    end
    $finish;
  end
endmodule
"""


@pytest.mark.parametrize("name, config", [("ulx3s", "tiny"), ("icebreaker", "tiny-up5k")])
def test_passes(name, config):
    on, folder = board(name), runner.BUILD.parent / "cells" / name
    synthesis.synthesise_board(preset(config), on, MEGAHERTZ, folder)
    script = "read_json netlist.json; write_verilog -noattr netlist.v"
    tools.run(synthesis.YOSYS, ["-q", "-p", script], folder, "verilog.log")
    low = [led in on.leds_low for led in ("led_pass", "led_fail")]
    pins = [pins for pins in simulated(folder, on.chip.family) if "x" not in pins]
    lit = ["".join(str(int(pin) ^ is_low) for pin, is_low in zip(both, low, strict=True)) for both in pins]
    assert lit == ["00", "10"]


def simulated(folder, family):
    """The pins of both LEDs of netlist.v in the folder: at first, and when one changes within so many CYCLES."""
    runner.require("icarus")
    (folder / "bench.v").write_text(BENCH.format(cycles=CYCLES) + models(family))
    build = (
        "iverilog -g2012 -DNO_INCLUDES -DNO_ICE40_DEFAULT_ASSIGNMENTS -s bench -o bench.vvp bench.v netlist.v"
    )
    for command in (build.split(), ["vvp", "bench.vvp"]):
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()


def models(family):
    """Verilog of the chip's cells: Yosys' models, and of ours those that it has not."""
    text = ""
    for path in MODELS[family.name]:
        there = {UNREADABLE, *CELL.findall(text)}
        text += CELL.sub(lambda cell, there=there: "" if cell[1] in there else cell[0], path.read_text())
    return text
