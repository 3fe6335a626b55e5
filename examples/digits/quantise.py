"""The float digits network becomes int8: a scale for each kernel, and one for each layer's output."""

from dataclasses import dataclass

import numpy as np
from convloom.digits import network

INPUT_SCALE = np.float32(1 / 128)  # of -1 to 1; its zero point is 0
SILENT = -128  # the zero point of what has gone through a ReLU


@dataclass(frozen=True)
class Quantised:
    """A layer of the int8 network.

    Members
    -------
    w : int8 [kn, kh, kw, c]
    bias : int32 [kn], in units of input scale * weight scale
    input_scale, scale : of what comes in and what goes out, float32
    weight_scales : float32 [kn], or [1] where the layer is fully connected
    input_zero_point, zero_point : of what comes in and what goes out
    """

    layer: network.Layer
    w: np.ndarray
    bias: np.ndarray
    input_scale: np.float32
    input_zero_point: int
    weight_scales: np.ndarray
    scale: np.float32
    zero_point: int


def quantise(parameters):
    """The Quantised layers. Division and rounding only, so that every machine makes the same bytes."""
    layers, scale, zero_point = [], INPUT_SCALE, 0
    for layer, greatest in zip(network.LAYERS, parameters["greatest"], strict=True):
        given = {"input_scale": scale, "input_zero_point": zero_point}
        w, bias = parameters[layer.name], parameters[f"{layer.name} bias"]
        strongest = np.abs(w).max(axis=None if layer.flat else (1, 2, 3)).reshape(-1)
        scales = (strongest / np.float32(127)).astype(np.float32)
        quantised = np.rint(w / scales.reshape(-1, 1, 1, 1)).astype(np.int8)
        unit = np.float64(scale) * scales
        scale, zero_point = (
            (greatest / np.float32(127), 0) if layer.flat else (greatest / np.float32(255), SILENT)
        )
        bias = np.rint(bias / unit).astype(np.int32)
        layers.append(
            Quantised(
                layer, quantised, bias, **given, weight_scales=scales, scale=scale, zero_point=zero_point
            )
        )
    return layers
