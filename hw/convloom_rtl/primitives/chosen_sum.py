"""A choice in front of an adder, which some chips' adders have room for."""

from amaranth.hdl import Module, Mux, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.chips import chip_of


class ChosenSum(wiring.Component):
    """One of two numbers and a third, added modulo 2^`width`. There is no register.

    Members
    -------
    i_first, i_second, i_choice : the second number where i_choice is set, the first otherwise
    i_addend : what is added to it
    o : the sum
    """

    LATENCY = 0

    def __init__(self, width):
        self.width = width
        super().__init__(
            {
                **{name: In(signed(width)) for name in ("i_first", "i_second", "i_addend")},
                "i_choice": In(1),
                "o": Out(signed(width)),
            }
        )

    def elaborate(self, platform):
        chip = chip_of(platform)
        form = chip.chosen_sum(self) if chip else None
        return self._portable() if form is None else form

    def _portable(self):
        m = Module()
        m.d.comb += self.o.eq(Mux(self.i_choice, self.i_second, self.i_first) + self.i_addend)
        return m
