"""The golden model against ONNX Runtime: QLinearConv in mode `float32`, ConvInteger's accumulators."""

import zlib
from dataclasses import replace

import numpy as np
import pytest
from roles import layers, onnx_layer

LAYERS = 80  # of each kind, half of them with powers of two for scales
DTYPES = ("int8", "uint8")


def draw_all(kind, dtype, name):
    """Layers with any pads and without activation, which ONNX's operators have none of."""
    seed = zlib.crc32(f"{name} {kind} {dtype}".encode())
    print("seed", seed)
    rng = np.random.default_rng(seed)
    for n in range(LAYERS):
        padding = "valid" if kind == "fully_connected" else "explicit"
        yield layers.draw(rng, kind, padding=padding, activation="none", dtype=dtype, powers=n % 2 == 1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", layers.KINDS)
def test_qlinear_conv_is_float32(tally, kind, dtype):
    for layer in draw_all(kind, dtype, "QLinearConv"):
        expected, other = layer.outputs("float32"), layer.outputs("double")
        tally.compare(
            (f"onnxruntime {dtype}", "float32", kind),
            expected,
            onnx_layer.qlinear_conv(layer),
            layer,
            telling=int((expected != other).sum()),
            clamped=int(np.isin(expected, layer.requant("float32").clamp).sum()),
        )
    assert all(count.telling for count in tally.counts.values()), "these layers tell no mode from another"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", layers.KINDS)
def test_conv_integer_is_raw(tally, kind, dtype):
    for layer in draw_all(kind, dtype, "ConvInteger"):
        layer = replace(layer, bias=np.zeros_like(layer.bias))
        key = (f"onnxruntime {dtype}", "raw", kind)
        tally.compare(key, layer.accumulators(), onnx_layer.conv_integer(layer), layer)
