"""The four ways to requantise, in whole numbers of any size: apart from the golden model and the gateware."""

from fractions import Fraction
from math import ceil, floor

import numpy as np
from convloom.spec import Rounding

HALF = Fraction(1, 2)


def rescaled(acc, multiplier, shift, rounding):
    """acc * multiplier / 2^(31 + shift) as the mode rounds it, before zero point and clamp."""
    return _MODES[rounding](acc, multiplier, shift)


def requantised(acc, multiplier, shift, rounding, zero_point=0, clamp=(-128, 127)):
    """The output byte, as a signed number."""
    return min(max(rescaled(acc, multiplier, shift, rounding) + zero_point, clamp[0]), clamp[1])


def float32_by_numpy(acc, multiplier, shift):
    """The same as `rescaled` in float32 mode, in float32 arithmetic."""
    scale = np.ldexp(np.float32(multiplier >> 7), -24 - shift)
    return int(np.rint(np.float32(np.int32(acc)) * scale))


def _double(acc, multiplier, shift):
    """gemmlowp: a doubling high multiplication whose division truncates, then half away from zero."""
    product = acc * multiplier
    nudged = product + (2**30 if product >= 0 else 1 - 2**30)
    high = nudged // 2**31 if nudged >= 0 else -(-nudged // 2**31)
    exact = Fraction(high, 2**shift)
    return floor(exact + HALF) if exact >= 0 else ceil(exact - HALF)


def _double_up(acc, multiplier, shift):
    return floor(Fraction(floor(Fraction(acc * multiplier, 2**31) + HALF), 2**shift) + HALF)


def _single(acc, multiplier, shift):
    return floor(Fraction(acc * multiplier, 2 ** (31 + shift)) + HALF)


def _float32(acc, multiplier, shift):
    scaled = _significant(_significant(acc) * (multiplier >> 7))
    return round(Fraction(scaled, 2 ** (24 + shift)))  # Python rounds half to even


def _significant(number):
    """Rounded half to even to 24 significant bits."""
    unit = 1 << max(abs(number).bit_length() - 24, 0)
    return round(Fraction(number, unit)) * unit


_MODES = {
    Rounding.DOUBLE: _double,
    Rounding.DOUBLE_UP: _double_up,
    Rounding.SINGLE: _single,
    Rounding.FLOAT32: _float32,
}
