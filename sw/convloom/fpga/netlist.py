"""An engine as a netlist for Yosys: between pins that do not count, or in a board's top that tests it."""

from convloom.device.toolchain import amaranth
from convloom.fpga.self_test import self_test_job

TOP = "pins"  # the module around the core
SELF_TEST = "self_test"  # a board's top, and the engine in it
SELF_TEST_ENGINE = f"{SELF_TEST}.engine"


def core(config, chip):
    """The engine of that Config in the forms for that Chip, as RTLIL; and its pins, {name: bits}, in and out.

    Cells carry the place of their source.
    """
    amaranth()  # tells how to install it where it is missing
    from amaranth.back import rtlil
    from amaranth.hdl import Shape
    from amaranth.lib.wiring import In
    from convloom_rtl.top import Top

    top = Top(config)
    text = rtlil.convert(top, name=config.module_name, platform=platform(config, chip), emit_src=True)
    pins = top.signature.members.items()
    inputs, outputs = (
        {name: Shape.cast(pin.shape).width for name, pin in pins if (pin.flow == In) == inward}
        for inward in (True, False)
    )
    return text, inputs, outputs


def platform(config, chip):
    """The chip as the components' `elaborate(platform)` is given it: forms and places of multipliers and memories."""
    from convloom_rtl.chips.ecp5 import Ecp5
    from convloom_rtl.chips.ecp5_places import FLOORPLANS
    from convloom_rtl.chips.ice40 import Ice40

    if chip.family.name == "ice40":
        return Ice40()
    # Of the requantiser's products as many have the larger form as there are multipliers for.
    least, most = chip.family.scale_blocks
    larger = max(chip.room[chip.family.multiplier] - config.multipliers - least * config.requant_lanes, 0)
    lanes, places = config.cin_lanes, {}
    if chip.floorplan:
        plan = FLOORPLANS[chip.floorplan]
        multiplier = plan.snake(lanes)
        places = {"place": multiplier, "place_memory": plan.memories(lanes)}

        def place_wide(number, part):  # behind the array's rows in the snake
            return multiplier(config.cout_lanes, least * number + min(number, larger) + part)

        places["place_wide"] = place_wide
    return Ecp5(wide_multipliers=lambda number: most if number < larger else least, **places)


def self_test(config, board, megahertz):
    """The top of a Board with a clock of so many MHz, as RTLIL: an engine of that Config that tests itself."""
    amaranth()
    from amaranth.back import rtlil
    from convloom_rtl.boards.self_test import SelfTest

    second = round(1e6 * megahertz)
    top = SelfTest(
        config, self_test_job(config), patience=second // 10, blink=second // 2, leds_low=board.leds_low
    )
    return rtlil.convert(top, name=SELF_TEST, platform=platform(config, board.chip), emit_src=True)


def wrapper(module, inputs, outputs, clock="aclk", drivers=None):
    """Verilog: registers at every pin, so that the chip's own pins take no part in the timing.

    One input is shifted through registers, from each of which another takes the way to an input of the core; its
    outputs are kept in registers and become one bit, four by four, with a register at each step. So nothing in the core
    is without use.

    drivers : registers for the inputs, each of which then drives several at once, and outputs have none of their own;
        None: one each
    """
    inputs = {name: bits for name, bits in inputs.items() if name != clock}
    ties = (f".{clock}(clk)", *_slices("driven", inputs), *_slices("made", outputs))
    pins, registers = sum(inputs.values()), min(drivers or sum(inputs.values()), sum(inputs.values()))
    shared = f"wire [{pins - 1}:0] driven = {{{-(-pins // registers)}{{shifted}}}};"
    own = f"reg [{pins - 1}:0] driven;\n  always @(posedge clk) driven <= shifted;"
    lines = [
        f"module {TOP}(input clk, input serial, output parity);",
        f"  reg [{registers - 1}:0] shifted;",
        f"  {shared if drivers else own}",
        "  always @(posedge clk) shifted <= {shifted, serial};",
        f"  wire [{sum(outputs.values()) - 1}:0] made;",
        f"  {module} core({', '.join(ties)});",
        *_parity("made", sum(outputs.values()), kept=drivers is None),
        "endmodule",
    ]
    return "\n".join(lines) + "\n"


def _slices(vector, pins):
    """Each pin tied to its part of the vector."""
    first = 0
    for name, bits in pins.items():
        yield f".{name}({vector}[{first} +: {bits}])"
        first += bits


def _parity(name, bits, kept):
    """A registered tree of XORs over a vector's bits; the vector's own register first, where it is `kept`."""
    if kept:
        yield f"  reg [{bits - 1}:0] parity_0;"
        yield f"  always @(posedge clk) parity_0 <= {name};"
    else:
        yield f"  wire [{bits - 1}:0] parity_0 = {name};"
    level = 0
    while bits > 1:
        parts = [f"^parity_{level}[{min(first + 4, bits) - 1}:{first}]" for first in range(0, bits, 4)]
        level, bits = level + 1, len(parts)
        yield f"  reg [{bits - 1}:0] parity_{level};"
        yield f"  always @(posedge clk) parity_{level} <= {{{', '.join(reversed(parts))}}};"
    yield f"  assign parity = parity_{level};"
