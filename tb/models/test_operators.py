"""Each host operator against LiteRT's three sets of kernels: bit for bit, on seeded models of that one operator."""

import platform
from dataclasses import replace

import convloom
import numpy as np
import pytest
from roles import tflite_layer, tflite_operator
from roles.tflite_operator import Spot, options, pool

RANDOM_MODELS = 40
RUNTIMES = {"double": tflite_layer.REFERENCE, "double_up": tflite_layer.RUY, "float32": tflite_layer.XNNPACK}
if platform.machine() not in ("x86_64", "AMD64"):
    del RUNTIMES["double_up"]  # on other processors ruy rounds in other ways
PICTURE = (2, 7, 9, 5)


def draw_scale(rng):
    """A power of two, where ties are many; hundredths, where float32 just misses them; or any.

    Of 0.16, 6 is halfway between two multiples: XNNPACK's RELU6 would end elsewhere.
    """
    scales = 2.0 ** -rng.integers(2, 8), rng.integers(1, 16) / 100, rng.uniform(0.004, 0.2)
    return float(scales[rng.integers(3)])


def spot(rng, shape=PICTURE, dtype="int8"):
    least = 0 if dtype == "uint8" else -128
    return Spot(shape, draw_scale(rng), int(rng.integers(least, least + 256)), dtype)


def like(x, shape):
    return Spot(shape, x.scale, x.zero_point)


def sum_of(kind):
    def model(rng, activation):
        shapes = [PICTURE, [PICTURE, (1, 1, 1, 5), (1,)][rng.integers(3)]]
        a, b = (spot(rng, shape) for shape in rng.permutation(np.array(shapes, object)))
        y = spot(rng)
        if kind == "Mul":  # beyond a scale of 1 the three overflow in ways of their own
            y = replace(y, scale=y.scale + a.scale * b.scale)
        return [a, b], y, options(kind, activation), None

    return model


def window(rng, activation):
    x, filters, stride = spot(rng), rng.integers(1, 5, 2).tolist(), rng.integers(1, 4, 2).tolist()
    padding = ["same", "valid"][rng.integers(2)]
    lengths = [
        -(-size // step) if padding == "same" else (size - taps) // step + 1
        for size, taps, step in zip(PICTURE[1:3], filters, stride, strict=True)
    ]
    return [x], like(x, (2, *lengths, 5)), pool(filters, stride, padding, activation), None


def mean(rng, _):
    """Of scales that are no hundredths: there XNNPACK decides ties in ways not found out (25 of 158,906 outputs)."""
    axes = [[1, 2], [1], [3], [2, 3], [-1, 1]][rng.integers(5)]
    keep = bool(rng.integers(2))
    reduced = {axis % 4 for axis in axes}
    shape = [
        1 if axis in reduced else size for axis, size in enumerate(PICTURE) if keep or axis not in reduced
    ]
    x, y = (
        replace(spot(rng, each), scale=float(rng.uniform(0.004, 0.2))) for each in (PICTURE, tuple(shape))
    )
    return [x], y, options("Reducer", KeepDims=keep), axes


def padded(rng, _):
    x, pads = spot(rng), rng.integers(0, 4, (4, 2))
    return [x], like(x, tuple((np.array(PICTURE) + pads.sum(1)).tolist())), options("Pad"), pads


def transposed(rng, _):
    x, order = spot(rng), rng.permutation(4)
    return [x], like(x, tuple(PICTURE[axis] for axis in order)), options("Transpose"), order


def reshaped(rng, _):
    x = spot(rng)
    shape = [(2, 63, 5), (630,), (5, 9, 7, 2)][rng.integers(3)]
    return [x], like(x, shape), options("Reshape", NewShape=list(shape)), shape


def joined(rng, _):
    first, axis = spot(rng), int(rng.integers(-4, 4))
    lengths = rng.integers(1, 4, 2).tolist()
    shapes = [PICTURE] + [tuple(n if i == axis % 4 else s for i, s in enumerate(PICTURE)) for n in lengths]
    total = tuple(sum(s[i] for s in shapes) if i == axis % 4 else n for i, n in enumerate(PICTURE))
    return (
        [like(first, shape) for shape in shapes],
        like(first, total),
        options("Concatenation", "none", Axis=axis),
        None,
    )


def softmax(rng, _):
    x = Spot(
        (16, int(rng.integers(1, 300))), float(rng.choice([0.002, 0.05, 0.31, 2.0])) * rng.uniform(0.5, 2)
    )
    return [x], Spot(x.shape, 1 / 256, -128), options("Softmax", Beta=float(rng.choice([1.0, 0.5]))), None


def logistic(rng, _):
    """All 256 inputs."""
    x = Spot((256,), float(rng.uniform(0.001, 0.3)), int(rng.integers(-128, 128)))
    return [x], Spot(x.shape, 1 / 256, -128), None, None


def sliced(rng, _):
    x, masks, begins, ends, shape = spot(rng), rng.integers(0, 16, 3), [], [], []
    steps = rng.integers(1, 3, 4) * rng.choice([1, 1, -1], 4)
    for axis, (length, step) in enumerate(zip(PICTURE, steps, strict=True)):
        low, high = np.sort(rng.choice(length + 1, 2, replace=False)).tolist()
        begin, end = (low, high) if step > 0 else (high - 1, low - 1 if low else -length - 1)
        open_ = [
            None if mask >> axis & 1 else value for mask, value in zip(masks[:2], (begin, end), strict=True)
        ]
        begins.append(begin - length * int(rng.integers(2)) if step > 0 and begin < length else begin)
        ends.append(end)
        if masks[2] >> axis & 1:
            steps[axis] = 1
        else:
            shape.append(len(range(length)[slice(*open_, int(step))]))
    masks = dict(zip(("BeginMask", "EndMask", "ShrinkAxisMask"), masks.tolist(), strict=True))
    return [x], like(x, tuple(shape)), options("StridedSlice", **masks), begins, ends, steps


def single(dtype="int8", gives="int8", kind=None):
    def model(rng, _):
        y = Spot(PICTURE, dtype="float32") if gives == "float32" else spot(rng, dtype=gives)
        return [spot(rng, dtype=dtype)], y, kind and options(kind), None

    return model


MODELS = {
    "ADD": ("ADD", sum_of("Add")),
    "SUB": ("SUB", sum_of("Sub")),
    "MUL": ("MUL", sum_of("Mul")),
    "AVERAGE_POOL_2D": ("AVERAGE_POOL_2D", window),
    "MAX_POOL_2D": ("MAX_POOL_2D", window),
    "MEAN": ("MEAN", mean),
    "PAD": ("PAD", padded),
    "RESHAPE": ("RESHAPE", reshaped),
    "TRANSPOSE": ("TRANSPOSE", transposed),
    "CONCATENATION": ("CONCATENATION", joined),
    "SOFTMAX": ("SOFTMAX", softmax),
    "LOGISTIC": ("LOGISTIC", logistic),
    "STRIDED_SLICE": ("STRIDED_SLICE", sliced),
    "QUANTIZE": ("QUANTIZE", single("float32", kind="Quantize")),
    "QUANTIZE to another scale": ("QUANTIZE", single(kind="Quantize")),
    "QUANTIZE from uint8": ("QUANTIZE", single("uint8", kind="Quantize")),
    "QUANTIZE to uint8": ("QUANTIZE", single(gives="uint8", kind="Quantize")),
    "DEQUANTIZE": ("DEQUANTIZE", single(gives="float32", kind="Dequantize")),
    "RELU": ("RELU", single()),
    "RELU6": ("RELU6", single()),
}


@pytest.mark.parametrize("rounding", RUNTIMES)
@pytest.mark.parametrize("name", MODELS)
def test_random_models(name, rounding, tmp_path):
    """A rounding's host operators are those of the runtime whose layers have that rounding."""
    code, model = MODELS[name]
    path, device = tmp_path / "model.tflite", convloom.open("golden")
    for seed in range(RANDOM_MODELS):
        rng = np.random.default_rng(seed)
        inputs, output, table, *constants = model(rng, ["none", "relu", "relu6"][seed % 3])
        path.write_bytes(tflite_operator.file(code, inputs, output, table, *constants))
        arrays = [each.draw(rng) for each in inputs]
        expected = tflite_operator.run(path.read_bytes(), arrays, RUNTIMES[rounding])
        given = convloom.load(path).run(tuple(arrays), device, rounding)
        assert given.dtype == expected.dtype
        np.testing.assert_array_equal(given, expected, f"seed {seed}: {inputs} to {output}")
