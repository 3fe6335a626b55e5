"""ONNX operators of single values and of whole dimensions, between real numbers, as nodes of the Graph.

Every translation is `translate(network, op, *arguments)`: the arguments are what the names of the inputs stand for
(see `values`), and so is the result.
"""

from dataclasses import replace

import numpy as np

from convloom.models.onnx.arguments import axes_of, described, flowing, real_constant, whole_numbers
from convloom.models.onnx.network import bounds, is_picture, place_of
from convloom.models.onnx.values import Pending, Real

RECTIFIERS = {(0.0, np.inf): "RELU", (0.0, 6.0): "RELU6"}


def pending(network, op, operator, inputs, last, extra=(), **options):
    """The Pending of a host operator: its data are Reals, taken in that layout; `extra` are Tensors behind them."""

    def make(scale, limits):
        tensors = [network.take(op, each, last) for each in inputs]
        out = network.emit(op, operator, (*tensors, *extra), scale, clamp=bounds(scale, limits), **options)
        return network.stream(op, out, last and len(out.shape) == 4, scale)

    return Pending(make)


def binary(operator):
    """Add, Sub, Mul: in the layout of a picture, where one is among the inputs."""

    def translate(network, op, a, b):
        for index, value in enumerate((a, b)):
            op.require(isinstance(value, Real), f"input {index} must be quantised values", described(value))
        rank = max(len(a.shape), len(b.shape))
        whole = all(each.is_constant or len(each.shape) == rank for each in (a, b))
        last = rank == 4 and whole and (is_picture(a) or is_picture(b))
        stretched = _is_single_along_rows(a.shape, b.shape)
        return pending(network, op, operator, (a, b), last, activation="NONE", stretched=stretched)

    return translate


def _is_single_along_rows(shape, other):
    """Whether the first of two shapes that stretch to one is 1 along the last dimension where either is longer."""
    rank = max(len(shape), len(other))
    shapes = (each[::-1] + (1,) * (rank - len(each)) for each in (shape, other))
    return next((length == 1 for length, more in zip(*shapes, strict=True) if max(length, more) > 1), False)


def activation(network, op, value, least=None, most=None):
    """Relu and Clip: limits of what comes before; on bytes, an operator of its own."""
    limits = (0.0, np.inf) if op.kind == "Relu" else _limits(op, least, most)
    if isinstance(value, Pending):
        return value.clipped(limits)
    value, operator = flowing(op, value), RECTIFIERS.get(limits, "QUANTIZE")
    return Pending(lambda scale, more: network.rescaled(op, value, scale, more, operator), limits=limits)


def _limits(op, least, most):
    ends = []
    for name, value, default in (("min", least, -np.inf), ("max", most, np.inf)):
        value = op.attribute(name, default) if value is None else value
        value = real_constant(value)
        op.require(
            value is not None and value.size == 1, f"its {name} must be one constant number", "another"
        )
        ends.append(float(value.ravel()[0]))
    op.require(ends[0] <= ends[1], "its min must be at most its max", ends)
    return tuple(ends)


def normalise(network, op, value, *parameters):
    """BatchNormalization behind a layer is folded into it."""
    arrays = [real_constant(each) for each in parameters]
    whole = len(arrays) == 4 and all(each is not None and each.ndim == 1 for each in arrays)
    op.require(whole, "its scale, bias, mean and variance must be constants", "others")
    folds = isinstance(value, Pending) and value.fold is not None
    op.require(folds, "it must follow a convolution or matrix product", described(value))
    gamma, beta, mean, variance = (each.astype(np.float64) for each in arrays)
    factor = gamma / np.sqrt(variance + op.attribute("epsilon", 1e-5))
    op.require(np.all(np.isfinite(factor)), "its variance must be positive", "another")
    return value.fold(factor, beta - factor * mean)


def softmax(network, op, value):
    """Softmax: to bytes, or to real numbers, where no scale follows it or none comes before."""
    if isinstance(value, Pending) and value.real is not None:
        return _real_softmax(network, op, value.real())
    value = flowing(op, value)
    _require_last(op, len(value.shape))

    def real():
        values = network.emit(op, "DEQUANTIZE", (network.take(op, value, False),))
        return _real_softmax(network, op, network.stream(op, values, False, None))

    return replace(pending(network, op, "SOFTMAX", (value,), False, beta=1.0), real=real)


def _real_softmax(network, op, stream):
    _require_last(op, len(stream.shape))
    out = network.emit(op, "SOFTMAX", (network.form(op, stream, False),), beta=1.0)
    return network.stream(op, out, False, None)


def _require_last(op, rank):
    axis = op.attribute("axis", 1 if op.attribute("opset", op.opset) < 13 else -1)
    op.require(axis in (-1, rank - 1), f"its axis must be the last of {rank} dimensions", axis)


def logistic(network, op, value):
    """Sigmoid."""
    return pending(network, op, "LOGISTIC", (flowing(op, value),), is_picture(value))


def reduce_mean(network, op, value, axes=None):
    """ReduceMean."""
    value, rank = flowing(op, value), len(value.shape)
    given, keep = axes is not None or "axes" in op.attributes, bool(op.attribute("keepdims", 1))
    axes = axes_of(op, rank, whole_numbers(op, 1, axes, "axes") if given else range(rank))
    last = is_picture(value) and (keep or axes >= {2, 3})  # the channels are what is left, in either order
    places = network.numbers([place_of(axis, last) for axis in sorted(axes)])
    return pending(network, op, "MEAN", (value,), last, (places,), keep_dims=keep, real=True)


TRANSLATIONS = {
    "Add": binary("ADD"),
    "Sub": binary("SUB"),
    "Mul": binary("MUL"),
    "Relu": activation,
    "Clip": activation,
    "BatchNormalization": normalise,
    "ReduceMean": reduce_mean,
    "Softmax": softmax,
    "Sigmoid": logistic,
    "Identity": lambda network, op, value: value,
    "Dropout": lambda network, op, value, *_: value,
}
