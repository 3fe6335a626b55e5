"""One-layer files: the device's layers give what LiteRT's reference kernels give."""

import convloom
import numpy as np
import pytest
from roles import layers, tflite_layer

LAYERS = 12


@pytest.mark.parametrize("kind", [*layers.KINDS, "transposed"])
def test_random_layers(kind, tmp_path):
    """Half of them have powers of two for scales, where the rounding shows."""
    path, device, rng = tmp_path / "layer.tflite", convloom.open("golden"), np.random.default_rng(2027)
    for number in range(LAYERS):
        activation = "none" if kind == "transposed" else None
        padding = "valid" if kind == "fully_connected" else ("same", "valid")[number // 2 % 2]
        layer = layers.draw(rng, kind, padding=padding, activation=activation, powers=number % 2 == 1)
        shape = layer.accumulators().shape
        path.write_bytes(tflite_layer.model(layer, shape))
        model = convloom.load(path)
        given = model.run(layer.x.reshape(model.inputs[0].shape), device)
        expected = tflite_layer.run(layer, shape, tflite_layer.REFERENCE)
        np.testing.assert_array_equal(given.reshape(shape), expected, f"layer {number}: {layer}")
