"""Multiplies accumulators by their scales and rounds, in each of the four ways bit for bit."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.data import View
from amaranth.lib.wiring import In, Out
from convloom.spec import Rounding

from convloom_rtl.kit.arithmetic import add_carry
from convloom_rtl.kit.pipeline import delay, delay_together
from convloom_rtl.primitives.wide_product import WideProduct
from convloom_rtl.significand_rounder import SIGNIFICANT, SignificandRounder, smeared

POINT = 31  # a scale is multiplier * 2^-(POINT + shift)
WHOLE = 9  # bits before the point: further out, no int8 zero point brings a result back between the clamps
# What a Rounding is to the steps below: is it float32; is the product rounded, as in both doubles; do halves go away
# from zero.
Mode = data.StructLayout({"float32": 1, "rounds_product": 1, "away": 1})


class Rescaler(wiring.Component):
    """`lanes` results per cycle, `latency` cycles later; no back-pressure, no clock enable.

    All modes are one chain, a register behind each step, of which each mode uses a part:

    1. `float32` rounds the accumulator to 24 significant bits;
    2. the product, exact;
    3. `double` and `double_up` round it to a multiple of 2^31, half up (so does gemmlowp's saturating
       rounding doubling high multiplication for both signs, its division toward zero written as a floor);
    4. a shift right in three steps, or in two where there is one bit of `fraction`: it keeps WHOLE bits before the
       point, `fraction` behind it, and whether any below is set;
    5. with the last of them, results that any clamp would cut are cut to what those bits can say;
    6. `float32` rounds the scaled number to 24 significant bits, of which at least 15 lie behind the point:
       it is enough to know which numbers that makes a half;
    7. rounding to a whole number: `double` half away from zero, `double_up` and `single` half up, `float32`
       half to even; the zero point is added with it.

    Parameters
    ----------
    lanes : accumulators in a cycle
    roundings : the modes that are built in; without `float32` steps 1 and 6 are left out

    Members
    -------
    i_rounding, i_zero_point : the Rounding and the output's zero point of all lanes in the next cycle; where they are
        `steady`, of all numbers on their way
    i_accumulators : int32, bias included
    i_multipliers, i_shifts : 0 to 2^31 - 1 and 0 to 31; `float32` takes the upper 24 bits, its significand
    o : results before the clamp; before the zero point, cut to -256 to 256
    """

    def __init__(self, lanes, roundings, steady=False):
        self.lanes, self.roundings, self.steady = lanes, roundings, steady
        self.has_float32 = Rounding.FLOAT32 in roundings
        self.fraction = SIGNIFICANT + 1 if self.has_float32 else 1
        # Which powers of two of a shift each step does.
        self.shift_steps = ((4, 3), (2, 1), (0,)) if self.has_float32 else ((4, 3, 2), (1, 0))
        self.latency = WideProduct.LATENCY + 3 + len(self.shift_steps)
        self.latency += (SignificandRounder.LATENCY + 1) * self.has_float32
        super().__init__(
            {
                "i_rounding": In(2),
                "i_zero_point": In(signed(8)),
                "i_accumulators": In(data.ArrayLayout(signed(32), lanes)),
                "i_multipliers": In(data.ArrayLayout(WideProduct.B, lanes)),
                "i_shifts": In(data.ArrayLayout(5, lanes)),
                "o": Out(data.ArrayLayout(signed(WHOLE + 1), lanes)),
            }
        )

    def elaborate(self, platform):
        m = Module()
        numbers, multipliers = list(self.i_accumulators), Value.cast(self.i_multipliers)
        shifts = Value.cast(self.i_shifts)
        mode = delay(m, self._mode(), 1, "mode")
        (zero_point,) = self._beside(m, 1, "told", self.i_zero_point)
        if self.has_float32:
            numbers = self._round_significands(m, numbers, mode)
            latency = SignificandRounder.LATENCY
            multipliers = delay(m, multipliers, latency, "multipliers")
            mode, zero_point, shifts = self._beside(m, latency, "rounder", mode, zero_point, shifts)

        numbers = self._multiply(m, numbers, multipliers, mode)
        latency = WideProduct.LATENCY
        mode, zero_point, shifts = self._beside(m, latency, "product", mode, zero_point, shifts)
        numbers = self._round_products(m, numbers, mode)
        mode, zero_point, shifts = self._beside(m, 1, "first_rounding", mode, zero_point, shifts)
        numbers, sticky = self._shift(m, numbers, shifts)
        latency, becomes_half = len(self.shift_steps), [Const(0)] * self.lanes
        if self.has_float32:
            numbers, sticky, becomes_half = self._find_halves(m, numbers, sticky)
            latency += 1
        mode, zero_point = self._beside(m, latency, "shift", mode, zero_point)
        self._round_to_whole(m, numbers, sticky, becomes_half, mode, zero_point)
        return m

    def _mode(self):
        """The Mode of the next cycle's numbers."""
        double, double_up, float32 = (
            (self.i_rounding == each) & (each in self.roundings)
            for each in (Rounding.DOUBLE, Rounding.DOUBLE_UP, Rounding.FLOAT32)
        )
        return View(Mode, Cat(float32, double | double_up, double))

    def _beside(self, m, latency, name, *told):
        """What travels beside the numbers: mode and zero point, which stay where they are steady, and the shifts."""
        steady, moving = (told[:2], told[2:]) if self.steady else ((), told)
        return *steady, *delay_together(m, moving, latency, f"beside_{name}")

    def _registers(self, name, shape):
        """A register for each lane."""
        return [Signal(shape, name=f"{name}_{lane}", reset_less=True) for lane in range(self.lanes)]

    def _register_each(self, m, name, values):
        """Each lane's value a cycle later."""
        registers = self._registers(name, values[0].shape())
        m.d.sync += [register.eq(value) for register, value in zip(registers, values, strict=True)]
        return registers

    def _round_significands(self, m, numbers, mode):
        """float32's rounding of the accumulators."""
        rounders = [SignificandRounder(32) for _ in numbers]
        for lane, rounder in enumerate(rounders):
            m.submodules[f"rounder_{lane}"] = rounder
            m.d.comb += [rounder.i.eq(numbers[lane]), rounder.i_enable.eq(mode.float32)]
        return [rounder.o for rounder in rounders]

    def _multiply(self, m, numbers, multipliers, mode):
        significand = ((1 << SIGNIFICANT) - 1) << (WideProduct.B - SIGNIFICANT)
        read = Mux(mode.float32, significand, (1 << WideProduct.B) - 1)
        products = [WideProduct(number.shape(), n) for n, number in enumerate(numbers)]
        for lane, product in enumerate(products):
            m.submodules[f"product_{lane}"] = product
            multiplier = multipliers.word_select(lane, WideProduct.B)
            m.d.comb += [product.i_a.eq(numbers[lane]), product.i_b.eq(multiplier & read)]
        return [product.o for product in products]

    def _round_products(self, m, products, mode):
        """The first of two roundings."""
        rounds = mode.rounds_product
        rounded = self._registers("rounded", signed(2 * 32 - 1))
        for product, register in zip(products, rounded, strict=True):
            whole = product[POINT:].as_signed() + (product[POINT - 1] & rounds)
            m.d.sync += register.eq(Cat(Mux(rounds, 0, product[:POINT]), whole))
        return rounded

    def _shift(self, m, products, shifts):
        """Numbers with WHOLE bits before the point and `fraction` behind it, and the sticky bits.

        Nothing asks for bits so low that no shift is needed to lose them: they are 0 in `double` and `double_up`
        (rounded) and in `float32` (a significand times 2^7), and `single` does not look beyond the half.
        """
        numbers = [product[POINT - self.fraction :].as_signed() for product in products]
        sticky = beyond = [Const(0)] * self.lanes
        for step, exponents in enumerate(self.shift_steps):
            parts = list(zip(numbers, sticky, beyond, strict=True))
            for exponent in exponents:
                chosen = [shifts.word_select(lane, 5)[exponent] for lane in range(self.lanes)]
                parts = [self._shift_by(1 << exponent, *part) for part in zip(chosen, parts, strict=True)]
            if exponent == 0:
                parts = [(self._cut(number, cut), lost, cut) for number, lost, cut in parts]
            numbers, sticky, beyond = (
                self._register_each(m, f"{name}_{step}", values)
                for name, values in zip(
                    ("shifted", "sticky", "beyond"), zip(*parts, strict=True), strict=True
                )
            )
            shifts = delay(m, shifts, 1, f"shifts_{step}")
        return numbers, sticky

    def _shift_by(self, places, chosen, part):
        """An arithmetic shift to the right, where it is chosen; places - 1 is all that may still follow.

        Keeps the sign and, below it, what those shifts may need. A result is beyond any clamp where a bit above
        those differs from the sign.
        """
        number, sticky, beyond = part
        top = WHOLE + self.fraction + places - 2
        upper = number[top:]
        sticky |= chosen & number[:places].any()
        beyond |= ~chosen & upper.any() & ~upper.all()
        shifted = Mux(chosen, number >> places, number)
        return Cat(shifted[:top], number[-1]).as_signed(), sticky, beyond

    def _cut(self, number, beyond):
        """The number, or the least or the greatest whole one: behind those a sticky bit does no harm."""
        sign = number[-1]
        cut = Cat(Const(0, self.fraction), (~sign).replicate(WHOLE - 1), sign)
        return Mux(beyond, cut, number.as_unsigned()).as_signed()

    def _find_halves(self, m, numbers, sticky):
        """Numbers and sticky bits a cycle later, and whether 24 significant bits make them a half.

        The last of those bits is worth the leading one 23 places further right; a number that is at most half
        of that away from a half becomes the half. `gap` is the distance in bits of the fraction, rounded up,
        less one, and is to be below the leading one of `size`, which counts halves. Of the distance's bits above
        the leading one of the largest size none may be set: `near`. An exact half, whose gap wraps to all ones,
        is left to the last rounding.
        """
        half = self.fraction - 1
        gaps, nears = self._registers("gap", WHOLE), self._registers("near", 1)
        sizes = self._registers("size", WHOLE)
        later, kept = self._registers("measured", numbers[0].shape()), self._registers("measured_sticky", 1)
        for lane, number in enumerate(numbers):
            is_above = number[half]
            distance = number[:half] ^ (~is_above).as_signed()
            m.d.sync += [
                gaps[lane].eq(distance[:WHOLE] - (is_above & ~sticky[lane])),
                nears[lane].eq(~distance[WHOLE:half].any()),
                sizes[lane].eq(number[half:-1] ^ number[-1].as_signed()),
                later[lane].eq(number),
                kept[lane].eq(sticky[lane]),
            ]
        becomes_half = [
            near & ~(gap & ~(smeared(size) >> 1)).any() & size.any()
            for near, gap, size in zip(nears, gaps, sizes, strict=True)
        ]
        return later, kept, becomes_half

    def _round_to_whole(self, m, numbers, sticky, becomes_half, mode, zero_point):
        """The last rounding: first whether to round up, then the sum with the zero point."""
        to_even, away = mode.float32, mode.away
        whole, results = (self._registers(name, signed(WHOLE + 1)) for name in ("whole", "result"))
        _, offset = self._beside(m, 1, "whole", mode, zero_point)
        up, at_half = self._registers("up", 1), self._registers("at_half", 1)
        for lane, number in enumerate(numbers):
            before, behind = number[self.fraction :].as_signed(), number[: self.fraction]
            above_half = sticky[lane] | behind[:-1].any()
            tie_goes_up = (to_even & before[0]) | ~(to_even | (away & number[-1]))
            m.d.sync += [
                whole[lane].eq(before),
                up[lane].eq(behind[-1] & (above_half | tie_goes_up)),
                at_half[lane].eq(to_even & becomes_half[lane]),
                results[lane].eq(
                    add_carry(whole[lane], offset, Mux(at_half[lane], whole[lane][0], up[lane]))
                ),
            ]
            m.d.comb += self.o[lane].eq(results[lane])
