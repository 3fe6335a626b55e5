"""Each operator of the host against ONNX Runtime, bit for bit, on seeded models of that one operator.

As QLinear operator, and between DequantizeLinear and QuantizeLinear; in int8 and in uint8. The pictures are larger than
a vector of the processor and no multiple of it, so that its tails are compared too.
"""

import convloom
import numpy as np
import pytest
from roles import onnx_operator
from roles.tflite_operator import Spot

RANDOM_MODELS = 60
PICTURE = (2, 5, 7, 9)


def spot(rng, dtype, shape=PICTURE):
    """Scales that are powers of two, where ties are many; hundredths, where float32 just misses them; or any."""
    limits, kind = np.iinfo(dtype), rng.integers(3)
    scale = [2.0 ** -rng.integers(2, 8), rng.integers(1, 20) / 100, rng.uniform(0.004, 0.2)][kind]
    return Spot(tuple(shape), float(scale), int(rng.integers(limits.min, limits.max + 1)), dtype)


def like(x, shape):
    return Spot(tuple(shape), x.scale, x.zero_point, x.dtype)


def sum_of(rng, dtype):
    """Of two pictures, or of one and what stretches to it."""
    other = [PICTURE, (1, 5, 1, 1), (1,), (5, 7, 9), (2, 1, 7, 1)][rng.integers(5)]
    inputs = [spot(rng, dtype), spot(rng, dtype, other)]
    return inputs[:: rng.choice([1, -1])], spot(rng, dtype), (), {}


def pool(rng, dtype):
    taps, pads = rng.integers(1, 5, 2), rng.integers(0, 2, 4)
    steps = rng.integers(1, 4, 2)
    pads = np.minimum(pads, np.tile(taps - 1, 2))
    geometry = {"kernel_shape": taps.tolist(), "strides": steps.tolist(), "pads": pads.tolist()}
    return [spot(rng, dtype)], spot(rng, dtype, ()), (), geometry | {"ceil_mode": int(rng.integers(2))}


def average_pool(rng, dtype):
    inputs, output, constants, attributes = pool(rng, dtype)
    return inputs, output, constants, attributes | {"count_include_pad": int(rng.integers(2))}


def max_pool(rng, dtype):
    (x,), output, constants, attributes = pool(rng, dtype)
    return [x], output if rng.integers(2) else like(x, ()), constants, attributes


def global_average(rng, dtype):
    return [spot(rng, dtype)], spot(rng, dtype, (2, 5, 1, 1)), (), {}


def reduce_mean(rng, dtype):
    axes = [[2, 3], [1], [-1, 1], [0, 2]][rng.integers(4)]
    return [spot(rng, dtype)], spot(rng, dtype, ()), (), {"axes": axes, "keepdims": int(rng.integers(2))}


def sigmoid(rng, dtype):
    """To a range of its own, and to 0 to 1; the picture has 630 of 256 bytes."""
    y = spot(rng, dtype)
    whole = Spot(PICTURE, float(rng.choice([1 / 256, 1 / 255])), int(np.iinfo(dtype).min), dtype)
    return [spot(rng, dtype)], (y, whole)[rng.integers(2)], (), {}


def softmax(rng, dtype):
    """Rows of 1 to 300, from nearly equal to one that takes all."""
    shape = (16, int(rng.integers(1, 300)))
    scale = float(rng.choice([0.002, 0.05, 0.31, 2.0]) * rng.uniform(0.5, 2))
    y = Spot(shape, float(rng.choice([1 / 256, 1 / 255, 1 / 300])), int(np.iinfo(dtype).min), dtype)
    return [Spot(shape, scale, int(rng.integers(0, 128)), dtype)], y, (), {"axis": -1}


def single(*constants):
    return lambda rng, dtype: ([spot(rng, dtype)], spot(rng, dtype), constants, {})


def joined(rng, dtype):
    axis = int(rng.integers(-4, 4))
    shapes = [[n if i == axis % 4 else size for i, size in enumerate(PICTURE)] for n in (1, 4, 2)]
    inputs = [spot(rng, dtype, shape) for shape in shapes]
    y = spot(rng, dtype, ())
    inputs[1] = Spot(inputs[1].shape, y.scale, y.zero_point, dtype)  # one that only moves
    return inputs, y, (), {"axis": axis}


def moved(constants=(), **attributes):
    def model(rng, dtype):
        x = spot(rng, dtype)
        return [x], like(x, ()) if rng.integers(2) else spot(rng, dtype, ()), constants, attributes

    return model


def sliced(rng, dtype):
    starts, ends, steps = [1, 6, -2], [2**40, -(2**40), -1], [2, -2, 1]
    axes = rng.permutation(4)[:3]
    inputs, y, _, _ = moved()(rng, dtype)
    lengths = np.array(PICTURE)[axes]
    starts = np.minimum(starts, lengths - 1)
    return inputs, y, [np.array(each, np.int64) for each in (starts, ends, axes, steps)], {}


def numbers(*values):
    return np.array(values, np.int64)


QLINEAR = {
    "Add": (sum_of, {}),
    "Mul": (sum_of, {}),
    "AveragePool": (average_pool, {"channels_last": 0}),
    "GlobalAveragePool": (global_average, {"channels_last": 0}),
    "Sigmoid": (sigmoid, {}),
    "Softmax": (softmax, {"opset": onnx_operator.OPSET}),
    "Concat": (joined, {}),
}
REAL = {name: model for name, (model, _) in QLINEAR.items()} | {
    "Sub": sum_of,
    "Relu": single(),
    "Clip": single(np.float32(-0.5), np.float32(3.3)),
    "Identity": single(),
    "MaxPool": max_pool,
    "Transpose": moved(perm=[0, 3, 1, 2]),
    "Reshape": moved([numbers(0, -1, 3, 3)]),
    "Flatten": moved(axis=2),
    "Unsqueeze": moved([numbers(-1, 0)]),
    "Pad": moved([numbers(0, 1, 2, 0, 0, 0, 1, 3)]),
    "Slice": sliced,
}


def answers(tmp_path, file, model, dtype, seed):
    """(Given, expected, what was drawn) for one model."""
    rng, path = np.random.default_rng(seed), tmp_path / "model.onnx"
    inputs, output, constants, attributes = model(rng, dtype)
    path.write_bytes(file(inputs, output, *constants, **attributes))
    arrays = [each.draw(rng) for each in inputs]
    with convloom.open("golden") as device:
        given = convloom.load(path).run(tuple(arrays), device)
    expected = onnx_operator.runtime(path.read_bytes(), arrays)
    assert (given.dtype, given.shape) == (expected.dtype, expected.shape)
    return given, expected, f"seed {seed}: {inputs} to {output} {attributes}"


def compare(tmp_path, file, model, dtype):
    for seed in range(RANDOM_MODELS):
        np.testing.assert_array_equal(*answers(tmp_path, file, model, dtype, seed))


def between(operator):
    """What writes the float operator between real numbers."""
    return lambda *inputs, **more: onnx_operator.qdq(operator, *inputs, **more)


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("operator", QLINEAR)
def test_qlinear(operator, dtype, tmp_path):
    model, more = QLINEAR[operator]

    def file(inputs, output, **attributes):
        return onnx_operator.qlinear(operator, inputs, output, **attributes, **more)

    compare(tmp_path, file, model, dtype)


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("operator", REAL)
def test_between_real_numbers(operator, dtype, tmp_path):
    compare(tmp_path, between(operator), REAL[operator], dtype)


def test_means_in_float(tmp_path):
    """ReduceMean has no integer kernel. It adds in float32, in an order of its own: a half may fall to either side."""
    different, values = 0, 0
    for seed in range(RANDOM_MODELS):
        given, expected, _ = answers(tmp_path, between("ReduceMean"), reduce_mean, "int8", seed)
        off = np.abs(given.astype(int) - expected)
        assert off.max() <= 1
        different, values = different + np.count_nonzero(off), values + off.size
    print(different, "of", values)
    assert different <= 0.01 * values
