"""What operators take, checked."""

import numpy as np

from convloom.models.onnx.values import Pending, Real, Stream


def described(value):
    """What a value is, for a message."""
    if value is None:
        return "absent"
    names = {
        Real: "quantised",
        Stream: "real numbers (a network quantised to int8)",
        Pending: "real numbers (no QuantizeLinear behind them)",
    }
    return names.get(type(value), "a constant")


def flowing(op, value, index=0):
    """`value`, a Real that flows. Raises ModelError for others."""
    fits = isinstance(value, Real) and not value.is_constant
    op.require(fits, f"input {index} must be quantised values (DequantizeLinear before it)", described(value))
    return value


def real_constant(value):
    """The float array of a constant, or None."""
    if isinstance(value, Real) and value.is_constant:
        scale = value.scale
        return ((value.bytes.astype(np.int64) - scale.zero_point) * np.float64(scale.scales[0])).astype(
            np.float32
        )
    return np.asarray(value, np.float32) if isinstance(value, np.ndarray | float) else None


def whole_numbers(op, index, value, attribute=None):
    """Constant whole numbers: an input, in older files an attribute."""
    if value is None and attribute is not None:
        value = op.attribute(attribute, None)
    numbers = np.asarray(value) if value is not None else None
    fits = (
        numbers is not None and not isinstance(value, Stream | Real | Pending) and numbers.dtype.kind == "i"
    )
    op.require(fits, f"input {index} must be constant whole numbers", described(value))
    return [int(number) for number in numbers.ravel()]


def axes_of(op, rank, axes):
    """The axes, counted from 0, as a set. Raises ModelError for what are none."""
    fits = all(-rank <= axis < rank for axis in axes) and len({axis % rank for axis in axes}) == len(axes)
    op.require(fits, f"its axes must be of {rank} dimensions", axes)
    return {axis % rank for axis in axes}
