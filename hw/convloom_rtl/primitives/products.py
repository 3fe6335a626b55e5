"""A row of int8 multipliers and the first adders behind them, the same latency in every form."""

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.chips import chip_of
from convloom_rtl.kit.pipeline import registered_sum, tree_levels


class SummedProducts(wiring.Component):
    """`lanes` products of int8 pairs per cycle, each SUMMED of them in a sum, `LATENCY` cycles later; no clock enable.

    `lanes` is a multiple of SUMMED. `number` tells the rows of an array apart where a chip gives each multiplier its
    place.

    The latency is that of two DSP blocks with all their registers, of which one adds its products to the other's, and
    of the register that takes up what leaves them. The portable form delays the operands rather than each product: the
    same to the outside, faster to simulate, and registers enough for any DSP block.

    Members
    -------
    i_a, i_b : `lanes` int8 each
    o : the sum of a[n] * b[n] of the first SUMMED lanes, of the next ones, and so on
    """

    LATENCY, SUMMED = 6, 4

    def __init__(self, lanes, number=0):
        self.lanes, self.number = lanes, number
        vector = data.ArrayLayout(signed(8), lanes)
        super().__init__(
            {"i_a": In(vector), "i_b": In(vector), "o": Out(signed(18)).array(lanes // self.SUMMED)}
        )

    def elaborate(self, platform):
        chip = chip_of(platform)
        return chip.summed_products(self) if chip else self._portable()

    def _portable(self):
        m = Module()
        a, b = self.i_a, self.i_b
        levels = tree_levels(self.SUMMED)
        for n in range(self.LATENCY - 1 - levels):
            later_a = Signal(a.shape(), name=f"a_{n}", reset_less=True)
            later_b = Signal(b.shape(), name=f"b_{n}", reset_less=True)
            m.d.sync += [later_a.eq(a), later_b.eq(b)]
            a, b = later_a, later_b
        products = [Signal(signed(16), name=f"product_{n}", reset_less=True) for n in range(self.lanes)]
        m.d.sync += [product.eq(a[n] * b[n]) for n, product in enumerate(products)]
        for n, port in enumerate(self.o):
            m.d.comb += port.eq(registered_sum(m, products[self.SUMMED * n :][: self.SUMMED], f"sum_{n}"))
        return m
