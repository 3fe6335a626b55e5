"""Operators of single values: sums, products, and changes of scale."""

import numpy as np

from convloom.models.graph import clamp
from convloom.models.operators.rescaling import centred, placed, rescaled

HEADROOM = 20  # bits by which the terms of a sum are shifted up before they are rounded


def same_shape(node):
    """The input's."""
    return node.inputs[0].shape


def binary_shape(node):
    """The shape to which numpy, and TFLite, stretch both inputs."""
    shapes = [tensor.shape for tensor in node.inputs]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        node.require(False, "its inputs must stretch to one shape", " and ".join(map(str, shapes)))


def add(node, arrays, _):
    """ADD: both terms at twice the larger scale, 20 bits up, then the sum at the output's."""
    return _sum(node, arrays, 1)


def subtract(node, arrays, _):
    """SUB: as ADD."""
    return _sum(node, arrays, -1)


def _sum(node, arrays, sign):
    common = 2 * max(tensor.scale for tensor in node.inputs)
    first, second = (
        rescaled(centred(array, tensor) << HEADROOM, tensor.scale, common)
        for array, tensor in zip(arrays, node.inputs, strict=True)
    )
    y = node.outputs[0]
    return placed(rescaled(first + sign * second, common, y.scale, 2.0**-HEADROOM), y, node.clamp)


def multiply(node, arrays, _):
    """MUL. TFLite takes the product of the scales in float32."""
    (a, b), y = node.inputs, node.outputs[0]
    product = centred(arrays[0], a) * centred(arrays[1], b)
    return placed(rescaled(product, a.scale * b.scale / y.scale), y, node.clamp)


def quantise(node, arrays, _):
    """QUANTIZE: to bytes, from float32 or from bytes of another scale."""
    x, y = node.inputs[0], node.outputs[0]
    if x.is_quantised:
        return placed(rescaled(centred(arrays[0], x), x.scale, y.scale), y)
    quotient = np.float64(arrays[0] / y.scale)
    whole = np.copysign(np.floor(np.abs(quotient) + 0.5), quotient)
    return placed(np.clip(np.nan_to_num(whole), -(2**31), 2**31 - 1), y)


def dequantise(node, arrays, _):
    """DEQUANTIZE: float32, (x - zero point) * scale."""
    return centred(arrays[0], node.inputs[0]).astype(np.float32) * node.inputs[0].scale


def rectify(node, arrays, _):
    """RELU and RELU6 that are operators of their own, and may change the scale. Its ratio is float32 in TFLite."""
    x, y = node.inputs[0], node.outputs[0]
    return placed(rescaled(centred(arrays[0], x), x.scale / y.scale), y, clamp(node.operator, y))
