"""Rotates two words so that the byte at any offset comes to lane 0."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class Aligner(wiring.Component):
    """`lanes` bytes from byte `i_rotate` of the ring of 2 * lanes bytes `i_words`. `LATENCY` cycles, one per cycle.

    The first cycle moves by whole groups of four bytes, the second by single ones; each is one choice among whole
    words, which is fast in simulation and a wide multiplexer of few levels on a chip.
    """

    LATENCY = 2
    GROUP = 4

    def __init__(self, lanes):
        self.lanes = lanes
        super().__init__(
            {"i_words": In(16 * lanes), "i_rotate": In(range(2 * lanes)), "o_word": Out(8 * lanes)}
        )

    def elaborate(self, platform):
        m = Module()
        grouped = Signal(8 * (self.lanes + self.GROUP - 1), reset_less=True)
        single = Signal(range(self.GROUP), reset_less=True)
        word = Signal(8 * self.lanes, reset_less=True)
        ring = Cat(self.i_words, self.i_words)
        bits = (self.GROUP - 1).bit_length()
        m.d.sync += single.eq(self.i_rotate[:bits])
        with m.Switch(self.i_rotate[bits:]):
            for group in range(2 * self.lanes // self.GROUP):
                with m.Case(group):
                    m.d.sync += grouped.eq(ring[32 * group :])
        with m.Switch(single):
            for n in range(self.GROUP):
                with m.Case(n):
                    m.d.sync += word.eq(grouped[8 * n :])
        m.d.comb += self.o_word.eq(word)
        return m
