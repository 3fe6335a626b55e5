"""How LiteRT's fast kernels compute what they do not compute as its reference kernels: ruy's build on x86, and XNNPACK.

Sources: `optimized_integer_ops` of TFLite; `microparams-init.c` and the qs8 kernels of XNNPACK. What is not here is the
same in all three; but that where 6 lies halfway between two bytes, XNNPACK's RELU6 ends at the even one.
"""

import numpy as np

from convloom.golden import rescale
from convloom.models.operators import arithmetic, pools
from convloom.models.operators.rescaling import centred, placed
from convloom.requant import Requant

FLOAT32 = np.float32
SUM_BITS, RATIO_BITS = 20, 8  # of XNNPACK's factors in sums, and where only the scale changes


def _in_blocks(values, block, whole, rest):
    """What ruy gives: `whole` of the blocks along the last dimension; the `rest` of it as the reference kernels do."""
    end = values.shape[-1] // block * block
    return np.concatenate([whole(values[..., :end]), rest(values[..., end:])], -1)


def _rescaled(values, ratio):
    """ "double_up" in blocks of sixteen."""
    modes = (
        lambda part, mode=mode: rescale(part, ratio.multiplier, ratio.shift, mode)
        for mode in ("double_up", "double")
    )
    return _in_blocks(values.astype(np.int32), 16, *modes)


def mean_of_pictures(node, arrays, target):
    """ruy's MEAN over rows and columns that stay as 1: the zero points are taken off the rounded mean."""
    (x, _), y, axes = node.inputs, node.outputs[0], pools.reduced(node)
    if axes != (1, 2) or not node.options["keep_dims"]:
        return pools.mean(node, arrays, target)
    count = FLOAT32(x.shape[1] * x.shape[2])
    ratio = Requant.from_scales(x.scale / (count * y.scale), 1.0, 1.0)
    total = arrays[0].sum(axes, dtype=np.int32, keepdims=True)
    means = _rescaled(total, ratio) - _away(FLOAT32(x.zero_point) * x.scale / y.scale)
    return placed(means, y, node.clamp)


def _away(value):
    """The whole number nearest to a float32, halves away from zero."""
    return int(value + np.copysign(FLOAT32(0.5), value))


def quantise_in_blocks(node, arrays, target):
    """ruy's QUANTIZE to another scale."""
    x, y = node.inputs[0], node.outputs[0]
    if not x.is_quantised:
        return arithmetic.quantise(node, arrays, target)
    rounded = _rescaled(centred(arrays[0], x).ravel(), Requant.from_scales(x.scale, 1.0, y.scale))
    return placed(rounded, y, node.clamp).reshape(y.shape)


def dequantise_in_blocks(node, arrays, _):
    """ruy's DEQUANTIZE: a product and a sum, each rounded; in blocks of eight."""
    (x,) = node.inputs
    offset = FLOAT32(-x.zero_point) * x.scale
    return _in_blocks(
        arrays[0].ravel(),
        8,
        lambda part: part.astype(FLOAT32) * x.scale + offset,
        lambda part: centred(part, x).astype(FLOAT32) * x.scale,
    ).reshape(x.shape)


def mean(node, arrays, _):
    """XNNPACK's MEAN: the sum times one float32 scale, plus the zero point, then rounded half to even.

    Where that ends within float32's last bit of a half, XNNPACK may decide otherwise.
    """
    (x, _), y, axes = node.inputs, node.outputs[0], pools.reduced(node)
    count = FLOAT32(np.prod([x.shape[axis] for axis in axes]))
    total = centred(arrays[0], x).sum(axes).astype(FLOAT32)
    means = np.rint(total * (x.scale / y.scale / count) + FLOAT32(y.zero_point))
    return np.clip(means, *node.clamp).astype(y.dtype).reshape(y.shape)


def add(node, arrays, _):
    """XNNPACK's ADD: factors of 21 bits, one rounding half up."""
    return _sum(node, arrays, 1)


def subtract(node, arrays, _):
    """XNNPACK's SUB: as ADD."""
    return _sum(node, arrays, -1)


def _sum(node, arrays, sign):
    y = node.outputs[0]
    ratios = np.array([tensor.scale / y.scale for tensor in node.inputs])
    shift = SUM_BITS + 1 - int(np.frexp(ratios.max())[1])
    first, second = np.rint(np.ldexp(ratios, shift)).astype(np.int64)
    a, b = (centred(array, tensor) for array, tensor in zip(arrays, node.inputs, strict=True))
    return placed((a * first + sign * b * second + (1 << shift >> 1)) >> shift, y, node.clamp)


def multiply(node, arrays, _):
    """XNNPACK's MUL, in float32."""
    (a, b), y = node.inputs, node.outputs[0]
    product = (centred(arrays[0], a) * centred(arrays[1], b)).astype(FLOAT32)
    return placed(np.rint(product * (a.scale * b.scale / y.scale)), y, node.clamp)


def quantise(node, arrays, target):
    """XNNPACK's QUANTIZE to another scale: a factor of eight bits behind the point. It leaves other types to ruy."""
    x, y = node.inputs[0], node.outputs[0]
    if x.dtype != y.dtype:
        return quantise_in_blocks(node, arrays, target)
    factor = int(np.rint(np.ldexp(x.scale / y.scale, RATIO_BITS)))
    half = 1 << RATIO_BITS >> 1
    return placed((centred(arrays[0], x) * factor + half) >> RATIO_BITS, y, node.clamp)


RUY = {"MEAN": mean_of_pictures, "QUANTIZE": quantise_in_blocks, "DEQUANTIZE": dequantise_in_blocks}
XNNPACK = {"MEAN": mean, "ADD": add, "SUB": subtract, "MUL": multiply, "QUANTIZE": quantise}
