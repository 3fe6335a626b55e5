"""gemmlowp's fixed point, as TFLite's reference kernels use it.

Qm.n is an int32 with m whole and n fractional bits, held in int64. Source of the formulas and constants:
gemmlowp's fixedpoint.h.
"""

import numpy as np

ONE = (1 << 31) - 1  # the greatest Q0.31
MOST, LEAST = (1 << 31) - 1, -(1 << 31)
# exp(-2**e) in Q0.31, for the bits of the exponent from a quarter to sixteen
EXPONENTIALS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
EXP_EIGHTH, THIRD = 1895147668, 715827883  # exp(-1/8) and 1/3 in Q0.31
LINE = 1515870810, -1010580540  # 48/17 and -32/17 in Q2.29: the first guess of a reciprocal


def times(a, b):
    """The product of Q0.31 with any Q: rounded half up."""
    return (a * b + (1 << 30)) >> 31


def divide(value, bits):
    """value / 2**bits, rounded half away from zero."""
    mask = (np.int64(1) << bits) - 1
    return (value >> bits) + ((value & mask) > (mask >> 1) + (value < 0))


def exp(a, whole):
    """exp(a) in Q0.31 of a, 0 or less, with `whole` bits in front of the point: at most 5."""
    places = 31 - whole
    quarter = 1 << (places - 2)
    rest = (a & (quarter - 1)) - quarter  # in [-1/4, 0)
    result, bits = _exp_of_quarter(rest << whole), rest - a
    for place, factor in enumerate(EXPONENTIALS[: whole + 2], places - 2):
        result = np.where(bits >> place & 1, times(result, factor), result)
    return np.where(a == 0, ONE, result)


def _exp_of_quarter(a):
    """exp(a) in Q0.31 of a in [-1/4, 0), by a Taylor series about -1/8."""
    x = a + (1 << 28)
    square = times(x, x)
    cube, fourth = times(square, x), times(square, square)
    series = divide(times(divide(fourth, 2) + cube, THIRD) + square, 1)
    return EXP_EIGHTH + times(EXP_EIGHTH, x + series)


def reciprocal_of_one_plus(x):
    """1 / (1 + x) in Q0.31 of x in Q0.31, by three of Newton's steps."""
    sum_ = x + ONE
    half = np.sign(sum_) * ((np.abs(sum_) + 1) >> 1)
    y = LINE[0] + times(half, LINE[1])
    for _ in range(3):
        step = times(y, (1 << 29) - times(half, y))
        y = y + np.clip(step << 2, LEAST, MOST)
    return np.clip(y << 1, LEAST, MOST)
