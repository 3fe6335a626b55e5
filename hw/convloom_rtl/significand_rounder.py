"""Rounds whole numbers as float32 does: to 24 significant bits, half to even."""

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.kit.pipeline import delay

SIGNIFICANT = 24


class SignificandRounder(wiring.Component):
    """One number of `width` bits per cycle, LATENCY cycles later; where i_enable is low it passes as it is.

    The bits to drop are those 24 and more places below the leading one: the magnitude smeared to the right,
    shifted by 24 places. Two's complement needs no way of its own: rounding to even is the same for both
    signs, and the complement of a negative number, one less than its magnitude, has another leading one only
    where the magnitude is a power of two, which no rounding changes.

    Members
    -------
    i : signed, `width` bits; i_sticky: the number is larger than i, by less than 1
    i_enable : round this one
    o, o_sticky : the rounded number; one below 2^24 in magnitude keeps its sticky bit
    """

    LATENCY = 2

    def __init__(self, width):
        self.width = width
        super().__init__(
            {
                "i": In(signed(width)),
                "i_sticky": In(1),
                "i_enable": In(1),
                "o": Out(signed(width + 1)),
                "o_sticky": Out(1),
            }
        )

    def elaborate(self, platform):
        m = Module()
        number, sticky = delay(m, self.i, 1, "number"), delay(m, self.i_sticky, 1, "sticky")
        dropped = Signal(self.width - 1 - SIGNIFICANT, reset_less=True)
        m.d.sync += dropped.eq(0)
        with m.If(self.i_enable):
            m.d.sync += dropped.eq(self._smeared(Mux(self.i < 0, ~self.i, self.i)[SIGNIFICANT:-1]))

        half, is_tie, cleared = dropped & ~(dropped >> 1), Signal(), Signal(self.width + 1)
        m.d.comb += [
            is_tie.eq(dropped[0] & ~sticky & ((number[: len(dropped)] & dropped) == half)),
            # A tie is rounded up first; if that is odd, clearing its last bit gives the even one.
            cleared.eq(Mux(is_tie, (dropped << 1) | 1, dropped)),
        ]
        m.d.sync += [
            self.o.eq((number + half).as_unsigned() & ~cleared),
            self.o_sticky.eq(sticky & ~dropped[0]),
        ]
        return m

    @staticmethod
    def _smeared(bits):
        """All bits from the highest one of `bits` down."""
        reach = 1
        while reach < len(bits):
            bits, reach = bits | (bits >> reach), 2 * reach
        return bits
