"""Writes an engine as SystemVerilog or as plain Verilog 2005: the same bytes on every run and machine."""

import os
import re
from collections import Counter
from itertools import count

from amaranth.back import verilog

from convloom_rtl.top import Top

# An initial block that sets all words of a memory, one a line.
MEMORY = re.compile(r"  initial begin\n(?:    (\S+|\\\S+ )\[\d+\] = \d+'[hd]0+;\n)+  end\n")
LAST_WORD = re.compile(r"\[(\d+)\] = (\d+'[hd]0+);\n  end\n$")
# A signal that can have one value only has no bits, and is not used; Yosys declares it all the same.
WITHOUT_BITS = re.compile(r"  wire \[-1:0\] (?:\\\S+ |\w+);\n")
# Yosys lets every combinational block look at one of these, so that its first value starts the block.
STARTER = re.compile(r"  reg (\\\$auto\$verilog_backend\S+ ) = 0;\n")
# A register that takes a numbered value at a clock's edge, such a value's block and its declaration.
NUMBERED = re.compile(r"\\\$\d+ ")
REGISTER = re.compile(
    r"^  always @\((?P<edge>posedge \S+)\)\n    (?P<register>\\\S+ |\w+) <= (?P<next>\\\$\d+ );\n", re.M
)
NEXT_VALUE = re.compile(
    r"^  always @\* begin\n(?:    if \(\\\S+ \) begin end\n)?(?P<body>    (?P<next>\\\$\d+ ).*?)^  end\n",
    re.M | re.S,
)
DECLARATION = re.compile(r"^  reg (?:\[[0-9:]+\] )?(?P<next>\\\$\d+ );\n", re.M)
# Icarus runs an `always_comb` block at once, not after the others that are due: of a few values that change, all
# orders in which they can reach a block are tried, and a cycle takes a hundred times as long.
COMBINATIONAL = """\
`ifdef __ICARUS__
`define CONVLOOM_COMB always @*
`else
`define CONVLOOM_COMB always_comb
`endif
"""


def system_verilog(config, platform=None):
    """The top module of that Config and all below it, as text. For Verilator, Icarus and Yosys.

    With a `platform` that stands for a chip it holds the chip's own cells.
    """
    return as_system_verilog(verilog_2005(config, platform))


def as_system_verilog(text):
    """The SystemVerilog of the Verilog 2005 that these functions give."""
    text = text.replace("always @* begin", "`CONVLOOM_COMB begin")
    return COMBINATIONAL + text.replace("always @*\n", "always_comb\n")  # these have no starter


def verilog_2005(config, platform=None):
    """The same as plain Verilog 2005. Icarus shows X with it from -g2009 on: simulate the other one."""
    return component_verilog(Top(config), config.module_name, platform)


def component_verilog(component, name, platform=None):
    """A component as Verilog 2005, its module under that name."""
    # Amaranth's own Yosys, whose version is pinned: the text changes with it.
    os.environ["AMARANTH_USE_YOSYS"] = "builtin"
    options = {"emit_src": False, "strip_internal_attrs": True}
    text = verilog.convert(component, platform=platform, name=name, **options)
    return _started(_set_at_edges(_loop_over_memories(WITHOUT_BITS.sub("", text))))


def _set_at_edges(text):
    """Registers are set in the block that works out their next value, which has no name any more.

    Amaranth gives each such value a block of its own, which begins with the register's value: in simulation a
    register that stands still would be copied there and back.
    """
    return "".join(map(_set_at_edge, re.split(r"(?<=endmodule\n)", text)))


def _set_at_edge(module):
    registers = {found["next"]: found for found in REGISTER.finditer(module)}
    uses, moved = Counter(NUMBERED.findall(module)), set()

    def move(block):
        name = block["next"]
        assigned = re.compile(re.escape(name) + r"(\[[0-9:]+\])? ?= ")
        # Declared, assigned here, and the register's next value: nothing else may know it.
        if name not in registers or uses[name] != len(assigned.findall(block[0])) + 2:
            return block[0]
        moved.add(name)
        register = registers[name]["register"]
        body = assigned.sub(lambda found: f"{register}{found[1] or ''} <= ", block["body"])
        body = body.replace(f"    {register} <= {register};\n", "", 1)
        return f"  always @({registers[name]['edge']}) begin\n{body}  end\n"

    module = NEXT_VALUE.sub(move, module)
    for pattern in (REGISTER, DECLARATION):
        module = pattern.sub(lambda found: "" if found["next"] in moved else found[0], module)
    return module


def _started(text):
    """The starters' first value comes after all blocks have begun to wait.

    As an initial value it comes before, in Icarus with -g2009 and later; and a block that nothing else ever starts
    leaves X in what it should set.
    """
    started = r"`ifdef __ICARUS__\n  reg \1;\n  initial \1<= 0;\n`else\n  reg \1= 0;\n`endif\n"
    return STARTER.sub(started, text)


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
