"""Operators that reduce a window, or whole dimensions."""

from math import prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from convloom.device.arguments import padding
from convloom.golden import rescale
from convloom.models.operators.rescaling import centred, placed
from convloom.plan.convolutions import convolution
from convloom.requant import RANGES, Requant


def _axes(node):
    sizes = node.inputs[0].shape[1:3]
    options = node.options
    steps = zip(sizes, options["filter"], options["stride"], padding(options["padding"]), strict=True)
    return [convolution(size, taps, stride, 1, pads) for size, taps, stride, pads in steps]


def pool_shape(node):
    """x [n, h, w, c]: [n, ho, wo, c]."""
    x = node.inputs[0]
    node.require(len(x.shape) == 4, "its input must have 4 dimensions", len(x.shape))
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


def taps(node, values):
    """(windows [n, ho, wo, c, kh, kw] of the values, 0 outside; how many taps of each count [1, ho, wo, 1])."""
    ones = np.ones((1, *values.shape[1:3], 1), np.int32)
    count = _windows(node, ones, int(node.options.get("count_pads", False))).sum((-2, -1))
    return _windows(node, values, 0), count


def average(node, arrays, _):
    """AVERAGE_POOL_2D: over the taps inside the picture, rounded half away from zero."""
    windows, count = taps(node, arrays[0].astype(np.int32))
    total = windows.sum((-2, -1), dtype=np.int64)
    rounded = np.sign(total) * ((np.abs(total) + count // 2) // count)
    return np.clip(rounded, *node.clamp).astype(node.outputs[0].dtype)


def maximum(node, arrays, _):
    """MAX_POOL_2D."""
    least = RANGES[node.outputs[0].dtype][0]
    return np.clip(_windows(node, arrays[0], least).max((-2, -1)), *node.clamp).astype(arrays[0].dtype)


def reduced(node):
    """The axes that a MEAN reduces, in order."""
    rank, axes = len(node.inputs[0].shape), node.constant(1)
    node.require(all(-rank <= axis < rank for axis in axes), f"its axes must be of {rank} dimensions", axes)
    return tuple(sorted({axis % rank for axis in axes}))


def mean_shape(node):
    """The input's without the axes, or with 1 for each where dimensions are kept."""
    axes, shape = reduced(node), node.inputs[0].shape
    kept = 1 if node.options["keep_dims"] else None
    sizes = [kept if axis in axes else length for axis, length in enumerate(shape)]
    return tuple(length for length in sizes if length is not None)


def mean(node, arrays, _):
    """MEAN: the sum, requantised by the scales' ratio / count.

    TFLite divides the multiplier itself, scaled up as far as 64 bits allow, and floors the quotient.
    """
    (x, _), y, axes = node.inputs, node.outputs[0], reduced(node)
    count = prod(x.shape[axis] for axis in axes)
    ratio = Requant.from_scales(x.scale, 1.0, y.scale)
    up = min(count.bit_length() - 1, 32, 31 - ratio.shift)
    multiplier = (ratio.multiplier << up) // count
    total = centred(arrays[0], x).sum(axes).astype(np.int32)
    return placed(rescale(total, multiplier, ratio.shift + up, "double"), y).reshape(y.shape)
