"""SOFTMAX of int8 in gemmlowp's fixed point, as TFLite's reference kernel computes it.

Qm.n is an int32 with m whole and n fractional bits, held in int64. Source of the formulas and constants:
gemmlowp's fixedpoint.h, `GetReciprocal` and `PreprocessSoftmaxScaling` of TFLite.
"""

import numpy as np

ONE = (1 << 31) - 1  # the greatest Q0.31
MOST, LEAST = (1 << 31) - 1, -(1 << 31)
# exp(-2**e) in Q0.31, for the bits of the exponent from a quarter to sixteen
EXPONENTIALS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
EXP_EIGHTH, THIRD = 1895147668, 715827883  # exp(-1/8) and 1/3 in Q0.31
LINE = 1515870810, -1010580540  # 48/17 and -32/17 in Q2.29: the first guess of a reciprocal


def softmax_shape(node):
    """The input's; the last dimension is the row."""
    y, beta = node.outputs[0], node.options["beta"]
    fixed = y.scale == np.float32(1 / 256) and y.zero_point == -128
    node.require(fixed, "its output's scale must be 1/256 and zero point -128", f"{y.scale}, {y.zero_point}")
    node.require(np.isfinite(beta) and beta > 0, "its beta must be positive", beta)
    node.require(len(node.inputs[0].shape) > 0, "its input must have rows", "a single value")
    return node.inputs[0].shape


def softmax(node, arrays, _):
    """Exponentials of the differences to the row's maximum, times the reciprocal of their sum."""
    scaled, least = _scaling(node)
    x = arrays[0].astype(np.int64)
    difference = x - x.max(-1, keepdims=True)
    counts = difference >= least
    exponential = np.where(counts, _exp(scaled(np.where(counts, difference, 0))), 0)
    total = _divide(exponential, 12).sum(-1, keepdims=True)  # Q12.19
    reciprocal, bits = _reciprocal(total)
    out = _divide(_times(reciprocal, exponential), bits + 23) - 128
    return np.where(counts, np.clip(out, -128, 127), -128).astype(np.int8)


def _scaling(node):
    """What brings differences to Q5.26, and the least difference that it holds."""
    real = min(float(node.options["beta"]) * float(node.inputs[0].scale) * 2**26, 2.0**31 - 1)
    fraction, left = np.frexp(real)
    multiplier = int(np.floor(fraction * 2**31 + 0.5))
    if multiplier == 1 << 31:
        multiplier, left = multiplier // 2, left + 1
    left = max(int(left), 0)
    least = -int(np.floor(31 * 2.0**26 / 2**left))
    return (lambda difference: _times(difference << left, multiplier)), least


def _times(a, b):
    """The product of Q0.31 with any Q: rounded half up."""
    return (a * b + (1 << 30)) >> 31


def _divide(value, bits):
    """value / 2**bits, rounded half away from zero."""
    mask = (np.int64(1) << bits) - 1
    return (value >> bits) + ((value & mask) > (mask >> 1) + (value < 0))


def _exp(a):
    """exp(a) in Q0.31 of a in Q5.26, 0 or less."""
    quarter = 1 << 24
    rest = (a & (quarter - 1)) - quarter  # in [-1/4, 0)
    result, bits = _exp_of_quarter(rest << 5), rest - a
    for place, factor in enumerate(EXPONENTIALS, 24):
        result = np.where(bits >> place & 1, _times(result, factor), result)
    return np.where(a == 0, ONE, result)


def _exp_of_quarter(a):
    """exp(a) in Q0.31 of a in [-1/4, 0), by a Taylor series about -1/8."""
    x = a + (1 << 28)
    square = _times(x, x)
    cube, fourth = _times(square, x), _times(square, square)
    series = _divide(_times(_divide(fourth, 2) + cube, THIRD) + square, 1)
    return EXP_EIGHTH + _times(EXP_EIGHTH, x + series)


def _reciprocal(total):
    """1 / total in Q0.31, shifted up by the second result; total in Q12.19, at least 1."""
    leading = 32 - np.frexp(total.astype(np.float64))[1].astype(np.int64)  # zeros in front, of 32 bits
    fraction = (total << leading) - (1 << 31)
    sum_ = fraction + ONE
    half = np.sign(sum_) * ((np.abs(sum_) + 1) >> 1)
    x = LINE[0] + _times(half, LINE[1])
    for _ in range(3):
        step = _times(x, (1 << 29) - _times(half, x))
        x = x + np.clip(step << 2, LEAST, MOST)
    return np.clip(x << 1, LEAST, MOST), 12 - leading
