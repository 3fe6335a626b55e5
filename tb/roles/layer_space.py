"""The space of layers that the host accepts, drawn by hypothesis; none so large that a test waits for it."""

from math import isqrt, prod

import numpy as np
from convloom import Requant
from hypothesis import strategies as st
from roles.any_layer import AnyLayer

MACS, BYTES, OUTPUTS = 100_000, 60_000, 6_000  # about the most of a layer, of its input, of its output
LANE_EDGES = [n + off for n in (4, 6, 8, 16, 32, 64, 128) for off in (-1, 0, 1)]
MODES = ("double", "double_up", "single", "float32")
# How scales are drawn: None for the accumulators; ties; left shifts; shifts up to 31, and what is flushed to 0.
WAYS = ("raw", "scaled", "scaled", "scaled", "powers", "left", "extreme")

# (rows, columns), each from .. to: of pictures, and of kernels small and large.
ONE, FEW, MANY, BEYOND = (1, 1), (1, 5), (6, 15), (16, 40)
LONG = (16_385, 40_000)  # channels of a fully connected layer that a job cannot take
SIZES = (
    (ONE, ONE),
    ((1, 10), (1, 10)),
    ((1, 10), (1, 10)),
    ((2, 10), (11, 60)),
    (ONE, (1, 60)),
    ((1, 60), ONE),
)
KERNELS = {
    "small": ((ONE, ONE), (FEW, FEW), (FEW, FEW), ((3, 3), (3, 3))),
    "large": (
        *((MANY, MANY), (MANY, MANY), ((7, 7), (7, 7)), ((10, 10), (8, 8)), ((15, 15), (15, 15))),
        *((FEW, MANY), (MANY, FEW), (ONE, MANY), (MANY, ONE), (ONE, BEYOND), (BEYOND, ONE), (BEYOND, BEYOND)),
    ),
}
BIASES = (0, None), (0, 5000), (0, 5000), (1 << 30, 256), ((1 << 31) - 500, 499)  # around what, how far


def _counts(most):
    """1 to `most`: a few, around a number of lanes, any, all."""
    most = max(most, 1)
    near = [n for n in LANE_EDGES if n <= most] or [1]
    return st.one_of(
        st.integers(1, min(20, most)), st.sampled_from(near), st.integers(1, most), st.just(most)
    )


@st.composite
def _pairs(draw, ranges):
    """(rows, columns) in one of the pairs of ranges."""
    return tuple(draw(st.integers(*each)) for each in draw(st.sampled_from(ranges)))


def _steps(most):
    """(y, x) of strides or dilations."""
    each = st.one_of(st.sampled_from((1, 1, 2, 2, 3)), st.integers(1, most))
    return st.one_of(st.just((1, 1)), st.tuples(each, each))


@st.composite
def any_layers(draw, kind, kernels, usual=False):
    """Layers of a kind, a method of Device.

    Parameters
    ----------
    kernels : which of KERNELS
    usual : none is a layer that model files for runtimes do not have
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    if kind == "fully_connected":
        n, c = draw(st.integers(1, 8)), draw(st.one_of(_counts(600), st.integers(*LONG)))
        k = draw(_counts(min(MACS // (n * c), OUTPUTS)))
        x_shape, w_shape, groups, options = (n, c), (k, c), 1, {}
    else:
        x_shape, w_shape, groups, options = draw(_convolutions(kind, kernels, usual))
        k = w_shape[2] * w_shape[3] if kind == "depthwise_conv2d" else w_shape[0]
    layer = AnyLayer(kind, *draw(_arrays(rng, x_shape, w_shape, k, options, usual)), options, groups)
    layer.scales = draw(_scales(layer, rng, usual))
    options["requant"] = layer.scales and draw(_requants(layer.scales))
    return layer


@st.composite
def _convolutions(draw, kind, kernels, usual):
    """(shape of x, shape of w, groups, options) of a layer that slides."""
    kernel, size, n = (
        draw(_pairs(KERNELS[kernels])),
        draw(_pairs(SIZES)),
        draw(st.sampled_from((1, 1, 1, 2, 3))),
    )
    options, out = draw(_geometries(kind, size, kernel, usual))
    walked = prod(out)
    if kind == "conv_transpose2d":
        walked = max(walked // prod(options["stride"]), 1)  # each output meets so many of the taps
    room = max(MACS // (n * walked * prod(kernel)), 1)
    most_c, most_k = (max(most // n, 1) for most in (BYTES // prod(size), OUTPUTS // prod(out)))
    if kind == "depthwise_conv2d":
        c = draw(_counts(min(room, most_c, most_k)))
        m = draw(st.sampled_from([m for m in (1, 1, 2, 3, 8) if m == 1 or c * m <= min(room, most_k)]))
        return (n, *size, c), (*kernel, c, m), c, options
    groups = draw(st.sampled_from((1, 1, 1, 2, 3, 0))) or draw(st.integers(1, 40))
    groups = 1 if usual and kind == "conv_transpose2d" else min(groups, room, most_c, most_k)
    c = draw(_counts(min(room, most_c) // groups))
    k = draw(_counts(min(room // c, most_k) // groups))
    return (n, *size, c * groups), (k * groups, *kernel, c), groups, options | {"groups": groups}


@st.composite
def _geometries(draw, kind, size, kernel, usual):
    """(options, (rows, columns) of the output)."""
    is_transposed = kind == "conv_transpose2d"
    stride = draw(_steps(7 if is_transposed else 50))
    dilation = (1, 1) if is_transposed and usual else draw(_steps(9))
    padding = draw(st.sampled_from(("same", "valid") if is_transposed and usual else ("same", "valid", None)))
    reach = tuple((taps - 1) * step + 1 for taps, step in zip(kernel, dilation, strict=True))
    options = {"stride": stride, "dilation": dilation, "padding": padding}
    if is_transposed:
        sides = zip(size, stride, reach, strict=True)
        full = [(length - 1) * step + span for length, step, span in sides]
        if padding is None or prod(full) > 4 * OUTPUTS:
            options["padding"] = tuple(draw(_cuts(length)) for length in full)
        options["output_padding"] = draw(_output_paddings(padding, stride, reach, usual))
    elif padding is None or (padding == "valid" and any(map(int.__gt__, reach, size))):
        most = max(isqrt(MACS // prod(kernel)), 1)
        options["padding"] = tuple(
            draw(_pads(*side, most, usual)) for side in zip(size, reach, stride, strict=True)
        )
    slides = "conv2d" if kind == "depthwise_conv2d" else kind
    x, w = (np.zeros((1, *lengths, 1), np.int8) for lengths in (size, kernel))
    return options, AnyLayer(slides, x, w, options).out_size()


def _output_paddings(padding, stride, reach, usual):
    """TFLite's "valid" gives h * stride at least; else any."""
    least = (0, 0) if padding == "same" else tuple(max(s - r, 0) for s, r in zip(stride, reach, strict=True))
    return st.just(least) if usual else st.one_of(st.just(least), st.tuples(*[st.integers(0, 2)] * 2))


@st.composite
def _cuts(draw, length):
    """What a transposed layer's pads leave of an output of that length: 1 to 80 of it, some one more than there is."""
    total = draw(st.integers(max(length - 80, -2), length - 1))
    before = draw(st.integers(min(-1, total), max(total, -1) + 1))
    return before, total - before


@st.composite
def _pads(draw, size, reach, stride, most, usual):
    """(before, behind), some negative, some wider than the kernel; the kernel fits, about `most` times at most."""
    crop = 0 if usual else min(size - 1, 2)
    before = draw(st.integers(-crop, reach + 2))
    least = max(reach - size - before, -crop)
    return before, draw(
        st.integers(least, max(least, min(reach + 2, (most - 1) * stride + reach - size - before)))
    )


@st.composite
def _arrays(draw, rng, x_shape, w_shape, k, options, usual):
    """x and w; bias and zero points are put into `options`."""
    x_type, w_type = draw(st.sampled_from(("int8", "uint8"))), "int8"
    low, high = np.iinfo(x_type).min, np.iinfo(x_type).max
    options["input_zero_point"] = draw(st.one_of(st.sampled_from((low, high)), st.integers(low, high)))
    options["bias"] = draw(_biases(rng, k, usual))
    if not usual and draw(st.sampled_from((False, True, False))):
        w_type = draw(st.sampled_from(("int8", "uint8")))
        limits = np.iinfo(w_type)
        options["weight_zero_point"] = draw(
            st.sampled_from((int(limits.max), rng.integers(limits.min, limits.max + 1, k)))
        )
    arrays = []
    for shape, dtype in ((x_shape, x_type), (w_shape, w_type)):
        arrays.append(rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max + 1, shape).astype(dtype))
    return arrays


@st.composite
def _biases(draw, rng, k, usual):
    """None, a few thousand, what dead channels of networks have, or so near int32's ends that sums wrap."""
    centre, spread = draw(st.sampled_from(BIASES[:-1] if usual else BIASES))
    signs = rng.choice((-1, 1), k)
    return spread and (signs * (centre + rng.integers(-spread, spread, k, endpoint=True))).astype(np.int32)


@st.composite
def _scales(draw, layer, rng, usual):
    """None, or (input, weight, output) scales, float32: one for all kernels, or [kn]."""
    way, k = draw(st.sampled_from(WAYS[1:] if usual else WAYS)), len(layer.kernels)
    if way == "raw":
        return None
    spread = float(np.abs(layer.sums[0].astype(np.int32)).mean(dtype=np.float64)) or 1.0
    scales = rng.uniform(0.5, 2, k) * {"left": 1.5}.get(way, 60 / spread)
    if way == "powers":
        scales = np.exp2(np.round(np.log2(scales)))
    if way == "extreme":
        scales = np.exp2(rng.uniform(-44, 5, k))
    scales = scales.astype(np.float32)
    return np.float32(1), scales if draw(st.booleans()) else scales[0], np.float32(1)


@st.composite
def _requants(draw, scales):
    dtype = draw(st.sampled_from(("int8", "uint8")))
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    clamp = draw(st.sampled_from((None, None, (low + 20, high - 5), (7, 7))))
    zero_point = draw(st.one_of(st.integers(low, high), st.sampled_from((low, high))))
    return Requant.from_scales(*scales, zero_point, clamp, draw(st.sampled_from(MODES)), dtype)
