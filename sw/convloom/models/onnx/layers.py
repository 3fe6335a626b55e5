"""ONNX's convolutions and matrix products become layers of the device.

A BatchNormalization behind a layer multiplies its channels and adds to them: that is folded into the channel's weight
scale and bias, so the int8 weights stay as they are. Only the bias is rounded again.
"""

from dataclasses import dataclass, replace

import numpy as np

from convloom.models.onnx.arguments import described
from convloom.models.onnx.network import bounds
from convloom.models.onnx.values import Pending, Real, Scale
from convloom.models.onnx.windows import window
from convloom.requant import RANGES


@dataclass(frozen=True, eq=False)
class Weights:
    """Of a layer.

    Members
    -------
    array : bytes, kernels first, channels last
    scales, zero_points : for each kernel, or one for all
    bias : float64 [kn], in units of input scale * weight scale
    """

    array: np.ndarray
    scales: np.ndarray
    zero_points: int | np.ndarray
    bias: np.ndarray

    def fold(self, factor, addend, input_scale):
        """The Weights of a layer whose channels are then times `factor`, plus `addend`: float64 [kn] each.

        A negative factor turns the weights around. Where it is 0 the weights become so, and the scale stays.
        """
        gone, negative = factor == 0, factor < 0
        scales = (self.scales * np.where(gone, 1, np.abs(factor))).astype(np.float32)
        bias = self.bias * np.sign(factor) + addend / (np.float64(input_scale) * scales)
        zero_points = np.broadcast_to(np.asarray(self.zero_points, np.int64), factor.shape)
        array, (turned, zeros) = self.array, _turned(self.array, zero_points)
        zero_points = np.where(negative, zeros, zero_points)

        def each(values):
            return values.reshape(-1, *[1] * (array.ndim - 1))

        array = np.where(each(negative), turned, array)
        array = np.where(each(gone), each(zero_points.astype(array.dtype)), array)
        return Weights(array, scales, zero_points, bias)


def _turned(array, zero_points):
    """(Bytes, zero points) of the negative weights. ~w - ~z is z - w, and a byte all the same."""
    if array.dtype == np.int8 and array.min() > -128 and not zero_points.any():
        return -array, zero_points  # the device needs no zero points
    return ~array, ~zero_points if array.dtype == np.int8 else 255 - zero_points


def conv(network, op, x, w, bias=None):
    """Conv: x [n, c, h, w] with w [kn, c/groups, kh, kw]."""
    require_layer(op, x, w, 4)
    kernels, depth, *taps = w.shape
    groups = op.attribute("group", 1)
    channels = x.shape[1]
    fits = groups > 0 and depth * groups == channels and kernels % groups == 0
    op.require(
        fits, f"its kernels must be for {channels} channels in {groups} groups", f"{kernels} for {depth}"
    )
    op.require(
        op.attribute("kernel_shape", tuple(taps)) == tuple(taps),
        "its kernel_shape must be its weights'",
        taps,
    )
    options = window(op, x.shape[2:], taps) | {"activation": "NONE"}
    weights = _weights(op, replace(w, bytes=np.moveaxis(w.bytes, 1, -1)), bias, x)
    if 1 < groups == channels:
        return _layer(
            network, op, "DEPTHWISE_CONV_2D", x, weights, lambda a: a.transpose(3, 1, 2, 0), 3, options
        )
    return _layer(network, op, "CONV_2D", x, weights, np.asarray, 0, options)


def conv_transpose(network, op, x, w, bias=None):
    """ConvTranspose: x [n, c, h, w] with w [c, kn/groups, kh, kw]."""
    require_layer(op, x, w, 4)
    channels, kernels, *taps = w.shape
    groups = op.attribute("group", 1)
    fits = groups > 0 and x.shape[1] == channels and channels % groups == 0
    op.require(fits, f"its weights must be for {x.shape[1]} channels", f"{channels} in {groups} groups")
    plain = op.attribute("auto_pad", "NOTSET") == "NOTSET" and "output_shape" not in op.attributes
    op.require(plain, "its pads must be numbers, its output_shape left out", "otherwise")
    op.require(
        groups == 1 or len(w.scale.scales) == 1, "weights in groups must have one scale", len(w.scale.scales)
    )
    grouped = w.bytes.reshape(groups, -1, kernels, *taps).transpose(0, 2, 3, 4, 1)
    array = grouped.reshape(groups * kernels, *taps, channels // groups)
    scale = w.scale._replace(axis=(w.scale.axis - 1) % 4)  # of [kn, ...]
    weights = _weights(op, Real(array, scale), bias, x)
    options, shape = _transposed_window(op, x.shape[2:], taps)
    shape = network.numbers([x.shape[0], *shape, groups * kernels])
    options |= {"groups": groups, "activation": "NONE"}
    return _layer(network, op, "TRANSPOSE_CONV", x, weights, np.asarray, 0, options, (shape,))


def _transposed_window(op, size, taps):
    """The options of a transposed convolution, and its output's (height, width)."""
    stride, dilation = op.numbers("strides", 2, 1, 1), op.numbers("dilations", 2, 1, 1)
    top, left, bottom, right = op.numbers("pads", 4, 0)
    more = op.numbers("output_padding", 2, 0)
    lengths = [
        (length - 1) * step + (tap - 1) * apart + 1 - cut + extra
        for length, tap, step, apart, cut, extra in zip(
            size, taps, stride, dilation, (top + bottom, left + right), more, strict=True
        )
    ]
    op.require(min(lengths) > 0, "its pads must leave some of the output", lengths)
    return {"stride": stride, "dilation": dilation, "padding": (top, left)}, lengths


def gemm(network, op, x, w, bias=None):
    """Gemm: x [n, c] with w [c, kn], or [kn, c] where it is transposed."""
    require_layer(op, x, w, 2)
    plain = (op.attribute("alpha", 1.0), op.attribute("beta", 1.0), op.attribute("transA", 0)) == (
        1.0,
        1.0,
        0,
    )
    op.require(plain, "its alpha and beta must be 1, its transA 0", "others")
    w = w if op.attribute("transB", 0) else _transposed(w)
    op.require(w.shape[1] == x.shape[-1], f"its weights must be for {x.shape[-1]} values", w.shape[1])
    return _dense(network, op, x, w, bias)


def matmul(network, op, x, w):
    """MatMul: x [..., c] with constant w [c, kn]."""
    require_layer(op, x, w, None)
    op.require(len(w.shape) == 2, "its weights must have 2 dimensions", list(w.shape))
    op.require(w.shape[0] == x.shape[-1], f"its weights must be for {x.shape[-1]} values", w.shape[0])
    return _dense(network, op, x, _transposed(w), None)


def _transposed(w):
    """[c, kn] becomes [kn, c]."""
    return Real(w.bytes.T, w.scale._replace(axis=None if w.scale.axis is None else 1 - w.scale.axis % 2))


def _dense(network, op, x, w, bias):
    options = {"activation": "NONE", "keep_dims": len(x.shape) != 2, "format": 0}
    return _layer(network, op, "FULLY_CONNECTED", x, _weights(op, w, bias, x), np.asarray, 0, options)


def require_layer(op, x, w, rank):
    """Raises ModelError unless `x` flows and `w` is constant bytes."""
    op.require(isinstance(x, Real) and not x.is_constant, "input 0 must be quantised values", described(x))
    op.require(
        isinstance(w, Real) and w.is_constant, "input 1 must be quantised constant weights", described(w)
    )
    for name, value in (("input 0", x), ("its weights", w)):
        ranks = rank is None or len(value.shape) == rank
        op.require(ranks, f"{name} must have {rank} dimensions", list(value.shape))
    op.require(w.bytes.dtype.name in RANGES and w.bytes.size > 0, "its weights must be bytes", w.bytes.dtype)


def _weights(op, w, bias, x):
    kernels, scale = len(w.bytes), w.scale
    along = scale.axis is None or scale.axis % w.bytes.ndim == 0
    each = len(scale.scales) == 1 or len(scale.scales) == kernels and along
    op.require(
        each, f"its weights must have a scale, or one for each of {kernels} kernels", len(scale.scales)
    )
    op.require(len(x.scale.scales) == 1, "input 0 must have one scale", len(x.scale.scales))
    units = np.float64(x.scale.scales[0]) * scale.scales
    return Weights(w.bytes, scale.scales, scale.zero_point, _bias(op, bias, units, kernels))


def _bias(op, bias, units, kernels):
    """float64 [kn], in `units`."""
    if bias is None:
        return np.zeros(kernels)
    values = bias.bytes if isinstance(bias, Real) else bias
    fits = (
        isinstance(values, np.ndarray)
        and values.size == kernels
        and values.dtype.name in ("int32", "float32")
    )
    op.require(fits, f"its bias must be {kernels} constants, int32 or float32", described(bias))
    values = values.reshape(-1).astype(np.float64)
    return values / units if not isinstance(bias, Real) and bias.dtype == np.float32 else values


def _layer(network, op, operator, x, weights, arrange, axis, options, before=()):
    """The Pending of a layer.

    Parameters
    ----------
    arrange : lays the weights out as the Graph's operator has them, kernels along `axis`
    before : Tensors in front of the weights, which then come before the data
    """
    last = operator != "FULLY_CONNECTED"

    def emit(scale, **more):
        w_scale = Scale(weights.scales, weights.zero_points, weights.array.dtype.name, axis)
        bias = np.rint(weights.bias)
        op.require(np.all(np.abs(bias) < 2**31), "its bias must fit int32 at its scale", np.abs(bias).max())
        data, kernels = (
            network.take(op, x, last),
            network.constant(arrange(weights.array), "weights", w_scale),
        )
        inputs = (*before, kernels, data) if before else (data, kernels)
        inputs += (network.constant(bias.astype(np.int32), "bias"),)
        out = network.emit(op, operator, inputs, scale, **more, **options)
        return network.stream(op, out, last, scale)

    def make(scale, limits):
        return emit(scale, clamp=bounds(scale, limits))

    def fold(factor, addend):
        folded = weights.fold(factor, addend, x.scale.scales[0])
        return _layer(network, op, operator, x, folded, arrange, axis, options, before)

    return Pending(make, fold, None if last else lambda: emit(None))


TRANSLATIONS = {"Conv": conv, "ConvTranspose": conv_transpose, "Gemm": gemm, "MatMul": matmul}
