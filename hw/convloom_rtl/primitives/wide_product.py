"""The requantiser's multiplier: an accumulator by its scale."""

from amaranth.hdl import Cat, Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.chips import chip_of
from convloom_rtl.kit.pipeline import delay


class WideProduct(wiring.Component):
    """A product of signed 33 by unsigned 31 bits per cycle, `LATENCY` cycles later; no clock enable.

    The latency is that of three or four 18x18 DSP blocks (input, pipeline and output register) and of two levels
    of adders around them; the 33rd bit costs them nothing. The portable form delays the operands, one 64-bit
    word, rather than the product: the same to the outside, and faster to simulate.

    Parameters
    ----------
    a : shape of the first number: signed(33), or signed(32), which costs less where 33 bits are more than two halves
    number : tells a chip that has places for multipliers which of the engine's it is

    Members
    -------
    i_a : -2^31 to 2^31, both ends included: what an accumulator may become when it is rounded to float32
    i_b : 0 to 2^31 - 1
    o : the product, within 63 bits
    """

    LATENCY = 5
    A, B = signed(33), 31

    def __init__(self, a=A, number=0):
        self.number = number
        super().__init__({"i_a": In(a), "i_b": In(self.B), "o": Out(signed(63))})

    def elaborate(self, platform):
        chip = chip_of(platform)
        return chip.wide_product(self) if chip else self._portable()

    def _portable(self):
        m = Module()
        operands = delay(m, Cat(self.i_a, self.i_b), self.LATENCY - 1, "operands")
        product = Signal(signed(63), reset_less=True)
        m.d.sync += product.eq(operands[: len(self.i_a)].as_signed() * operands[len(self.i_a) :])
        m.d.comb += self.o.eq(product)
        return m
