"""How ONNX Runtime computes operators on quantised values: in float32, rounded half to even.

Sources: `qladd`, `qlmul`, `qlgavgpool` and `quantize` of its MLAS library on x86, `qlinear_pool`, `qlinear_softmax` and
`qlinear_lookup_table` of its contributed operators. What those do not cover runs between DequantizeLinear and
QuantizeLinear, in float32.
"""

import numpy as np

from convloom.models.operators import pools
from convloom.models.operators.rescaling import centred
from convloom.models.operators.softmax import real_softmax
from convloom.requant import RANGES

WIDE = np.float64  # holds the product of two float32 exactly


def quantised(values, tensor, clamp=None):
    """The tensor's bytes of float32 values: divided by its scale, rounded half to even, plus its zero point."""
    whole = np.rint(values / tensor.scale).astype(np.float64) + tensor.zero_point
    return np.clip(np.nan_to_num(whole), *(clamp or RANGES[tensor.dtype])).astype(tensor.dtype)


def real(array, tensor):
    """float32 values of an array: (x - zero point) * scale."""
    return centred(array, tensor).astype(np.float32) * tensor.scale if tensor.is_quantised else array


def add(node, arrays, _):
    """QLinearAdd: the scales' ratios to the output's; two fused multiply-adds on top of one constant.

    Where the first input is a single value along the rows ("stretched"), the two change places.
    """
    terms, y = list(zip(arrays, node.inputs, strict=True)), node.outputs[0]
    (first, a), (second, b) = reversed(terms) if node.options["stretched"] else terms
    ratio_a, ratio_b = a.scale / y.scale, b.scale / y.scale
    offset = _fused(np.int64(a.zero_point), ratio_a, ratio_b * np.float32(b.zero_point))
    fixed = np.float32(y.zero_point) - offset
    return _bytes(_fused(first, ratio_a, _fused(second, ratio_b, fixed)), node)


def _fused(array, factor, addend):
    """array * factor + addend, rounded once: float64 is exact up to the sum."""
    return (array.astype(WIDE) * factor + addend).astype(np.float32)


def _bytes(values, node):
    return np.clip(np.rint(values), *node.clamp).astype(node.outputs[0].dtype)


def multiply(node, arrays, _):
    """QLinearMul."""
    (a, b), y = node.inputs, node.outputs[0]
    product = (centred(arrays[0], a) * centred(arrays[1], b)).astype(np.float32)
    return _bytes(product * (a.scale * b.scale / y.scale) + np.float32(y.zero_point), node)


def subtract(node, arrays, _):
    """Sub, in float32."""
    first, second = (real(*each) for each in zip(arrays, node.inputs, strict=True))
    return quantised(first - second, node.outputs[0], node.clamp)


def rescale(node, arrays, _):
    """QuantizeLinear, of float32 or of what another scale stands for; with a clamp, Relu and Clip."""
    return quantised(real(arrays[0], node.inputs[0]), node.outputs[0], node.clamp)


def average(node, arrays, _):
    """QLinearAveragePool: taps are added in their order, in float32."""
    x, y = node.inputs[0], node.outputs[0]
    windows, count = pools.taps(node, real(arrays[0], x))
    total = np.zeros(windows.shape[:4], np.float32)
    for row in range(windows.shape[4]):
        for column in range(windows.shape[5]):
            total += windows[..., row, column]
    return _bytes(total / count.astype(np.float32) / y.scale + np.float32(y.zero_point), node)


def mean(node, arrays, _):
    """QLinearGlobalAveragePool: the whole sum times one scale. ReduceMean: the mean of float32 values."""
    x, y, axes = node.inputs[0], node.outputs[0], pools.reduced(node)
    count = np.float32(np.prod([x.shape[axis] for axis in axes]))
    if node.options["real"]:
        means = real(arrays[0], x).sum(axes, dtype=np.float64).astype(np.float32) / count
        return quantised(means, y, node.clamp).reshape(y.shape)
    total = centred(arrays[0], x).sum(axes).astype(np.float32)
    return _bytes(np.rint(total * (x.scale / (y.scale * count))) + y.zero_point, node).reshape(y.shape)


def softmax(node, arrays, _):
    """QLinearSoftmax: a table of exponentials for each difference to the row's greatest, added up in float32.
    Of rows of one or two values a product may overflow float32: a probability of 1 all the same.
    """
    x, y = node.inputs[0], node.outputs[0]
    if not x.is_quantised:
        return real_softmax(arrays[0], node.options["beta"])
    most = np.float32(np.finfo(np.float32).max) / np.float32(x.shape[-1])
    headroom = max(0.0, np.log(np.float64(most)) - 5) / np.float64(x.scale)
    table = np.exp((np.arange(256) - 255 + headroom) * np.float64(x.scale)).astype(np.float32)
    bytes_ = arrays[0].astype(np.int64)
    powers = table[255 + bytes_ - bytes_.max(-1, keepdims=True)]
    total = np.add.accumulate(powers, -1, np.float32)[..., -1:]
    return _bytes(np.rint(powers * np.floor(1 / y.scale) / total) + y.zero_point, node)


def logistic(node, arrays, _):
    """QLinearSigmoid: a table of the 256 inputs."""
    values = real(arrays[0], node.inputs[0])
    return quantised((1 / (1 + np.exp(-values.astype(WIDE)))).astype(np.float32), node.outputs[0], node.clamp)


KERNELS = {
    "ADD": add,
    "SUB": subtract,
    "MUL": multiply,
    "QUANTIZE": rescale,
    "RELU": rescale,
    "RELU6": rescale,
    "AVERAGE_POOL_2D": average,
    "MEAN": mean,
    "SOFTMAX": softmax,
    "LOGISTIC": logistic,
}
