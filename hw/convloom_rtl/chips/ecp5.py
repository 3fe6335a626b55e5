"""Lattice ECP5: MULT18X18D, ALU54B, DP16KD and PDPW16KD, each with its own registers.

Sources: sysDSP usage guide FPGA-TN-02205, memory usage guide FPGA-TN-02204.
"""

import re
from functools import partial

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Signal, signed

from convloom_rtl.chips import ecp5_adders, ecp5_carry, ecp5_choices
from convloom_rtl.chips.block_memory import block_memory
from convloom_rtl.kit.pipeline import delay

MULTIPLIER_REGISTERS = ("INPUTA", "INPUTB", "PIPELINE", "OUTPUT")
BITS = 18  # of a multiplier's operands
ALU_BITS = 54
ALU_INPUT = 2  # cycles from its port C to its output
MULTIPLIER_PLACE = re.compile(r"X(\d+)/Y(\d+)/MULT18_(\d)")
# What an ALU54B does: A + B + C (0100 in bits 10 to 7), of which C is its port (011 in bits 6 to 4), B and A are the
# two multipliers' products (01 each).
PRODUCTS_AND_C = 0b0100_011_01_01
WIDE = 63  # of a WideProduct
MEMORY_SHAPES = ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1))
ADDRESS = 14  # bits of a block RAM's address: narrower words use all, wider ones the upper ones


class Ecp5:
    """An ECP5 as the platform to elaborate for.

    Parameters
    ----------
    place : function of the number of a row of Products and of a lane that gives the multiplier's place as nextpnr
        names it, ``X4/Y10/MULT18_0``, or None to leave it to nextpnr (see ecp5_places)
    place_memory : likewise of a block RAM: function of what its BlockMemory is `near`, of the first bit of the word
        that it holds and of how many it does
    place_wide : likewise of a WideProduct's multiplier: function of that one's number and of which of its own it is
    wide_multipliers : MULT18X18D for each WideProduct: 4, or 3, which takes more LUTs and is slower

    Raises ValueError with what was expected and what came.
    """

    def __init__(
        self,
        place=lambda row, lane: None,
        place_memory=lambda near, bit, bits: None,
        place_wide=lambda number, part: None,
        wide_multipliers=4,
    ):
        if wide_multipliers not in (3, 4):
            raise ValueError(f"wide_multipliers must be 3 or 4, not {wide_multipliers!r}")
        self.place, self.place_memory, self.place_wide = place, place_memory, place_wide
        self.wide_multipliers = wide_multipliers

    def summed_products(self, row):
        """A MULT18X18D for each lane and an ALU54B for each two, which adds what the one before it has summed.

        Each gets its operands as many cycles later as the sum takes to it.
        """
        m = Module()
        for n, port in enumerate(row.o):
            total, levels = Const(0, len(port)), _Levels(m, n)
            for pair in range(row.SUMMED // 2):
                first = row.SUMMED * n + 2 * pair
                a, b = (i.as_value()[8 * first :][:16] for i in (row.i_a, row.i_b))
                a, b = (
                    delay(m, word, ALU_INPUT * pair, f"{name}_{first}") for name, word in (("a", a), ("b", b))
                )
                places = [self.place(row.number, lane) for lane in (first, first + 1)]
                total = _multiply_bytes_and_add(m, f"pair_{first}", a, b, places, levels, total)
            m.d.comb += port.eq(delay(m, total.as_signed(), 1, f"sum_{n}"))
        return m

    def wide_product(self, product):
        """Three or four MULT18X18D and what joins their products."""
        m = Module()
        join = _three_products if self.wide_multipliers == 3 else _four_products
        place = partial(self.place_wide, product.number)
        low, upper = join(m, product.i_a, product.i_b, place, _Levels(m))
        m.d.comb += product.o.eq(Cat(low, upper))
        return m

    def chosen_sum(self, component):
        """CCU2C, whose LUTs make the choice."""
        return ecp5_adders.chosen_sum(component)

    def memory(self, memory):
        """DP16KD, or PDPW16KD for words of 36 bits, with the output register inside."""
        place = {"place": partial(self.place_memory, memory.near)} if memory.near else {}
        return block_memory(memory, MEMORY_SHAPES, _block, memory.LATENCY, **place)

    def accumulator(self, accumulator):
        """Carry cells, in whose LUTs the old sum is left out where a new one starts."""
        return ecp5_carry.accumulator(accumulator)

    def choice(self, choice):
        """LUTs and the slices' own multiplexers; None where there are fewer words than they take, or more."""
        return ecp5_choices.choice(choice) if choice.count in (4, 8) else None

    def splice(self, splice):
        """Likewise."""
        return ecp5_choices.splice(splice) if splice.pairs in (2, 4) else None


def _four_products(m, a, b, place, levels):
    """The lowest bits and all above them of a WideProduct: the two crossed products' sum, added to the other two.

    Halves of 17 bits: what lies beside each other then needs no adder, and low ones are positive with 18.
    """
    half = BITS - 1
    low_a, high_a, low_b, high_b = a[:half], a[half:].as_signed(), b[:half], b[half:]
    low, high = (
        _multiply(m, "low", low_a, low_b, place(0), levels),
        _multiply(m, "high", high_a, high_b, place(1), levels),
    )
    crossed = _multiply_and_add(
        m, "crossed", [(high_a, low_b), (low_a, high_b)], [place(2), place(3)], levels, Const(0)
    )
    middle = delay(m, crossed[: 2 * half - 1].as_signed(), 1, "middle")
    outer = delay(m, Cat(low[: 2 * half], high), 1, "outer")
    upper = Signal(signed(WIDE - half), reset_less=True)
    m.d.sync += upper.eq(outer[half:].as_signed() + middle)
    return delay(m, outer[:half], 1, "lowest"), upper


def _three_products(m, a, b, place, levels):
    """The same by Karatsuba: (high a + low a) * (high b + low b) is the crossed products and the other two.

    The two sums take a cycle. In it those other two get ahead, and are taken from themselves, half a word further
    up, before the third product arrives.
    """
    half = 16
    low_a, high_a, low_b, high_b = a[:half], a[half:].as_signed(), b[:half], b[half:]
    sum_a, sum_b = Signal(signed(BITS), reset_less=True), Signal(BITS - 1, reset_less=True)
    m.d.sync += [sum_a.eq(high_a + low_a), sum_b.eq(high_b + low_b)]
    low, high = (
        _multiply(m, "low", low_a, low_b, place(0), levels),
        _multiply(m, "high", high_a, high_b, place(1), levels),
    )
    sums = _multiply(m, "sums", sum_a, sum_b, place(2), levels)
    outer = Cat(low[: 2 * half], high)
    rest, upper = (Signal(signed(WIDE - half), name=name, reset_less=True) for name in ("rest", "upper"))
    m.d.sync += [rest.eq(outer[half:].as_signed() - high - low), upper.eq(rest + sums)]
    return delay(m, low[:half], 2, "lowest"), upper


class _Levels:
    """Constants from LUTs of their own, for a few multipliers' control inputs.

    nextpnr leads its own ones and zeros from one place all over the chip, and the few wires that reach those inputs are
    then hardly to be had: it does not come to an end.
    """

    def __init__(self, m, number=0):
        self.zero, self.one = (Signal(name=f"{name}_{number}") for name in ("zero", "one"))
        for signal, bits in ((self.zero, 0), (self.one, 0xFFFF)):
            m.submodules[signal.name] = Instance(
                "LUT4",
                p_INIT=Const(bits, 16),
                o_Z=signal,
                **dict.fromkeys(("i_A", "i_B", "i_C", "i_D"), Const(0)),
            )


def _at(place):
    """The attribute of an instance that has its place, if it has one."""
    return [("a", "BEL", place)] if place else []


def _bits(prefix, value, count):
    """The ports prefix0, prefix1 ... of an instance."""
    return {f"{prefix}{n}": value[n] for n in range(count)}


def _multiply(m, name, a, b, place, levels):
    """The product, three cycles later, of two numbers that 18 bits with a sign can hold."""
    product = Signal(signed(2 * BITS), name=f"{name}_p")
    m.submodules[name] = _multiplier(
        m, name, a, b, place, levels, MULTIPLIER_REGISTERS, _bits("o_P", product, 2 * BITS)
    )
    return product


def _multiply_bytes_and_add(m, name, a, b, places, levels, more):
    """The sum of the products of two int8 each and of `more`, which comes ALU_INPUT cycles later; as wide as that.

    Operands and products lie in the upper bits of what a block takes and gives: the lower ones are zero.
    """
    low = Const(0, BITS - 8)
    factors = [[Cat(low, word.word_select(n, 8)).as_signed() for word in (a, b)] for n in range(2)]
    whole = _multiply_and_add(m, name, factors, places, levels, Cat(low, low, more))
    return whole[2 * len(low) :][: len(more)]


def _multiply_and_add(m, name, factors, places, levels, more):
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
            **_bits("o_P", product, 2 * BITS),
            **_bits("o_ROA", operands[:BITS], BITS),
            **_bits("o_ROB", operands[BITS:], BITS),
            "o_SIGNEDP": is_signed,
        }
        m.submodules[one] = _multiplier(m, one, a, b, place, levels, MULTIPLIER_REGISTERS[:-1], outputs)
        product_ports |= {
            **_bits(f"i_M{letter}", product, 2 * BITS),
            **_bits(f"i_{letter}", operands, 2 * BITS),
            f"i_SIGNEDI{letter}": is_signed,
        }
    m.submodules[f"{name}_sum"] = Instance(
        "ALU54B",
        *_at(place_of_sum(places)),
        **{f"p_REG_{register}{half}_CLK": "CLK0" for register in ("INPUTC", "OUTPUT") for half in range(2)},
        p_GSR="DISABLED",
        i_CLK0=ClockSignal(),
        i_CE0=levels.one,
        i_RST0=levels.zero,
        **{f"i_OP{n}": levels.one if PRODUCTS_AND_C >> n & 1 else levels.zero for n in range(11)},
        **_bits("i_C", Cat(more, Const(0, ALU_BITS - len(more))), ALU_BITS),
        **product_ports,
        **_bits("o_R", summed, ALU_BITS),
    )
    return summed


def place_of_sum(places):
    """The ALU54B's between the multipliers at those places; None where nextpnr chooses theirs.

    Raises ValueError where there is none between them: they must be the first or the last two of a block.
    """
    if places == [None, None]:
        return None
    column, line, number = map(int, MULTIPLIER_PLACE.fullmatch(places[0]).groups())
    beside = f"X{column + 1}/Y{line}/MULT18_{number + 1}"
    if number not in (0, 4) or places[1] != beside:
        raise ValueError(f"multipliers of a pair must lie beside each other in half a block, not at {places}")
    return f"X{column + 3}/Y{line}/ALU54_{number + 3}"


def _multiplier(m, name, a, b, place, levels, registers, outputs):
    """A MULT18X18D with those of its registers and those output ports."""
    port_a, port_b = (Signal(signed(BITS), name=f"{name}_{port}") for port in "ab")
    m.d.comb += [port_a.eq(a), port_b.eq(b)]
    return Instance(
        "MULT18X18D",
        *_at(place),
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
        **_bits("i_A", port_a, BITS),
        **_bits("i_B", port_b, BITS),
        **outputs,
    )


def _block(m, name, place, shape, enable, write_address, data, read, read_address):
    """One block RAM; a word two cycles behind its address."""
    words, bits = shape
    word = Signal(bits, name=f"{name}_word")
    if bits == 36:
        m.submodules[name] = _wide_block(place, enable, write_address, data, read, read_address, word)
        return word
    unused = Const(0, ADDRESS - (words - 1).bit_length())
    # The lowest address bits of a write of 18 bits enable its two halves.
    low = Const(0b11, len(unused)) if bits == BITS else unused
    unread = Signal(BITS, name=f"{name}_unread")
    m.submodules[name] = Instance(
        "DP16KD",
        *_at(place),
        p_DATA_WIDTH_A=bits,
        p_DATA_WIDTH_B=bits,
        p_REGMODE_A="NOREG",
        p_REGMODE_B="OUTREG",
        i_CLKA=ClockSignal(),
        i_CLKB=ClockSignal(),
        i_CEA=Const(1),
        i_WEA=enable,
        i_CEB=read,
        i_OCEB=read,
        i_WEB=Const(0),
        i_RSTA=Const(0),
        i_RSTB=Const(0),
        **_bits("i_CSA", Const(0, 3), 3),
        **_bits("i_CSB", Const(0, 3), 3),
        **_bits("i_ADA", Cat(low, write_address), ADDRESS),
        **_bits("i_ADB", Cat(unused, read_address), ADDRESS),
        **_bits("i_DIA", Cat(data, Const(0, BITS - bits)), BITS),
        **_bits("o_DOB", Cat(word, unread[bits:]), BITS),
    )
    return word


def _wide_block(place, enable, write_address, data, read, read_address, word):
    """512 words of 36 bits: the one shape that takes a write port and a read port of its own."""
    return Instance(
        "PDPW16KD",
        *_at(place),
        p_DATA_WIDTH_W=36,
        p_DATA_WIDTH_R=36,
        p_REGMODE="OUTREG",
        i_CLKW=ClockSignal(),
        i_CLKR=ClockSignal(),
        i_CEW=enable,
        i_CER=read,
        i_OCER=read,
        i_RST=Const(0),
        **_bits("i_BE", Const(0b1111, 4), 4),
        **_bits("i_CSW", Const(0, 3), 3),
        **_bits("i_CSR", Const(0, 3), 3),
        **_bits("i_ADW", write_address, 9),
        **_bits("i_ADR", Cat(Const(0, ADDRESS - 9), read_address), ADDRESS),
        **_bits("i_DI", data, 36),
        **_bits("o_DO", word, 36),
    )
