"""A sum that starts anew now and then."""

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.chips import chip_of


class Accumulator(wiring.Component):
    """Adds a number of `bits` bits per cycle, modulo 2^32, `LATENCY` cycles later. Reset does not clear it.

    Members
    -------
    i_value : the number
    i_adds : it counts
    i_starts : ... and the sum starts with it
    o : the sum
    """

    LATENCY = 1
    BITS = 32

    def __init__(self, bits):
        self.bits = bits
        super().__init__(
            {
                "i_value": In(signed(bits)),
                "i_adds": In(1),
                "i_starts": In(1),
                "o": Out(signed(self.BITS)),
            }
        )

    def elaborate(self, platform):
        chip = chip_of(platform)
        form = chip.accumulator(self) if chip else None
        return self._portable() if form is None else form

    def _portable(self):
        m = Module()
        total = Signal(signed(self.BITS), reset_less=True)
        with m.If(self.i_adds):
            with m.If(self.i_starts):
                m.d.sync += total.eq(self.i_value)
            with m.Else():
                m.d.sync += total.eq(total + self.i_value)
        m.d.comb += self.o.eq(total)
        return m
