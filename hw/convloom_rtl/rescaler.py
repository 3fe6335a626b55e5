"""Multiplies accumulators by their scales and rounds, in each of the four ways bit for bit."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from convloom.spec import Rounding

from convloom_rtl.kit.pipeline import delay, delay_together
from convloom_rtl.primitives.wide_product import WideProduct
from convloom_rtl.significand_rounder import SIGNIFICANT, SignificandRounder

POINT = 31  # a scale is multiplier * 2^-(POINT + shift)
FINE = 3  # low bits of the shift: what the second of the two shifting steps does
WHOLE = 9  # bits before the point: further out, no int8 zero point brings a result back between the clamps


class Rescaler(wiring.Component):
    """`lanes` results per cycle, `latency` cycles later; no back-pressure, no clock enable.

    All modes are one chain, a register behind each step, of which each mode uses a part:

    1. `float32` rounds the accumulator to 24 significant bits;
    2. the product, exact;
    3. `double` and `double_up` round it to a multiple of 2^31, half up (so does gemmlowp's saturating
       rounding doubling high multiplication for both signs, its division toward zero written as a floor);
    4. a shift right in two steps, which keeps `fraction` bits behind the point, and whether any below is set;
    5. results that any clamp would cut are cut to 9 bits, so that all that follows is narrow;
    6. `float32` rounds the scaled number to 24 significant bits, of which at least 15 lie behind the point:
       it is enough to know which numbers that makes a half;
    7. rounding to a whole number: `double` half away from zero, `double_up` and `single` half up, `float32`
       half to even.

    Parameters
    ----------
    lanes : accumulators in a cycle
    roundings : the modes that are built in; without `float32` steps 1 and 6 are left out

    Members
    -------
    i_rounding : the Rounding of all lanes
    i_accumulators : int32, bias included
    i_multipliers, i_shifts : 0 to 2^31 - 1 and 0 to 31; `float32` takes the upper 24 bits, its significand
    o : results before zero point and clamp, cut to -256 to 256
    """

    def __init__(self, lanes, roundings):
        self.lanes, self.roundings = lanes, roundings
        self.has_float32 = Rounding.FLOAT32 in roundings
        self.fraction = SIGNIFICANT + 1 if self.has_float32 else 1
        self.latency = WideProduct.LATENCY + 6 + (SignificandRounder.LATENCY + 1) * self.has_float32
        super().__init__(
            {
                "i_rounding": In(2),
                "i_accumulators": In(data.ArrayLayout(signed(32), lanes)),
                "i_multipliers": In(data.ArrayLayout(WideProduct.B, lanes)),
                "i_shifts": In(data.ArrayLayout(5, lanes)),
                "o": Out(data.ArrayLayout(signed(WHOLE + 1), lanes)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        numbers, multipliers = list(self.i_accumulators), Value.cast(self.i_multipliers)
        rounding, shifts = self.i_rounding, Value.cast(self.i_shifts)
        if self.has_float32:
            numbers = self._round_significands(m, numbers, rounding)
            latency = SignificandRounder.LATENCY
            multipliers = delay(m, multipliers, latency, "multipliers")
            rounding, shifts = delay_together(m, (rounding, shifts), latency, "beside_rounder")

        numbers = self._multiply(m, numbers, multipliers, rounding)
        rounding, shifts = delay_together(m, (rounding, shifts), WideProduct.LATENCY, "beside_product")
        numbers = self._round_products(m, numbers, rounding)
        rounding, shifts = delay_together(m, (rounding, shifts), 1, "beside_first_rounding")
        numbers, sticky = self._shift(m, numbers, shifts)
        numbers, sticky = self._saturate(m, numbers, sticky)
        rounding = delay(m, rounding, 3, "beside_shift")
        becomes_half = [Const(0)] * self.lanes
        if self.has_float32:
            numbers, sticky, becomes_half = self._find_halves(m, numbers, sticky)
            rounding = delay(m, rounding, 1, "beside_halves")
        self._round_to_whole(m, numbers, sticky, becomes_half, rounding)
        return m

    def _registers(self, name, shape):
        """A register for each lane."""
        return [Signal(shape, name=f"{name}_{lane}", reset_less=True) for lane in range(self.lanes)]

    def _is(self, rounding, *modes):
        """Whether the mode is one of these."""
        return Cat(rounding == mode for mode in modes if mode in self.roundings).any()

    def _round_significands(self, m, numbers, rounding):
        """float32's rounding of the accumulators."""
        rounders = [SignificandRounder(32) for _ in numbers]
        for lane, rounder in enumerate(rounders):
            m.submodules[f"rounder_{lane}"] = rounder
            is_float32 = self._is(rounding, Rounding.FLOAT32)
            m.d.comb += [rounder.i.eq(numbers[lane]), rounder.i_enable.eq(is_float32)]
        return [rounder.o for rounder in rounders]

    def _multiply(self, m, numbers, multipliers, rounding):
        significand = ((1 << SIGNIFICANT) - 1) << (WideProduct.B - SIGNIFICANT)
        read = Mux(self._is(rounding, Rounding.FLOAT32), significand, (1 << WideProduct.B) - 1)
        products = [WideProduct(number.shape()) for number in numbers]
        for lane, product in enumerate(products):
            m.submodules[f"product_{lane}"] = product
            multiplier = multipliers.word_select(lane, WideProduct.B)
            m.d.comb += [product.i_a.eq(numbers[lane]), product.i_b.eq(multiplier & read)]
        return [product.o for product in products]

    def _round_products(self, m, products, rounding):
        """The first of two roundings."""
        rounds = Signal()
        m.d.comb += rounds.eq(self._is(rounding, Rounding.DOUBLE, Rounding.DOUBLE_UP))
        rounded = self._registers("rounded", signed(2 * 32 - 1))
        for product, register in zip(products, rounded, strict=True):
            whole = product[POINT:].as_signed() + (product[POINT - 1] & rounds)
            m.d.sync += register.eq(Cat(Mux(rounds, 0, product[:POINT]), whole))
        return rounded

    def _shift(self, m, products, shifts):
        """Numbers with `fraction` bits behind the point, and the sticky bits.

        Nothing asks for bits so low that no shift is needed to lose them: they are 0 in `double` and `double_up`
        (rounded) and in `float32` (a significand times 2^7), and `single` does not look beyond the half.
        """
        surplus, coarse_most, fine_most = POINT - self.fraction, 32 - (1 << FINE), (1 << FINE) - 1
        numbers = [product[surplus:].as_signed() for product in products]
        sticky = [Const(0)] * self.lanes
        coarse = [Cat(Const(0, FINE), shifts.word_select(n, 5)[FINE:]) for n in range(self.lanes)]
        numbers, sticky = self._shift_step(m, "coarse", numbers, sticky, coarse, coarse_most)
        fine = delay(m, Cat(shifts.word_select(n, 5)[:FINE] for n in range(self.lanes)), 1, "fine_shifts")
        fine = [fine.word_select(n, FINE) for n in range(self.lanes)]
        return self._shift_step(m, "fine", numbers, sticky, fine, fine_most)

    def _shift_step(self, m, name, numbers, sticky, places, most):
        """Arithmetic shifts to the right by at most `most` places."""
        shifted, kept = (
            self._registers(f"{name}_shifted", numbers[0].shape()),
            self._registers(f"{name}_sticky", 1),
        )
        for lane, number in enumerate(numbers):
            # `most` is all ones in the bits that `places` has: its complement is what is left to `most`.
            lost = (number[:most] << (places[lane] ^ most))[:most]
            m.d.sync += [shifted[lane].eq(number >> places[lane]), kept[lane].eq(sticky[lane] | lost.any())]
        return shifted, kept

    def _saturate(self, m, numbers, sticky):
        """Numbers with WHOLE bits before the point."""
        width = WHOLE + self.fraction
        least, most = 1 << (width - 1), ((1 << (WHOLE - 1)) - 1) << self.fraction
        saturated, kept = self._registers("saturated", signed(width)), self._registers("saturated_sticky", 1)
        for lane, number in enumerate(numbers):
            sign, beyond = number[-1], number[width - 1 :]
            fits = ~beyond.any() | beyond.all()
            cut = Mux(sign, least, most)
            # With no bit behind the point, a sticky one of a number that was cut does no harm.
            m.d.sync += [saturated[lane].eq(Mux(fits, number[:width], cut)), kept[lane].eq(sticky[lane])]
        return saturated, kept

    def _find_halves(self, m, numbers, sticky):
        """Numbers and sticky bits a cycle later, and whether 24 significant bits make them a half.

        The last of those bits is worth the leading one 23 places further right; a number that is at most half
        of that away from a half becomes the half. `gap` is the distance in bits of the fraction, rounded up,
        less one. It is below the leading one of `most` if it is less than `most` and does not have that same
        leading one. An exact half, whose gap wraps to all ones, is left to the last rounding.
        """
        gaps, mosts = self._registers("gap", self.fraction - 1), self._registers("most", WHOLE + 1)
        later, kept = self._registers("measured", numbers[0].shape()), self._registers("measured_sticky", 1)
        for lane, number in enumerate(numbers):
            is_above, below = number[self.fraction - 1], number[: self.fraction - 1]
            distance = below ^ (~is_above).as_signed()
            m.d.sync += [
                gaps[lane].eq(distance - (is_above & ~sticky[lane])),
                mosts[lane].eq(number[SIGNIFICANT:].as_signed() ^ number[-1].as_signed()),
                later[lane].eq(number),
                kept[lane].eq(sticky[lane]),
            ]
        becomes_half = [(gap < most) & (gap < (gap ^ most)) for gap, most in zip(gaps, mosts, strict=True)]
        return later, kept, becomes_half

    def _round_to_whole(self, m, numbers, sticky, becomes_half, rounding):
        """The last rounding: first whether to round up, then the sum."""
        to_even, away = Signal(), Signal()
        m.d.comb += [
            to_even.eq(self._is(rounding, Rounding.FLOAT32)),
            away.eq(self._is(rounding, Rounding.DOUBLE)),
        ]
        whole, results = (self._registers(name, signed(WHOLE + 1)) for name in ("whole", "result"))
        up, at_half = self._registers("up", 1), self._registers("at_half", 1)
        for lane, number in enumerate(numbers):
            before, behind = number[self.fraction :].as_signed(), number[: self.fraction]
            above_half = sticky[lane] | behind[:-1].any()
            tie_goes_up = (to_even & before[0]) | ~(to_even | (away & number[-1]))
            m.d.sync += [
                whole[lane].eq(before),
                up[lane].eq(behind[-1] & (above_half | tie_goes_up)),
                at_half[lane].eq(to_even & becomes_half[lane]),
                results[lane].eq(whole[lane] + Mux(at_half[lane], whole[lane][0], up[lane])),
            ]
            m.d.comb += self.o[lane].eq(results[lane])
