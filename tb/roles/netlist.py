"""A component's Verilog in Icarus, with what it gives in each cycle: also of forms that hold a chip's own cells."""

import shutil
import subprocess
from pathlib import Path

from amaranth.back import verilog
from amaranth.hdl import Shape
from amaranth.lib.wiring import In

CELLS = Path(__file__).parent / "cells"
BENCH = """\
module bench;
  reg clk = 0;
  reg [{given}:0] given, stimuli [0:{last}];
  wire [{seen}:0] seen;
  dut dut({ports});
  integer n;
  initial begin
    $readmemh("stimuli.hex", stimuli);
    for (n = 0; n <= {last}; n = n + 1) begin
      given = stimuli[n];
      #1 $display("%h", seen);
      clk = 1;
      #1 clk = 0;
    end
  end
endmodule
"""


def outputs(dut, stimuli, folder, platform=None, cells=None):
    """What `dut` has at its outputs before each clock edge: a line of hexadecimal digits, x where it is undefined.

    stimuli : {input: number} for each cycle; inputs that are not named are 0. A nested one is named a__b.
    cells : file in roles/cells with the models of the chip's cells
    """
    members = [
        ("__".join(map(str, path)), Shape.cast(member.shape).width, member.flow == In)
        for path, member, _ in dut.signature.flatten(dut)
    ]
    text = verilog.convert(dut, platform=platform, name="dut", emit_src=False, strip_internal_attrs=True)
    folder.mkdir()
    given, given_bits = _slices("given", [(name, bits) for name, bits, inward in members if inward])
    seen, seen_bits = _slices("seen", [(name, bits) for name, bits, inward in members if not inward])
    clocks = {"clk": ".clk(clk)", "rst": ".rst(1'b0)"}
    ties = [tie for name, tie in clocks.items() if f"input {name};" in text]
    ties += [*given.values(), *seen.values()]
    bench = BENCH.format(
        given=given_bits - 1, seen=seen_bits - 1, last=len(stimuli) - 1, ports=", ".join(ties)
    )
    (folder / "bench.v").write_text(text + bench)
    places = {name: (bits, inward) for name, bits, inward in members}
    (folder / "stimuli.hex").write_text("\n".join(_packed(values, places) for values in stimuli))
    return _run(folder, [CELLS / f"{cells}.v"] if cells else [])


def _slices(vector, members):
    """Each member's port, tied to its part of the vector; and how many bits there are."""
    ties, first = {}, 0
    for name, bits in members:
        ties[name] = f".{name}({vector}[{first} +: {bits}])"
        first += bits
    return ties, first


def _packed(values, places):
    """A cycle's inputs as one number."""
    word = first = 0
    for name, (bits, inward) in places.items():
        if inward:
            word |= (values.get(name, 0) & ((1 << bits) - 1)) << first
            first += bits
    return f"{word:x}"


def _run(folder, models):
    for tool in ("iverilog", "vvp"):
        if shutil.which(tool) is None:
            raise RuntimeError(f"{tool} is missing: sudo apt-get install iverilog")
    sources = ["bench.v", *map(str, models)]
    for command in (["iverilog", "-g2012", "-s", "bench", "-o", "bench.vvp", *sources], ["vvp", "bench.vvp"]):
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()
