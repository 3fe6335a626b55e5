"""Resets long enough for the pipelines, whose registers have no reset, to run empty."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

FLUSH_CYCLES = 64  # longer than any way through the pipelines, from the issue gate to the output slots


class ResetControl(wiring.Component):
    """Holds `o_reset` for FLUSH_CYCLES after the clock domain's own reset and after each pulse of `i_request`."""

    def __init__(self):
        super().__init__({"i_request": In(1), "o_reset": Out(1, init=1)})

    def elaborate(self, platform):
        m = Module()
        left = Signal(range(FLUSH_CYCLES), init=FLUSH_CYCLES - 1)
        with m.If(self.i_request):
            m.d.sync += [left.eq(FLUSH_CYCLES - 1), self.o_reset.eq(1)]
        with m.Elif(left == 0):
            m.d.sync += self.o_reset.eq(0)
        with m.Else():
            m.d.sync += left.eq(left - 1)
        return m
