"""Convolutions and fully connected layers, on the device."""

import numpy as np

from convloom.device.arguments import padding
from convloom.plan.convolutions import convolution, pads_of
from convloom.requant import RANGES, Requant


def conv_shape(node):
    """x [n, h, w, c] with w [kn, kh, kw, c/groups]: [n, ho, wo, kn]."""
    kernels, *taps, depth = _weights(node, 4, 0)
    channels = _rank(node, 0, 4)[3]
    groups = channels // depth
    holds = groups * depth == channels and groups and kernels % groups == 0
    node.require(holds, f"its kernels must be for a divisor of {channels} channels", f"{kernels} for {depth}")
    return _window_shape(node, taps, kernels)


def conv(node, arrays, target):
    """CONV_2D, grouped where its kernels are for fewer channels."""
    x, w, *bias = arrays
    options = _geometry(node) | _zero_points(node, 0)
    return target.device.conv2d(
        x,
        w,
        *bias,
        groups=x.shape[3] // w.shape[3],
        requant=_requant(node, 0, target),
        **options,
    )


def depthwise_shape(node):
    """x [n, h, w, c] with w [1, kh, kw, c*m]: [n, ho, wo, c*m]."""
    ones, *taps, kernels = _weights(node, 4, 3)
    channels = _rank(node, 0, 4)[3]
    holds = ones == 1 and kernels % channels == 0
    node.require(holds, f"its weights must be [1, kh, kw, multiple of {channels}]", node.inputs[1].shape)
    return _window_shape(node, taps, kernels)


def depthwise(node, arrays, target):
    """DEPTHWISE_CONV_2D, with any channel multiplier."""
    x, w, *bias = arrays
    kernels = w.reshape(*w.shape[1:3], x.shape[3], -1)
    options = _geometry(node) | _zero_points(node, 0)
    return target.device.depthwise_conv2d(x, kernels, *bias, requant=_requant(node, 0, target), **options)


def transpose_conv_shape(node):
    """Output shape, w [kn, kh, kw, c/groups] and x [n, h, w, c]: the shape that the file gives."""
    kernels, *taps, depth = _weights(node, 4, 0, 3)
    n, *size, channels = _rank(node, 2, 4)
    groups = node.options.get("groups", 1)
    holds = depth * groups == channels and kernels % groups == 0
    node.require(holds, f"its kernels must be for {channels} channels", f"{kernels} for {depth}")
    shape, padding = node.constant(0), node.options["padding"]
    node.require(len(shape) == 4, "its output's shape must have 4 sizes", list(shape))
    for length, inside, tap, stride in zip(shape[1:3], size, taps, node.options["stride"], strict=True):
        fewest = (inside - 1) * stride + (1 if padding == "same" else tap)
        most = inside * stride + (0 if padding == "same" else max(tap - stride, 0))
        fits = min(fewest, most) <= length <= most if isinstance(padding, str) else length > 0
        node.require(fits, f"its output's height and width must be {most} for {inside}", length)
    return n, *shape[1:3], kernels


def transpose_conv(node, arrays, target):
    """TRANSPOSE_CONV, in ONNX also dilated and grouped. What is cut off behind is what the output's shape leaves."""
    _, w, x, *bias = arrays
    options = {name: node.options[name] for name in ("stride", "dilation", "groups") if name in node.options}
    geometry = zip(
        x.shape[1:3], w.shape[1:3], options["stride"], options.get("dilation", (1, 1)), strict=True
    )
    whole = [(size - 1) * stride + (taps - 1) * apart + 1 for size, taps, stride, apart in geometry]
    cuts = zip(_cut_before(node, w.shape[1:3]), whole, node.outputs[0].shape[1:3], strict=True)
    options["padding"] = tuple((before, length - before - out) for before, length, out in cuts)
    options |= _zero_points(node, 2)
    return target.device.conv_transpose2d(x, w, *bias, requant=_requant(node, 2, target), **options)


def _cut_before(node, taps):
    """(rows, columns) cut off before. TFLite takes the pads from the output, as if that were a convolution's input."""
    padding, sizes = node.options["padding"], node.outputs[0].shape[1:3]
    if not isinstance(padding, str):
        return padding
    return [pads_of(padding, *each)[0] for each in zip(sizes, taps, node.options["stride"], strict=True)]


def fully_connected_shape(node):
    """x [..., c] with w [kn, c]: [n, kn], or [..., kn] where the dimensions are kept."""
    kernels, channels = _weights(node, 2, 0)
    node.require(node.options["format"] == 0, "its weights must be stored plainly", "shuffled")
    x = node.inputs[0]
    node.require(x.size % channels == 0, f"its input must be rows of {channels} values", list(x.shape))
    if node.options["keep_dims"]:
        node.require(
            x.shape[-1:] == (channels,), f"its input's rows must have {channels} values", list(x.shape)
        )
        return *x.shape[:-1], kernels
    return x.size // channels, kernels


def fully_connected(node, arrays, target):
    """FULLY_CONNECTED.

    In "double" the host finishes from raw accumulators: LiteRT's reference kernel rounds the product in
    float64 half away from zero (TFLite Micro does not: it has the two roundings of "double" here too). And it
    scales them where ONNX leaves the output in float32.
    """
    x, w, *bias = arrays
    is_real = not node.outputs[0].is_quantised
    exact = target.kernels == "reference"
    out = target.device.fully_connected(
        np.ascontiguousarray(x).reshape(-1, w.shape[1]),
        w,
        *bias,
        requant=None if exact or is_real else _requant(node, 0, target),
        **_zero_points(node, 0),
    )
    if is_real:
        out = out.astype(np.float32) * (node.inputs[0].scale * node.inputs[1].scales)
    elif exact:
        out = _rounded_once(node, out)
    return out.reshape(node.outputs[0].shape)


def _rounded_once(node, acc):
    x, w, y = (np.float64(tensor.scales) for tensor in (node.inputs[0], node.inputs[1], node.outputs[0]))
    value = acc * (x * w / y)
    out = np.copysign(np.floor(np.abs(value) + 0.5), value) + node.outputs[0].zero_point
    return np.clip(out, *node.clamp).astype(node.outputs[0].dtype)


def _requant(node, data, target):
    """The Requant of a layer; `data` is the input that is no parameter."""
    x, w, y = node.inputs[data], node.inputs[1], node.outputs[0]
    weight_scales = w.scale if len(w.scales) == 1 else w.scales
    return Requant.from_scales(
        x.scale, weight_scales, y.scale, y.zero_point, node.clamp, target.rounding, y.dtype
    )


def _geometry(node):
    return {name: node.options[name] for name in ("stride", "padding", "dilation")}


def _zero_points(node, data):
    return {"input_zero_point": node.inputs[data].zero_point, "weight_zero_point": node.inputs[1].zero_point}


def _rank(node, index, rank):
    shape = node.inputs[index].shape
    node.require(len(shape) == rank, f"input {index} must have {rank} dimensions", len(shape))
    return shape


def _window_shape(node, taps, kernels):
    n, *size, _ = node.inputs[0].shape
    options = _geometry(node)
    try:
        axes = [
            convolution(*each)
            for each in zip(
                size, taps, options["stride"], options["dilation"], padding(options["padding"]), strict=True
            )
        ]
    except ValueError as error:
        node.require(False, str(error), size)
    return n, *(axis.out for axis in axes), kernels


def _weights(node, rank, axis, bias_index=2):
    """The shape of the weights, checked together with the bias; `axis` is the kernels' dimension."""
    w = node.inputs[1]
    is_constant = w is not None and w.data is not None and w.is_quantised
    node.require(is_constant, "its weights must be constant bytes", w and f"{w.dtype} {w.name!r}")
    shape = _rank(node, 1, rank)
    kernels = shape[axis]
    scales = len(w.scales)
    each = scales == 1 or scales == kernels and w.axis == axis
    node.require(each, f"its weights must have a scale, or {kernels} along axis {axis}", scales)
    positive = np.all((w.scales > 0) & np.isfinite(w.scales))
    node.require(positive, "its weights' scales must be positive", w.scales.min())
    least, most = RANGES[w.dtype]
    inside = np.all((w.zero_point >= least) & (w.zero_point <= most))
    node.require(inside, f"its weights' zero points must be from {least} to {most}", w.zero_point)
    _require_bias(node, bias_index, kernels)
    return shape


def _require_bias(node, index, kernels):
    bias = node.inputs[index] if len(node.inputs) > index else None
    if bias is None:
        return
    fits = bias.data is not None and bias.dtype == "int32" and bias.shape == (kernels,)
    node.require(fits, f"its bias must be constant int32 [{kernels}]", f"{bias.dtype} {list(bias.shape)}")
