"""golden.conv_transpose2d against a scatter pixel by pixel; what it refuses."""

from itertools import product

import numpy as np
import pytest
from convloom import golden
from roles import layers

LAYERS = 80


def plain(layer):
    """The definition, product by product: each input pixel adds a kernel to the output."""
    n, h, width, _ = layer.x.shape
    kernels, kh, kw, group_c = layer.w.shape
    (sy, sx), (dy, dx), ((top, bottom), (left, right)) = layer.stride, layer.dilation, layer.pads
    ho = (h - 1) * sy + (kh - 1) * dy + 1 + layer.output_padding[0] - top - bottom
    wo = (width - 1) * sx + (kw - 1) * dx + 1 + layer.output_padding[1] - left - right
    out = np.zeros((n, ho, wo, kernels), np.int64) + layer.bias
    x, w = layer.x.astype(np.int64) - layer.input_zero_point, layer.w.astype(np.int64)
    for y, column, i, j, k in product(*map(range, (h, width, kh, kw, kernels))):
        row, at = y * sy + i * dy - top, column * sx + j * dx - left
        if 0 <= row < ho and 0 <= at < wo:
            first = k // (kernels // layer.groups) * group_c
            out[:, row, at, k] += x[:, y, column, first : first + group_c] @ w[k, i, j]
    return out.astype(np.int32)


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_against_a_plain_scatter(tally, dtype):
    rng = np.random.default_rng(50)
    for _ in range(LAYERS):
        layer = layers.draw(rng, "transposed", padding="explicit", dtype=dtype)
        tally.compare(("plain scatter", "raw", dtype), layer.accumulators(), plain(layer), layer)


def test_wraps():
    """Sums and bias are modulo 2**32."""
    x, w = np.full((1, 2, 1, 1), 100, np.int8), np.full((1, 2, 1, 1), 100, np.int8)
    bias = np.array([(1 << 31) - 1], np.int32)
    sums = golden.conv_transpose2d(x, w, bias).ravel().tolist()
    assert sums == [number - (1 << 31) - 1 for number in (10_000, 20_000, 10_000)]


def test_places_without_a_tap_are_the_bias():
    x, w = np.ones((1, 2, 2, 1), np.int8), np.ones((1, 1, 1, 1), np.int8)
    sums = golden.conv_transpose2d(x, w, np.array([7], np.int32), stride=(2, 3), output_padding=(1, 0))
    assert sums[0, :, :, 0].tolist() == [[8, 7, 7, 8], [7, 7, 7, 7], [8, 7, 7, 8], [7, 7, 7, 7]]


X, W = np.zeros((1, 3, 3, 4), np.int8), np.zeros((6, 3, 3, 4), np.int8)


@pytest.mark.parametrize(
    "changed, expected",
    [
        ({"x": X.astype(np.float32)}, "x must be a numpy array of int8 or uint8 .*, not float32"),
        ({"w": W.astype(np.uint8)}, "w must be a numpy array of int8 .*, not uint8"),
        ({"groups": 3}, "groups must divide the 4 channels of x and the 6 kernels, not be 3"),
        ({"groups": 2}, "w must have 4 / 2 = 2 channels, not 4"),
        ({"stride": 2}, r"stride must be a pair \(y, x\), not 2"),
        ({"output_padding": (0, -1)}, "output_padding x must be a whole number from 0 to .*, not -1"),
        ({"pads": ((2, 3), (0, 0))}, "pads must leave some of the 5 output rows, not cut 5"),
        ({"bias": np.zeros(4, np.int32)}, r"bias must be a numpy array of int32 \[6\], not int32 \[4\]"),
        ({"input_zero_point": -129}, "input_zero_point must be a whole number from -128 to 127, not -129"),
    ],
)
def test_refused(changed, expected):
    arguments = {"x": X, "w": W, **changed}
    with pytest.raises(ValueError, match=expected):
        golden.conv_transpose2d(arguments.pop("x"), arguments.pop("w"), **arguments)
