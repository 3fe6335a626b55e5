"""One-layer ONNX files in both quantised forms: the device's layers give what ONNX Runtime gives."""

import convloom
import numpy as np
import pytest
from roles import layers, onnx_operator
from roles.onnx_layer import channels_first

LAYERS = 8
CONVOLUTIONS = [kind for kind in layers.KINDS if kind != "fully_connected"]


def compare(tmp_path, content, x, most=0):
    """(Differing outputs, all outputs) of both answers to `x`, which differ by `most` at most."""
    (tmp_path / "layer.onnx").write_bytes(content)
    model = convloom.load(tmp_path / "layer.onnx")
    with convloom.open("golden") as device:
        given = model.run(x.reshape(model.inputs[0].shape), device)
    expected = onnx_operator.runtime(content, [x.reshape(model.inputs[0].shape)])
    assert (given.dtype, given.shape) == (expected.dtype, expected.shape)
    off = np.abs(given.astype(int) - expected)
    assert off.max() <= most
    return np.array([np.count_nonzero(off), off.size])


def compare_layer(tmp_path, layer, most=0, form="qdq", **more):
    print(layer)
    return compare(tmp_path, onnx_operator.layer(layer, form, **more), channels_first(layer.x), most)


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
        compare_layer(tmp_path, layer, form=form)


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("form", ["qlinear", "qdq"])
def test_matrix_products(form, dtype, tmp_path):
    """MatMul of any rank, its weights in int8 or in uint8 with a zero point, one scale or one for each column."""
    for seed in range(LAYERS):
        rng = np.random.default_rng(seed)
        compare(tmp_path, *onnx_operator.product(rng, form, dtype))


def normalisation(rng, layer):
    """A BatchNormalization that keeps the layer's range, negative and vanishing factors among its."""
    kernels, reach = layer.kernels, float(layer.output_scale) * 20
    gamma = rng.uniform(0.5, 1.5, kernels) * rng.choice([1, -1], kernels)
    gamma[rng.integers(kernels)] = 0
    values = (
        gamma,
        rng.normal(size=kernels) * reach,
        rng.normal(size=kernels) * reach,
        rng.uniform(0.5, 2, kernels),
    )
    return [each.astype(np.float32) for each in values]


@pytest.mark.parametrize("kind", ["dense", "depthwise", "grouped"])
def test_batch_normalisation(kind, tmp_path):
    """ONNX Runtime computes it in float. Folded, a bias is rounded by half an accumulator's unit: one output in a
    hundred may fall on the other side of a half."""
    rng, total = np.random.default_rng(7), np.zeros(2)
    for _ in range(LAYERS):
        layer = draw(rng, kind, 0, "int8")
        total += compare_layer(tmp_path, layer, 1, normalisation=normalisation(rng, layer))
    print(total)
    assert total[0] <= 0.01 * total[1]


@pytest.mark.parametrize(
    "activation", [("Relu",), ("Clip", np.float32(-1), np.float32(2))], ids=["Relu", "Clip"]
)
def test_activations(activation, tmp_path):
    """Some are fused, some computed in float: there a sum may end on the other side of a half."""
    rng, total = np.random.default_rng(8), np.zeros(2)
    for _ in range(LAYERS):
        layer = draw(rng, "dense", 0, "int8")
        total += compare_layer(tmp_path, layer, 1, activation=activation)
    print(total)
    assert total[0] <= 0.001 * total[1]


def test_transposed(tmp_path):
    """ONNX Runtime has no integer kernel for them: it adds in float32."""
    rng, total = np.random.default_rng(9), np.zeros(2)
    for _ in range(3 * LAYERS):
        layer = layers.draw(rng, "transposed", padding="explicit", activation="none")
        total += compare_layer(tmp_path, layer, 1)
    print(total)
    assert total[0] <= 0.001 * total[1]
