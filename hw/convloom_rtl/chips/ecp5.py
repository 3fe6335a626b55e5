"""Lattice ECP5: MULT18X18D, DP16KD and PDPW16KD, each with its own registers.

Sources: sysDSP usage guide FPGA-TN-02205, memory usage guide FPGA-TN-02204.
"""

from functools import partial

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Signal, signed

from convloom_rtl.chips import ecp5_adders, ecp5_carry, ecp5_choices
from convloom_rtl.chips.block_memory import block_memory
from convloom_rtl.kit.pipeline import delay

MULTIPLIER_REGISTERS = ("INPUTA", "INPUTB", "PIPELINE", "OUTPUT")
BITS = 18  # of a multiplier's operands
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

    def products(self, row):
        """One MULT18X18D for each lane. Operands and product lie in the upper bits: the lower ones are zero."""
        m = Module()
        shift = BITS - 8
        for lane, product in enumerate(row.o):
            a, b = (Cat(Const(0, shift), i[lane]).as_signed() for i in (row.i_a, row.i_b))
            whole = _multiply(m, f"multiplier_{lane}", a, b, self.place(row.number, lane))
            m.d.comb += product.eq(whole[2 * shift :])
        return m

    def wide_product(self, product):
        """Three or four MULT18X18D and what joins their products."""
        m = Module()
        join = _three_products if self.wide_multipliers == 3 else _four_products
        low, upper = join(m, product.i_a, product.i_b, partial(self.place_wide, product.number))
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


def _four_products(m, a, b, place):
    """The lowest bits and all above them of a WideProduct: the two crossed products' sum, added to the other two.

    Halves of 17 bits: what lies beside each other then needs no adder, and low ones are positive with 18.
    """
    half = BITS - 1
    low_a, high_a, low_b, high_b = a[:half], a[half:].as_signed(), b[:half], b[half:]
    low, high = (
        _multiply(m, "low", low_a, low_b, place(0)),
        _multiply(m, "high", high_a, high_b, place(1)),
    )
    crossed = [
        _multiply(m, "high_low", high_a, low_b, place(2)),
        _multiply(m, "low_high", low_a, high_b, place(3)),
    ]
    middle = Signal(signed(2 * half - 1), reset_less=True)
    outer = delay(m, Cat(low[: 2 * half], high), 1, "outer")
    upper = Signal(signed(WIDE - half), reset_less=True)
    m.d.sync += [middle.eq(crossed[0] + crossed[1]), upper.eq(outer[half:].as_signed() + middle)]
    return delay(m, outer[:half], 1, "lowest"), upper


def _three_products(m, a, b, place):
    """The same by Karatsuba: (high a + low a) * (high b + low b) is the crossed products and the other two.

    The two sums take a cycle. In it those other two get ahead, and are taken from themselves, half a word further
    up, before the third product arrives.
    """
    half = 16
    low_a, high_a, low_b, high_b = a[:half], a[half:].as_signed(), b[:half], b[half:]
    sum_a, sum_b = Signal(signed(BITS), reset_less=True), Signal(BITS - 1, reset_less=True)
    m.d.sync += [sum_a.eq(high_a + low_a), sum_b.eq(high_b + low_b)]
    low, high = (
        _multiply(m, "low", low_a, low_b, place(0)),
        _multiply(m, "high", high_a, high_b, place(1)),
    )
    sums = _multiply(m, "sums", sum_a, sum_b, place(2))
    outer = Cat(low[: 2 * half], high)
    rest, upper = (Signal(signed(WIDE - half), name=name, reset_less=True) for name in ("rest", "upper"))
    m.d.sync += [rest.eq(outer[half:].as_signed() - high - low), upper.eq(rest + sums)]
    return delay(m, low[:half], 2, "lowest"), upper


def _at(place):
    """The attribute of an instance that has its place, if it has one."""
    return [("a", "BEL", place)] if place else []


def _bits(prefix, value, count):
    """The ports prefix0, prefix1 ... of an instance."""
    return {f"{prefix}{n}": value[n] for n in range(count)}


def _multiply(m, name, a, b, place=None):
    """The product, three cycles later, of two numbers that 18 bits with a sign can hold."""
    port_a, port_b = (Signal(signed(BITS), name=f"{name}_{port}") for port in "ab")
    product = Signal(signed(2 * BITS), name=f"{name}_p")
    m.d.comb += [port_a.eq(a), port_b.eq(b)]
    m.submodules[name] = Instance(
        "MULT18X18D",
        *_at(place),
        **{f"p_REG_{register}_CLK": "CLK0" for register in MULTIPLIER_REGISTERS},
        p_GSR="DISABLED",
        i_CLK0=ClockSignal(),
        # Open ones would read as ones: enabled, but also reset.
        i_CE0=Const(1),
        i_RST0=Const(0),
        i_SIGNEDA=Const(1),
        i_SIGNEDB=Const(1),
        i_SOURCEA=Const(0),
        i_SOURCEB=Const(0),
        **_bits("i_A", port_a, BITS),
        **_bits("i_B", port_b, BITS),
        **_bits("o_P", product, 2 * BITS),
    )
    return product


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
