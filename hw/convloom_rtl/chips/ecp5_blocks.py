"""ECP5: a block of multipliers, MULT18X18D, and the adders between them, ALU54B, each with its own registers.

Sources: sysDSP usage guide FPGA-TN-02205; the ALU54B's opcodes as Project Trellis' fuzzer of its times uses them.
nextpnr leads an ALU54B's wires but has no times of it (convloom.fpga.place).
"""

import re

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Signal, signed

BITS = 18  # of a multiplier's operands
REGISTERS = ("INPUTA", "INPUTB", "PIPELINE", "OUTPUT")  # of a multiplier
ALU_BITS = 54
TILE = 8  # flip-flops of a tile of the fabric
ALU_INPUT = 2  # cycles from its port C to its output
# What an ALU54B does: A + B + C (0100 in bits 10 to 7), of which C is its port (011 in bits 6 to 4), B and A are the
# two multipliers' products (01 each).
PRODUCTS_AND_C = 0b0100_011_01_01
PLACE = re.compile(r"X(\d+)/Y(\d+)/MULT18_(\d)")


class Levels:
    """Constants from LUTs of their own, for a few multipliers' control inputs.

    nextpnr leads its own ones and zeros from one place all over the chip, and the few wires that reach those inputs are
    then hardly to be had: it does not come to an end.
    """

    def __init__(self, m: Module, number=0):
        self.zero, self.one = (Signal(name=f"{name}_{number}") for name in ("zero", "one"))
        for signal, bits in ((self.zero, 0), (self.one, 0xFFFF)):
            m.submodules[signal.name] = Instance(
                "LUT4",
                p_INIT=Const(bits, 16),
                o_Z=signal,
                **dict.fromkeys(("i_A", "i_B", "i_C", "i_D"), Const(0)),
            )


def at(place):
    """The attribute of an instance that has its place, if it has one."""
    return [("a", "BEL", place)] if place else []


def ports(prefix, value, count):
    """The ports prefix0, prefix1 ... of an instance."""
    return {f"{prefix}{n}": value[n] for n in range(count)}


def multiply(m, name, a, b, place, levels):
    """The product, three cycles later, of two numbers that 18 bits with a sign can hold."""
    product = Signal(signed(2 * BITS), name=f"{name}_p")
    m.submodules[name] = _multiplier(m, name, a, b, place, levels, REGISTERS, ports("o_P", product, 2 * BITS))
    return product


def multiply_and_add(m, name, factors, places, levels, more):
    """The sum, three cycles later, of two products of such numbers: the ALU54B beside the two multipliers.

    It takes their products before the output registers, by wires of its own, and has such registers itself. nextpnr
    knows by the wires between the three that they belong together, also by those that the sum does not need.

    more : what is added besides, ALU_INPUT cycles later; bits above it are taken for zeros
    """
    product_ports, summed = {}, Signal(signed(ALU_BITS), name=f"{name}_r")
    for letter, (a, b), place in zip("AB", factors, places, strict=True):
        one = f"{name}_{letter.lower()}"
        product, operands, is_signed = (
            Signal(width, name=f"{one}_{kind}")
            for kind, width in (("p", 2 * BITS), ("operands", 2 * BITS), ("signedp", 1))
        )
        outputs = {
            **ports("o_P", product, 2 * BITS),
            **ports("o_ROA", operands[:BITS], BITS),
            **ports("o_ROB", operands[BITS:], BITS),
            "o_SIGNEDP": is_signed,
        }
        m.submodules[one] = _multiplier(m, one, a, b, place, levels, REGISTERS[:-1], outputs)
        product_ports |= {
            **ports(f"i_M{letter}", product, 2 * BITS),
            **ports(f"i_{letter}", operands, 2 * BITS),
            f"i_SIGNEDI{letter}": is_signed,
        }
    m.submodules[f"{name}_sum"] = Instance(
        "ALU54B",
        *at(place_of_sum(places)),
        **{f"p_REG_{register}{half}_CLK": "CLK0" for register in ("INPUTC", "OUTPUT") for half in range(2)},
        p_GSR="DISABLED",
        i_CLK0=ClockSignal(),
        i_CE0=levels.one,
        i_RST0=levels.zero,
        **{f"i_OP{n}": levels.one if PRODUCTS_AND_C >> n & 1 else levels.zero for n in range(11)},
        **ports("i_C", Cat(more, Const(0, ALU_BITS - len(more))), ALU_BITS),
        **product_ports,
        **ports("o_R", summed, ALU_BITS),
    )
    return summed


def place_of_sum(places):
    """The ALU54B's between the multipliers at those places.

    Raises ValueError where there is none between them: they must be the first or the last two of a block.
    """
    column, line, number = map(int, PLACE.fullmatch(places[0]).groups())
    beside = f"X{column + 1}/Y{line}/MULT18_{number + 1}"
    if number not in (0, 4) or places[1] != beside:
        raise ValueError(f"multipliers of a pair must lie beside each other in half a block, not at {places}")
    return f"X{column + 3}/Y{line}/ALU54_{number + 3}"


def registers_beside(m, name, value, places):
    """`value` a cycle later, in the flip-flops next to the ALU54B that it comes from; those of the multipliers' places.

    nextpnr does not time the wires to them, so it would put them where the next adder is.
    """
    column, line, _ = map(int, PLACE.fullmatch(places[0]).groups())
    later = Signal.like(value, name=name)
    for n in range(len(value)):
        tile, bit = divmod(n, TILE)
        m.submodules[f"{name}_{n}"] = Instance(
            "TRELLIS_FF",
            *at(f"X{column + 1 + tile}/Y{line - 1}/SLICE{'ABCD'[bit // 2]}.FF{bit % 2}"),
            p_GSR="DISABLED",
            p_CEMUX="1",
            p_CLKMUX="CLK",
            p_LSRMUX="LSR",
            p_REGSET="RESET",
            i_CLK=ClockSignal(),
            i_LSR=Const(0),
            i_DI=value[n],
            o_Q=later[n],
        )
    return later


def _multiplier(m, name, a, b, place, levels, registers, outputs):
    """A MULT18X18D with those of its registers and those output ports."""
    port_a, port_b = (Signal(signed(BITS), name=f"{name}_{port}") for port in "ab")
    m.d.comb += [port_a.eq(a), port_b.eq(b)]
    return Instance(
        "MULT18X18D",
        *at(place),
        **{f"p_REG_{register}_CLK": "CLK0" for register in registers},
        p_GSR="DISABLED",
        i_CLK0=ClockSignal(),
        # Open ones would read as ones: enabled, but also reset.
        i_CE0=levels.one,
        i_RST0=levels.zero,
        i_SIGNEDA=levels.one,
        i_SIGNEDB=levels.one,
        i_SOURCEA=levels.zero,
        i_SOURCEB=levels.zero,
        **ports("i_A", port_a, BITS),
        **ports("i_B", port_b, BITS),
        **outputs,
    )
