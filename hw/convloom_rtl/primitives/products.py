"""A row of int8 multipliers, the same latency in every form."""

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.chips import chip_of


class Products(wiring.Component):
    """`lanes` products of int8 pairs per cycle, `LATENCY` cycles later; no clock enable.

    `number` tells the rows of an array apart where a chip gives each multiplier its place.

    The latency is that of a DSP block with its input, pipeline and output registers. The portable form delays
    the operands, packed, rather than each product: the same to the outside, and faster to simulate.
    """

    LATENCY = 3

    def __init__(self, lanes, number=0):
        self.lanes, self.number = lanes, number
        vector = data.ArrayLayout(signed(8), lanes)
        super().__init__({"i_a": In(vector), "i_b": In(vector), "o": Out(signed(16)).array(lanes)})

    def elaborate(self, platform):
        chip = chip_of(platform)
        return chip.products(self) if chip else self._portable()

    def _portable(self):
        m = Module()
        a, b = self.i_a, self.i_b
        for n in range(self.LATENCY - 1):
            later_a = Signal(a.shape(), name=f"a_{n}", reset_less=True)
            later_b = Signal(b.shape(), name=f"b_{n}", reset_less=True)
            m.d.sync += [later_a.eq(a), later_b.eq(b)]
            a, b = later_a, later_b
        for n in range(self.lanes):
            product = Signal(signed(16), name=f"product_{n}", reset_less=True)
            m.d.sync += product.eq(a[n] * b[n])
            m.d.comb += self.o[n].eq(product)
        return m
