"""The way back through each operator: from a signal at its output to one at each of its inputs.

A rule takes (node, signal, traced, device), the signal float64 of the output's shape, and gives a signal, or None, for
each input in order. Only layers need the device: everything else moves and spreads numbers.
"""

import numpy as np

from convloom.device.arguments import padding
from convloom.models.operators import OPERATORS
from convloom.models.operators.pools import reduced, taps
from convloom.plan.convolutions import convolution, pads_of

LARGEST = 127  # of the int8 that a step's signal becomes
# The first input position; numbers below it are no position: zeros outside a window, a pad's zero point.
FIRST = 256


def convolved(node, signal, _, device):
    """CONV_2D and DEPTHWISE_CONV_2D: the transposed convolution of that part of the signal that is not zero."""
    x, w = node.inputs[:2]
    kernels = _kernels(node)
    groups = x.shape[3] // kernels.shape[3]
    signal = signal * w.scales.astype(np.float64)
    rows, columns = (_extent(signal, axis) for axis in (1, 2))
    patch = _on_device(
        signal[:, rows, columns],
        device.conv_transpose2d,
        _turned(kernels, groups),
        padding="valid",
        groups=groups,
        weight_zero_point=_zero_point(node),
        stride=node.options["stride"],
        dilation=node.options["dilation"],
    )
    corner = [
        part.start * axis.stride - axis.pad
        for part, axis in zip((rows, columns), _axes(node, kernels), strict=True)
    ]
    return [_placed(patch, corner, x.shape)]


def transposed(node, signal, _, device):
    """TRANSPOSE_CONV: a convolution, its pads as TFLite has them."""
    _, w, x = node.inputs[:3]
    stride, pads = node.options["stride"], []
    for out, size, window, step in zip(signal.shape[1:3], x.shape[1:3], w.shape[1:3], stride, strict=True):
        before = pads_of(node.options["padding"], out, window, step)[0]
        pads.append((before, (size - 1) * step + window - before - out))
    options = {"stride": stride, "padding": tuple(pads), "weight_zero_point": _zero_point(node)}
    signal = signal * w.scales.astype(np.float64)
    return [None, None, _on_device(signal, device.conv2d, _turned(w.data, 1), **options)]


def fully_connected(node, signal, _, device):
    """FULLY_CONNECTED: the kernels' matrix the other way round."""
    x, w = node.inputs[:2]
    rows = signal.reshape(-1, w.shape[0]) * w.scales.astype(np.float64)
    turned = np.ascontiguousarray(w.data.T)
    back = _on_device(rows, device.fully_connected, turned, weight_zero_point=_zero_point(node))
    return [back.reshape(x.shape)]


def added(node, signal, *_):
    """ADD: to both."""
    return [_summed(signal, tensor.shape) for tensor in node.inputs]


def subtracted(node, signal, *_):
    """SUB: to both, to the second with the other sign."""
    first, second = added(node, signal)
    return [first, -second]


def multiplied(node, signal, traced, _):
    """MUL: to each by what the other was."""
    first, second = node.inputs
    return [
        _summed(signal * traced.real(second), first.shape),
        _summed(signal * traced.real(first), second.shape),
    ]


def passed(_, signal, *__):
    """One value in, one out, the larger the larger."""
    return [signal]


def moved(node, signal, *_):
    """Operators that move values: each goes back to where it came from, which the operator shows on positions."""
    flowing = OPERATORS[node.operator].data
    count = len(node.inputs) if flowing is None else len(flowing)
    shapes = [tensor.shape for tensor in node.inputs[:count]]
    ends = FIRST + np.cumsum([int(np.prod(shape)) for shape in shapes])
    positions = [
        np.arange(end - np.prod(shape), end).reshape(shape) for end, shape in zip(ends, shapes, strict=True)
    ]
    came_from = OPERATORS[node.operator].compute(node, positions, None)
    whole = _scattered(came_from, signal, ends[-1] - FIRST)
    return [
        part.reshape(shape) for part, shape in zip(np.split(whole, ends[:-1] - FIRST), shapes, strict=True)
    ]


def averaged(node, signal, *_):
    """AVERAGE_POOL_2D: in equal parts to the taps of its window."""
    windows, count = taps(node, _positions(node))
    share = np.broadcast_to((signal / count)[..., None, None], windows.shape)
    return [_scattered(windows, share, node.inputs[0].size).reshape(node.inputs[0].shape)]


def maximum(node, signal, traced, _):
    """MAX_POOL_2D: unpooled, to the position of the maximum, the first where there are several."""
    x = node.inputs[0]
    windows = taps(node, _positions(node))[0].reshape(*signal.shape, -1)
    values = np.append(traced.values[x.number].ravel().astype(np.int64), np.iinfo(np.int64).min)
    values = values[np.where(windows < FIRST, x.size, windows - FIRST)]
    largest = np.take_along_axis(windows, values.argmax(-1)[..., None], -1)[..., 0]
    return [_scattered(largest, signal, x.size).reshape(x.shape)]


def mean(node, signal, *_):
    """MEAN: in equal parts to all that it is the mean of."""
    shape, axes = node.inputs[0].shape, reduced(node)
    kept = [1 if axis in axes else length for axis, length in enumerate(shape)]
    count = np.prod([shape[axis] for axis in axes])
    return [np.broadcast_to(signal.reshape(kept) / count, shape), None]


def _on_device(signal, layer, kernels, **options):
    """What a layer makes of the signal, which goes there as int8; its int32 are scaled back."""
    step = max(np.abs(signal).max(), np.finfo(np.float64).tiny) / LARGEST
    return layer(np.rint(signal / step).astype(np.int8), kernels, **options) * step


def _axes(node, kernels):
    """The Axes of a convolution, y and x."""
    options = node.options
    each = node.inputs[0].shape[1:3], kernels.shape[1:3], options["stride"], options["dilation"]
    return [convolution(*axis) for axis in zip(*each, padding(options["padding"]), strict=True)]


def _kernels(node):
    """[kn, kh, kw, c/groups] of a convolution, depthwise or not."""
    w = node.inputs[1].data
    return w.transpose(3, 1, 2, 0) if node.operator == "DEPTHWISE_CONV_2D" else w


def _turned(kernels, groups):
    """[kn, kh, kw, c/groups] becomes [c, kh, kw, kn/groups]: the same taps from the outputs to the inputs."""
    kn, kh, kw, depth = kernels.shape
    parts = kernels.reshape(groups, kn // groups, kh, kw, depth)
    return np.ascontiguousarray(parts.transpose(0, 4, 2, 3, 1)).reshape(groups * depth, kh, kw, kn // groups)


def _zero_point(node):
    """The weights' only one: turned round, those of kernels would be those of channels."""
    found = np.unique(node.inputs[1].zero_point)
    node.require(len(found) == 1, "its weights must have one zero point for the way back", found.tolist())
    return int(found[0])


def _extent(signal, axis):
    """The slice of an axis beyond which all is zero; of one index where all is."""
    places = np.flatnonzero(signal.any(tuple(other for other in range(signal.ndim) if other != axis)))
    return slice(places[0], places[-1] + 1) if len(places) else slice(0, 1)


def _placed(patch, corner, shape):
    """Zeros [n, h, w, c] with a patch whose corner is at (y, x); what lies outside is cut off."""
    whole = np.zeros(shape)
    inside, cut = [], []
    for first, length, room in zip(corner, patch.shape[1:3], shape[1:3], strict=True):
        inside.append(slice(max(first, 0), min(first + length, room)))
        cut.append(slice(inside[-1].start - first, inside[-1].stop - first))
    whole[:, inside[0], inside[1]] = patch[:, cut[0], cut[1]]
    return whole


def _summed(signal, shape):
    """A signal summed over the dimensions along which an input of that shape was repeated."""
    ahead = signal.ndim - len(shape)
    repeated = [axis + ahead for axis, length in enumerate(shape) if length < signal.shape[axis + ahead]]
    return signal.sum((*range(ahead), *repeated), keepdims=True).reshape(shape)


def _positions(node):
    """Those of a node's first input, from FIRST on."""
    x = node.inputs[0]
    return np.arange(FIRST, FIRST + x.size).reshape(x.shape)


def _scattered(positions, signal, size):
    """[size]: the signal added up at its positions; what has none is left out."""
    places = np.maximum(positions, FIRST - 1) - (FIRST - 1)
    return np.bincount(places.ravel(), signal.ravel(), size + 1)[1:]


# Operators that only move values, and those through which each value goes alone.
MOVING = ("PAD", "RESHAPE", "TRANSPOSE", "STRIDED_SLICE", "CONCATENATION")
PASSING = ("QUANTIZE", "DEQUANTIZE", "RELU", "RELU6", "SOFTMAX", "LOGISTIC")
RULES = {
    "CONV_2D": convolved,
    "DEPTHWISE_CONV_2D": convolved,
    "TRANSPOSE_CONV": transposed,
    "FULLY_CONNECTED": fully_connected,
    "ADD": added,
    "SUB": subtracted,
    "MUL": multiplied,
    "AVERAGE_POOL_2D": averaged,
    "MAX_POOL_2D": maximum,
    "MEAN": mean,
    **dict.fromkeys(PASSING, passed),
    **dict.fromkeys(MOVING, moved),
}
