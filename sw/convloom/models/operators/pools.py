"""Operators that reduce a window, or whole dimensions."""

from math import prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from convloom.golden import rescale
from convloom.models.operators.rescaling import centred, placed
from convloom.plan.convolutions import convolution
from convloom.requant import Requant


def _axes(node):
    sizes = node.inputs[0].shape[1:3]
    steps = zip(sizes, node.options["filter"], node.options["stride"], strict=True)
    return [convolution(size, taps, stride, 1, node.options["padding"]) for size, taps, stride in steps]


def pool_shape(node):
    """x [n, h, w, c]: [n, ho, wo, c]."""
    x, y = node.inputs[0], node.outputs[0]
    node.require(len(x.shape) == 4, "its input must have 4 dimensions", len(x.shape))
    equal = (x.scale, x.zero_point) == (y.scale, y.zero_point)
    node.require(equal, "its input and output must have equal scales and zero points", y.scale)
    try:
        axes = _axes(node)
    except ValueError as error:
        node.require(False, str(error), list(x.shape))
    return x.shape[0], *(axis.out for axis in axes), x.shape[3]


def _windows(node, values, outside):
    """[n, ho, wo, c, kh, kw], with `outside` where a window leaves the picture."""
    pads = []
    for axis in _axes(node):
        reached = (axis.out - 1) * axis.stride + axis.taps
        pads.append((axis.pad, max(reached - axis.size - axis.pad, 0)))
    padded = np.pad(values, ((0, 0), *pads, (0, 0)), constant_values=outside)
    (sy, sx), filters = node.options["stride"], node.options["filter"]
    return sliding_window_view(padded, filters, (1, 2))[:, ::sy, ::sx]


def average(node, arrays, _):
    """AVERAGE_POOL_2D: over the taps inside the picture, rounded half away from zero."""
    x = arrays[0].astype(np.int32)
    total = _windows(node, x, 0).sum((-2, -1), dtype=np.int64)
    count = _windows(node, np.ones((1, *x.shape[1:3], 1), np.int32), 0).sum((-2, -1))
    rounded = np.sign(total) * ((np.abs(total) + count // 2) // count)
    return np.clip(rounded, *node.clamp).astype(np.int8)


def maximum(node, arrays, _):
    """MAX_POOL_2D."""
    return np.clip(_windows(node, arrays[0], -128).max((-2, -1)), *node.clamp).astype(np.int8)


def _reduced(node):
    rank, axes = len(node.inputs[0].shape), node.constant(1)
    node.require(all(-rank <= axis < rank for axis in axes), f"its axes must be of {rank} dimensions", axes)
    return tuple(sorted({axis % rank for axis in axes}))


def mean_shape(node):
    """The input's without the axes, or with 1 for each where dimensions are kept."""
    axes, shape = _reduced(node), node.inputs[0].shape
    kept = 1 if node.options["keep_dims"] else None
    sizes = [kept if axis in axes else length for axis, length in enumerate(shape)]
    return tuple(length for length in sizes if length is not None)


def mean(node, arrays, _):
    """MEAN: the sum, requantised by the scales' ratio / count.

    TFLite divides the multiplier itself, scaled up as far as 64 bits allow, and floors the quotient.
    """
    (x, _), y, axes = node.inputs, node.outputs[0], _reduced(node)
    count = prod(x.shape[axis] for axis in axes)
    ratio = Requant.from_scales(x.scale, 1.0, y.scale)
    up = min(count.bit_length() - 1, 32, 31 - ratio.shift)
    multiplier = (ratio.multiplier << up) // count
    total = centred(arrays[0], x).sum(axes).astype(np.int32)
    return placed(rescale(total, multiplier, ratio.shift + up, "double"), y).reshape(y.shape)
