"""Rounds whole numbers as their conversion to float32 does: to 24 significant bits, half to even."""

from amaranth.hdl import Cat, Const, Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from convloom_rtl.kit.pipeline import delay

SIGNIFICANT = 24


class SignificandRounder(wiring.Component):
    """One number of `width` bits per cycle, `LATENCY` cycles later; where i_enable is low it passes as it is.

    The bits to drop are those 24 and more places below the leading one: the magnitude smeared to the right,
    shifted by 24 places. Two's complement needs no way of its own: rounding to even is the same for both
    signs, and the complement of a negative number, one less than its magnitude, has another leading one only
    where the magnitude is a power of two, which no rounding changes.

    Members
    -------
    i : signed, `width` bits; i_enable : round it
    o : one bit wider, as rounding may carry
    """

    LATENCY = 3

    def __init__(self, width):
        self.width = width
        super().__init__({"i": In(signed(width)), "i_enable": In(1), "o": Out(signed(width + 1))})

    def elaborate(self, platform):
        m = Module()
        number = delay(m, self.i, 1, "number")
        # The sign as a whole word, and the word to its last bit: single bits of it would simulate slowly.
        excess = self.i[SIGNIFICANT:].as_signed() ^ self.i[-1].as_signed()
        dropped = Signal(self.width - SIGNIFICANT, reset_less=True)
        m.d.sync += dropped.eq(smeared(excess.as_unsigned()) & self.i_enable.as_signed())

        half, is_tie = dropped & ~(dropped >> 1), Signal()
        added = Signal(signed(self.width + 1), reset_less=True)
        rounded = Signal.like(added)
        cleared, was_tie = delay(m, dropped, 1, "cleared"), delay(m, is_tie, 1, "was_tie")
        m.d.comb += is_tie.eq(dropped[0] & ((number[: len(dropped)] & dropped) == half))
        m.d.sync += [
            added.eq(number + half),
            # A tie is rounded up first; if that is odd, clearing its last bit gives the even one below.
            rounded.eq(added & ~(cleared | (Cat(Const(1), cleared) & was_tie.as_signed()))),
        ]
        m.d.comb += self.o.eq(rounded)
        return m


def smeared(bits):
    """All bits from the highest one of `bits` down."""
    reach = 1
    while reach < len(bits):
        bits, reach = bits | (bits >> reach), 2 * reach
    return bits
