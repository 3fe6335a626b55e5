"""The four ways to requantise an int32 accumulator. `>>` is arithmetic: it floors."""

import numpy as np

from convloom.spec.rounding import Rounding


def rescale(acc, multiplier, shift, rounding):
    """acc * multiplier / 2**(31 + shift), rounded as the mode says; int64, before zero point and clamp.

    Parameters
    ----------
    acc : int32 [..., k]
    multiplier : 0 to 2**31 - 1, one or [k]. "float32" takes its upper 24 bits; the lowest seven are not read.
    shift : right shift, one or [k], 0 to 31; down to -31 for scales of 1 and more
    rounding : a spec.Rounding or its name

    Sources: "double" is `MultiplyByQuantizedMultiplier` of TFLite's reference kernels, "double_up" that of
    ruy's SIMD paths and Arm NEON, "single" that of TFLITE_SINGLE_ROUNDING, "float32" ONNX Runtime's
    QLinearConv and XNNPACK. Raises ValueError for an `acc` that is not int32.
    """
    if not isinstance(acc, np.ndarray) or acc.dtype != np.int32:
        raise ValueError(
            f"acc must be a numpy array of int32, not {getattr(acc, 'dtype', type(acc).__name__)}"
        )
    multiplier, shift = np.asarray(multiplier, np.int64), np.asarray(shift, np.int64)
    return _MODES[Rounding.parse(rounding)](acc, multiplier, shift)


def requantise(acc, requant):
    """The bytes of int32 accumulators [..., k]: rescaled, plus the zero point, clamped; of `requant.dtype`.

    Raises ValueError where acc is not int32 or its channels, the last axis, are not as many as the Requant's.
    """
    if not isinstance(acc, np.ndarray) or acc.ndim < 1:
        raise ValueError("acc must be a numpy array of int32 with the channels last")
    out = rescale(acc, *requant.channels(acc.shape[-1]), requant.rounding)
    out += requant.output_zero_point
    return np.clip(out, *requant.clamp, out=out).astype(requant.dtype)


def _high(acc, multiplier, shift):
    """acc * multiplier / 2**31 rounded half up, a left shift taken with it.

    gemmlowp's SaturatingRoundingDoublingHighMul, a truncating division with a nudge that depends on the sign,
    is the same: the one operand pair that saturates does not occur.
    """
    return _shift_half_up(acc.astype(np.int64) * multiplier, 31 + np.minimum(shift, 0))


def _shift_half_up(value, shift):
    return (value + ((np.int64(1) << shift) >> 1)) >> shift


def _double(acc, multiplier, shift):
    high, right = _high(acc, multiplier, shift), np.maximum(shift, 0)
    mask = (np.int64(1) << right) - 1
    return (high >> right) + ((high & mask) > (mask >> 1) + (high < 0))


def _double_up(acc, multiplier, shift):
    return _shift_half_up(_high(acc, multiplier, shift), np.maximum(shift, 0))


def _single(acc, multiplier, shift):
    return _shift_half_up(acc.astype(np.int64) * multiplier, 31 + shift)


def _float32(acc, multiplier, shift):
    scale = np.ldexp((multiplier >> 7).astype(np.float32), -24 - shift)
    return np.rint(acc.astype(np.float32) * scale).astype(np.int64)


_MODES = {
    Rounding.DOUBLE: _double,
    Rounding.DOUBLE_UP: _double_up,
    Rounding.SINGLE: _single,
    Rounding.FLOAT32: _float32,
}
