"""Each ONNX operator, between real numbers, as nodes of the Graph.

Every translation is `translate(network, op, *arguments)`: the arguments are what the names of the inputs stand for
(see `values`), and so is the result.
"""

import numpy as np

from convloom.models.onnx import layers
from convloom.models.onnx.layers import described, window
from convloom.models.onnx.network import bounds, is_picture
from convloom.models.onnx.values import Pending, Real, Stream


def flowing(op, value, index=0):
    """`value`, a Real that flows. Raises ModelError for others."""
    fits = isinstance(value, Real) and not value.is_constant
    op.require(fits, f"input {index} must be quantised values (DequantizeLinear before it)", described(value))
    return value


def pending(network, op, operator, inputs, last, extra=(), **options):
    """The Pending of a host operator: its data are Reals, taken in that layout; `extra` are Tensors behind them."""

    def make(scale, limits):
        tensors = [network.take(op, each, last) for each in inputs]
        out = network.emit(op, operator, (*tensors, *extra), scale, clamp=bounds(scale, limits), **options)
        return Stream(op.outputs[0], onnx_shape(out.shape, last), {last: out}, scale)

    return Pending(make)


def onnx_shape(shape, last):
    """The shape in ONNX's order."""
    return (shape[0], shape[3], *shape[1:3]) if last else tuple(shape)


def moved(network, op, value, move):
    """What a movement of bytes makes of a value: `move` maps Stream to Stream, at once, or when a scale is known."""
    if isinstance(value, Pending):
        return Pending(lambda scale, limits: move(value.finish(scale, limits)))
    if isinstance(value, Real):
        return Real(move(flowing(op, value).bytes), value.scale)
    op.require(isinstance(value, Stream), "input 0 must be computed", described(value))
    return move(value)


def binary(operator):
    """Add, Sub, Mul: in the layout of a picture, where one is among the inputs."""

    def translate(network, op, a, b):
        for index, value in enumerate((a, b)):
            op.require(isinstance(value, Real), f"input {index} must be quantised values", described(value))
        rank = max(len(a.shape), len(b.shape))
        whole = all(each.is_constant or len(each.shape) == rank for each in (a, b))
        last = rank == 4 and whole and (is_picture(a) or is_picture(b))
        return pending(network, op, operator, (a, b), last, activation="NONE")

    return translate


def activation(network, op, value, least=None, most=None):
    """Relu and Clip: limits of what comes before; on bytes, an operator of its own."""
    limits = (0.0, np.inf) if op.kind == "Relu" else _limits(op, least, most)
    if isinstance(value, Pending):
        return value.clipped(limits)
    return Pending(lambda scale, more: network.rescaled(op, flowing(op, value), scale, more), limits=limits)


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


def real_constant(value):
    """The float array of a constant, or None."""
    if isinstance(value, Real) and value.is_constant:
        scale = value.scale
        return ((value.bytes.astype(np.int64) - scale.zero_point) * np.float64(scale.scales[0])).astype(
            np.float32
        )
    return np.asarray(value, np.float32) if isinstance(value, np.ndarray | float) else None


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


def average_pool(network, op, value):
    """AveragePool."""
    value, options = flowing(op, value), _pool(op, value)
    options["count_pads"] = bool(op.attribute("count_include_pad", 0))
    return pending(network, op, "AVERAGE_POOL_2D", (value,), True, **options)


def max_pool(network, op, value):
    """MaxPool moves bytes: the greatest stays the greatest."""

    def move(stream):
        tensor = network.form(op, stream, True)
        out = network.emit(op, "MAX_POOL_2D", (tensor,), stream.scale, **_pool(op, stream))
        return Stream(op.outputs[0], onnx_shape(out.shape, True), {True: out}, stream.scale)

    return moved(network, op, value, move)


def _pool(op, value):
    op.require(len(value.shape) == 4, "its input must have 4 dimensions", list(value.shape))
    taps, size = op.numbers("kernel_shape", 2, 0, 1), value.shape[2:]
    options = window(op, size, taps)
    op.require(options.pop("dilation") == (1, 1), "its dilations must be 1", "others")
    if op.attribute("ceil_mode", 0) and not isinstance(options["padding"], str):
        options["padding"] = tuple(
            (before, behind + -(length + before + behind - tap) % step)
            for (before, behind), length, tap, step in zip(
                options["padding"], size, taps, options["stride"], strict=True
            )
        )
    return options | {"filter": taps, "activation": "NONE"}


def global_average(network, op, value):
    """GlobalAveragePool: the mean of each channel."""
    value = flowing(op, value)
    op.require(len(value.shape) == 4, "its input must have 4 dimensions", list(value.shape))
    axes = network.numbers([1, 2])
    return pending(network, op, "MEAN", (value,), True, (axes,), keep_dims=True, real=False)


def softmax(network, op, value):
    """Softmax: to bytes, or to real numbers."""
    value = flowing(op, value)
    rank, opset = len(value.shape), op.attribute("opset", op.opset)
    axis = op.attribute("axis", 1 if opset < 13 else -1)
    op.require(axis in (-1, rank - 1), f"its axis must be the last of {rank} dimensions", axis)
    return pending(network, op, "SOFTMAX", (value,), False, beta=1.0)


def logistic(network, op, value):
    """Sigmoid."""
    return pending(network, op, "LOGISTIC", (flowing(op, value),), is_picture(value))


def reshape_to(shape_of):
    """Reshape, Flatten, Squeeze, Unsqueeze: `shape_of(op, shape, *arguments)` is the new shape."""

    def translate(network, op, value, *arguments):
        def move(stream):
            shape = shape_of(op, stream.shape, *arguments)
            tensor = network.form(op, stream, False)
            out = network.emit(op, "RESHAPE", (tensor,), stream.scale, shape)
            return Stream(op.outputs[0], shape, {False: out}, stream.scale)

        return moved(network, op, value, move)

    return translate


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


def _reshaped(op, shape, wanted=None):
    wanted, size = whole_numbers(op, 1, wanted, "shape"), int(np.prod(shape))
    if not op.attribute("allowzero", 0):
        wanted = [shape[i] if not n and i < len(shape) else n for i, n in enumerate(wanted)]
    known = int(np.prod([length for length in wanted if length != -1]))
    open_ = wanted.count(-1) == 1 and known > 0 and size % known == 0
    op.require(
        open_ or known == size and min(wanted, default=1) > 0, f"its shape must hold {size} values", wanted
    )
    return tuple(size // known if length == -1 else length for length in wanted)


def _flattened(op, shape):
    axis = op.attribute("axis", 1)
    op.require(-len(shape) <= axis <= len(shape), f"its axis must be one of {len(shape)} dimensions", axis)
    axis = axis if axis >= 0 else axis + len(shape)
    return int(np.prod(shape[:axis])), int(np.prod(shape[axis:]))


def _axes(op, rank, axes):
    fits = all(-rank <= axis < rank for axis in axes) and len({axis % rank for axis in axes}) == len(axes)
    op.require(fits, f"its axes must be of {rank} dimensions", axes)
    return {axis % rank for axis in axes}


def _squeezed(op, shape, axes=None):
    single = [axis for axis, length in enumerate(shape) if length == 1]
    if axes is None and "axes" not in op.attributes:
        axes = np.array(single)
    axes = _axes(op, len(shape), whole_numbers(op, 1, axes, "axes"))
    op.require(axes <= set(single), "its axes must have length 1", sorted(axes))
    return tuple(length for axis, length in enumerate(shape) if axis not in axes)


def _unsqueezed(op, shape, axes=None):
    axes = whole_numbers(op, 1, axes, "axes")
    axes, lengths = _axes(op, len(shape) + len(axes), axes), iter(shape)
    return tuple(1 if axis in axes else next(lengths) for axis in range(len(shape) + len(axes)))


TRANSLATIONS = {
    "Conv": layers.conv,
    "Gemm": layers.gemm,
    "MatMul": layers.matmul,
    "Add": binary("ADD"),
    "Sub": binary("SUB"),
    "Mul": binary("MUL"),
    "Relu": activation,
    "Clip": activation,
    "BatchNormalization": normalise,
    "MaxPool": max_pool,
    "AveragePool": average_pool,
    "GlobalAveragePool": global_average,
    "Softmax": softmax,
    "Sigmoid": logistic,
    "Reshape": reshape_to(_reshaped),
    "Flatten": reshape_to(_flattened),
    "Squeeze": reshape_to(_squeezed),
    "Unsqueeze": reshape_to(_unsqueezed),
    "Identity": lambda network, op, value: value,
    "Dropout": lambda network, op, value, *_: value,
}
