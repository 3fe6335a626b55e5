"""Scales and zero points as ONNX files give them."""

import numpy as np

from convloom.models.onnx.values import Scale
from convloom.requant import RANGES

DEQUANTISED = (*RANGES, "int32")


def read_scale(op, arguments, dtype=None):
    """The Scale of (scale, zero point or none) arguments; dtype, where bytes are there already, is theirs."""
    scales, zero_point = (*arguments, None, None)[:2]
    fits = (
        isinstance(scales, np.ndarray) and scales.dtype == np.float32 and scales.ndim <= 1 and scales.size > 0
    )
    op.require(fits, "its scales must be constant float32, one or one for each channel", "others")
    op.require(np.all((scales > 0) & np.isfinite(scales)), "its scales must be positive", scales.min())
    none = zero_point is None
    op.require(none or isinstance(zero_point, np.ndarray), "its zero point must be constant", "computed")
    kind = dtype or ("uint8" if none else zero_point.dtype.name)
    allowed = DEQUANTISED if dtype else tuple(RANGES)
    op.require(kind in allowed, f"it must be for {' or '.join(allowed)}", kind)
    zero_points = np.zeros(scales.size, np.int64) if none else zero_point.ravel().astype(np.int64)
    alike = zero_points.size == scales.size and (none or zero_point.dtype.name == kind)
    op.require(alike, f"its zero points must be {kind}, as many as its scales", "others")
    single = scales.size == 1
    axis = op.attribute("axis", 1) if op.kind in ("QuantizeLinear", "DequantizeLinear") else None
    return Scale(scales.ravel(), int(zero_points[0]) if single else zero_points, kind, 0 if single else axis)


def _triples(count, rest=()):
    """Reals of `count` (value, scale, zero point), then the output's scale and zero point, then the `rest`."""

    def split(arguments):
        reals = [arguments[3 * index : 3 * index + 3] for index in range(count)]
        return reals, arguments[3 * count : 3 * count + 2], arguments[3 * count + 2 :]

    return split


def _operator(kind, count):
    def split(arguments):
        return kind, *_triples(count)(arguments)

    return split


def _gemm(arguments):
    arguments = [*arguments, *[None] * (9 - len(arguments))]
    return "Gemm", [arguments[:3], arguments[3:6]], arguments[7:9], arguments[6:7]


def _concat(arguments):
    return "Concat", [arguments[at : at + 3] for at in range(2, len(arguments), 3)], arguments[:2], []


# Each gives (float operator, its (value, scale, zero point)s, the output's scale and zero point, other arguments).
QLINEAR = {
    "QLinearConv": _operator("Conv", 2),
    "QLinearMatMul": _operator("MatMul", 2),
    "QLinearAdd": _operator("Add", 2),
    "QLinearMul": _operator("Mul", 2),
    "QLinearAveragePool": _operator("AveragePool", 1),
    "QLinearGlobalAveragePool": _operator("GlobalAveragePool", 1),
    "QLinearSigmoid": _operator("Sigmoid", 1),
    "QLinearSoftmax": _operator("Softmax", 1),
    "QLinearConcat": _concat,
    "QGemm": _gemm,
}


def scale_of_input(source, name, dtype):
    """The Scale that the first operator gives which takes the network's input `name` as bytes; None for float32."""
    if dtype not in RANGES:
        return None
    for op in source.operators:
        if name not in op.inputs:
            continue
        arguments = [source.constants.get(each) for each in op.inputs]
        if op.kind == "DequantizeLinear":
            return read_scale(op, arguments[1:], dtype)
        if op.kind in QLINEAR:
            at = op.inputs.index(name)
            return read_scale(op, arguments[at + 1 : at + 3], dtype)
        if op.outputs:
            return scale_of_input(source, op.outputs[0], dtype)
    return None
