"""SOFTMAX and LOGISTIC of int8 in fixed point, as TFLite's reference kernels compute them.

Source of the formulas: `PreprocessSoftmaxScaling` and `Softmax` of TFLite, its int8 `Logistic`, and gemmlowp's
`GetReciprocal` and `logistic`.
"""

import numpy as np

from convloom.golden import rescale
from convloom.models.operators.fixed_point import divide, exp, reciprocal_of_one_plus, times
from convloom.models.operators.rescaling import centred
from convloom.requant import Requant

SOFTMAX_WHOLE, LOGISTIC_WHOLE = 5, 4  # bits in front of the point that exponents have
ONE = (1 << 31) - 1  # in Q0.31


def softmax_shape(node):
    """The input's; the last dimension is the row."""
    beta = node.options["beta"]
    node.require(np.isfinite(beta) and beta > 0, "its beta must be positive", beta)
    x, y = node.inputs[0], node.outputs[0]
    node.require(len(x.shape) > 0, "its input must have rows", "a single value")
    node.require(x.dtype == y.dtype, f"its output must be {x.dtype}", y.dtype)
    return x.shape


def real_softmax(values, beta):
    """Of real numbers, float32 [..., n]; in float64 on the way, so within a last bit of what others compute."""
    powers = np.exp(beta * (values.astype(np.float64) - values.max(-1, keepdims=True)))
    return (powers / powers.sum(-1, keepdims=True)).astype(np.float32)


def softmax(node, arrays, _):
    """Exponentials of the differences to the row's maximum, times the reciprocal of their sum."""
    if not node.inputs[0].is_quantised:
        return real_softmax(arrays[0], node.options["beta"])
    scaled, least = _scaling(node)
    x = arrays[0].astype(np.int64)
    difference = x - x.max(-1, keepdims=True)
    counts = difference >= least
    exponential = np.where(counts, exp(scaled(np.where(counts, difference, 0)), SOFTMAX_WHOLE), 0)
    total = divide(exponential, 12).sum(-1, keepdims=True)  # Q12.19
    reciprocal, bits = _reciprocal(total)
    out = divide(times(reciprocal, exponential), bits + 23) - 128
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
    return (lambda difference: times(difference << left, multiplier)), least


def _reciprocal(total):
    """1 / total in Q0.31, shifted up by the second result; total in Q12.19, at least 1."""
    leading = 32 - np.frexp(total.astype(np.float64))[1].astype(np.int64)  # zeros in front, of 32 bits
    return reciprocal_of_one_plus((total << leading) - (1 << 31)), 12 - leading


def logistic(node, arrays, _):
    """1 / (1 + exp(-x)); beyond what Q4.27 holds, 0 or nearly 1."""
    x = node.inputs[0]
    unit = Requant.from_scales(x.scale, 2.0**27, 1.0)
    least = int(np.floor(15 * 2.0 ** (27 + unit.shift)))
    values = centred(arrays[0], x)
    inside = np.abs(values) < least
    scaled = rescale(np.where(inside, values, 0).astype(np.int32), unit.multiplier, unit.shift, "double")
    share = reciprocal_of_one_plus(exp(-np.abs(scaled), LOGISTIC_WHOLE))
    share = np.where(scaled == 0, 1 << 30, np.where(scaled > 0, share, ONE - share))
    out = np.clip(divide(share, 23) - 128, -128, 127)
    return np.where(inside, out, np.where(values > 0, 127, -128)).astype(np.int8)
