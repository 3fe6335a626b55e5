"""Writes an engine as SystemVerilog or as plain Verilog 2005: the same bytes on every run and machine."""

import os
import re
from itertools import count

from amaranth.back import verilog

from convloom_rtl.top import Top

# An initial block that sets all words of a memory, one a line.
MEMORY = re.compile(r"  initial begin\n(?:    (\S+|\\\S+ )\[\d+\] = \d+'[hd]0+;\n)+  end\n")
LAST_WORD = re.compile(r"\[(\d+)\] = (\d+'[hd]0+);\n  end\n$")


def system_verilog(config):
    """The top module of that Config and all below it, as text. For Verilator, Icarus and Yosys."""
    # In Icarus an `always @*` block whose inputs never change stays X; `always_comb` runs once at the start.
    return verilog_2005(config).replace("always @*", "always_comb")


def verilog_2005(config):
    """The same as plain Verilog 2005. Icarus shows X with it from -g2005-sv on: simulate the other one."""
    # Amaranth's own Yosys, whose version is pinned: the text changes with it.
    os.environ["AMARANTH_USE_YOSYS"] = "builtin"
    top = Top(config)
    return _loop_over_memories(
        verilog.convert(top, name=config.module_name, emit_src=False, strip_internal_attrs=True)
    )


def _loop_over_memories(text):
    """A loop for each memory's words, which are all zero; synthesis skips it.

    A line per word, as Yosys writes them, takes Verilator minutes to compile and Yosys minutes to read.
    """
    numbers = count()

    def loop(block):
        last, zero = LAST_WORD.search(block[0]).groups()
        n = f"initial_word_{next(numbers)}"
        return (
            f"`ifndef SYNTHESIS\n  integer {n};\n"
            f"  initial for ({n} = 0; {n} <= {last}; {n} = {n} + 1) {block[1]}[{n}] = {zero};\n`endif\n"
        )

    return MEMORY.sub(loop, text)
