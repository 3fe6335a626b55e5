"""One-layer ONNX files in both quantised forms: the device's layers give what ONNX Runtime gives."""

import convloom
import numpy as np
import pytest
from roles import layers, onnx_operator

LAYERS = 8
CONVOLUTIONS = [kind for kind in layers.KINDS if kind != "fully_connected"]


def compare(tmp_path, layer, content, most=0, **tolerated):
    """Both answers, which differ by `most` at most."""
    (tmp_path / "layer.onnx").write_bytes(content)
    model = convloom.load(tmp_path / "layer.onnx")
    x = np.ascontiguousarray(np.moveaxis(layer.x, -1, 1)).reshape(model.inputs[0].shape)
    with convloom.open("golden") as device:
        given = model.run(x, device)
    expected = onnx_operator.runtime(content, [x])
    assert (given.dtype, given.shape) == (expected.dtype, expected.shape)
    off = np.abs(given.astype(int) - expected)
    assert off.max() <= most, str(layer)
    return np.count_nonzero(off), off.size


def draw(rng, kind, number, dtype):
    padding = "valid" if kind == "fully_connected" else "explicit"
    return layers.draw(rng, kind, padding=padding, activation="none", dtype=dtype, powers=number % 2 == 1)


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize(
    "kind, form",
    [*((kind, form) for kind in CONVOLUTIONS for form in ("qlinear", "qdq")), ("fully_connected", "qdq")],
)
def test_random_layers(kind, form, dtype, tmp_path):
    """Half of them have powers of two for scales, where the rounding shows."""
    rng = np.random.default_rng(2028)
    for number in range(LAYERS):
        layer = draw(rng, kind, number, dtype)
        compare(tmp_path, layer, onnx_operator.layer(layer, form))
