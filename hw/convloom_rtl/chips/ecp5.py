"""Lattice ECP5: which of its cells take the engine's primitives' place, and DP16KD and PDPW16KD, with their registers.

Source: memory usage guide FPGA-TN-02204.
"""

from functools import partial

from amaranth.hdl import Cat, ClockSignal, Const, Instance, Signal

from convloom_rtl.chips import ecp5_adders, ecp5_carry, ecp5_choices, ecp5_products
from convloom_rtl.chips.block_memory import block_memory
from convloom_rtl.chips.ecp5_blocks import at, ports

MEMORY_SHAPES = ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1))
DATA = 18  # bits of a block RAM's port
ADDRESS = 14  # bits of a block RAM's address: narrower words use all, wider ones the upper ones


class Ecp5:
    """An ECP5 as the platform to elaborate for.

    Parameters
    ----------
    place : function of the number of a row of SummedProducts and of a lane that gives the multiplier's place as nextpnr
        names it, ``X4/Y10/MULT18_0``, or None to leave it to nextpnr (see ecp5_places)
    place_memory : likewise of a block RAM: function of what its BlockMemory is `near`, of the first bit of the word
        that it holds and of how many it does
    place_wide : likewise of a WideProduct's multiplier: function of that one's number and of which of its own it is
    wide_multipliers : function of a WideProduct's number that gives how many MULT18X18D it takes: 4, or 3, which take
        more LUTs and are slower

    Raises ValueError with what was expected and what came.
    """

    def __init__(
        self,
        place=lambda row, lane: None,
        place_memory=lambda near, bit, bits: None,
        place_wide=lambda number, part: None,
        wide_multipliers=lambda number: 4,
    ):
        self.place, self.place_memory, self.place_wide = place, place_memory, place_wide
        self.wide_multipliers = wide_multipliers

    def summed_products(self, row):
        """MULT18X18D, and ALU54B that add their products."""
        return ecp5_products.summed_products(row, self.place)

    def wide_product(self, product):
        """Three or four MULT18X18D."""
        multipliers, place = self.wide_multipliers(product.number), partial(self.place_wide, product.number)
        if multipliers not in (3, 4):
            raise ValueError(f"wide_multipliers must be 3 or 4, not {multipliers!r}")
        return ecp5_products.wide_product(product, multipliers, place)

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


def _block(m, name, place, shape, enable, write_address, data, read, read_address):
    """One block RAM; a word two cycles behind its address."""
    words, bits = shape
    word = Signal(bits, name=f"{name}_word")
    if bits == 36:
        m.submodules[name] = _wide_block(place, enable, write_address, data, read, read_address, word)
        return word
    unused = Const(0, ADDRESS - (words - 1).bit_length())
    # The lowest address bits of a write of 18 bits enable its two halves.
    low = Const(0b11, len(unused)) if bits == DATA else unused
    unread = Signal(DATA, name=f"{name}_unread")
    m.submodules[name] = Instance(
        "DP16KD",
        *at(place),
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
        **ports("i_CSA", Const(0, 3), 3),
        **ports("i_CSB", Const(0, 3), 3),
        **ports("i_ADA", Cat(low, write_address), ADDRESS),
        **ports("i_ADB", Cat(unused, read_address), ADDRESS),
        **ports("i_DIA", Cat(data, Const(0, DATA - bits)), DATA),
        **ports("o_DOB", Cat(word, unread[bits:]), DATA),
    )
    return word


def _wide_block(place, enable, write_address, data, read, read_address, word):
    """512 words of 36 bits: the one shape that takes a write port and a read port of its own."""
    return Instance(
        "PDPW16KD",
        *at(place),
        p_DATA_WIDTH_W=36,
        p_DATA_WIDTH_R=36,
        p_REGMODE="OUTREG",
        i_CLKW=ClockSignal(),
        i_CLKR=ClockSignal(),
        i_CEW=enable,
        i_CER=read,
        i_OCER=read,
        i_RST=Const(0),
        **ports("i_BE", Const(0b1111, 4), 4),
        **ports("i_CSW", Const(0, 3), 3),
        **ports("i_CSR", Const(0, 3), 3),
        **ports("i_ADW", write_address, 9),
        **ports("i_ADR", Cat(Const(0, ADDRESS - 9), read_address), ADDRESS),
        **ports("i_DI", data, 36),
        **ports("o_DO", word, 36),
    )
