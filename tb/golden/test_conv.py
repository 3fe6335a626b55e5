"""golden.accumulate against a sum over windows in Python's integers; what it refuses; how fast it is."""

import time
from itertools import product

import numpy as np
import pytest
from convloom import golden

LAYERS = 150


def plain(x, w, bias, stride, pads, dilation, groups, zero_point):
    """The definition, tap by tap. int32 by wrapping at the end."""
    n, h, width, c = x.shape
    kernels, kh, kw, group_c = w.shape
    (top, bottom), (left, right) = pads
    ho = (h + top + bottom - (kh - 1) * dilation[0] - 1) // stride[0] + 1
    wo = (width + left + right - (kw - 1) * dilation[1] - 1) // stride[1] + 1
    x, w, out = x.tolist(), w.tolist(), np.zeros((n, ho, wo, kernels), object)
    for at in product(range(n), range(ho), range(wo), range(kernels)):
        image, y0, x0, k = at
        first = k // (kernels // groups) * group_c
        total = int(bias[k])
        for i, j in product(range(kh), range(kw)):
            y, column = y0 * stride[0] + i * dilation[0] - top, x0 * stride[1] + j * dilation[1] - left
            if 0 <= y < h and 0 <= column < width:
                taps, weights = x[image][y][column][first : first + group_c], w[k][i][j]
                total += sum((a - zero_point) * b for a, b in zip(taps, weights, strict=True))
        out[at] = (total + (1 << 31)) % (1 << 32) - (1 << 31)
    return out.astype(np.int32)


def draw(rng):
    """(x, w, bias) and the keyword arguments of a small layer from the whole space."""
    groups, group_c, group_k = (int(rng.integers(1, most)) for most in (4, 4, 3))
    kernel, stride, dilation = ([int(number) for number in rng.integers(1, most, 2)] for most in (5, 5, 3))
    spans = [(taps - 1) * step + 1 for taps, step in zip(kernel, dilation, strict=True)]
    pads = [[int(pad) for pad in rng.integers(0, span + 3, 2)] for span in spans]
    size = [max(int(rng.integers(1, 7)), span - sum(pad)) for span, pad in zip(spans, pads, strict=True)]
    limits = np.iinfo(rng.choice(["int8", "uint8"]))
    x = rng.integers(limits.min, limits.max + 1, (int(rng.integers(1, 3)), *size, groups * group_c))
    w = rng.integers(-128, 128, (groups * group_k, *kernel, group_c)).astype(np.int8)
    bias = rng.integers(-(1 << 31), 1 << 31, len(w)).astype(np.int32)
    zero_point = int(rng.choice([limits.min, limits.max, rng.integers(limits.min, limits.max)]))
    geometry = {"stride": stride, "pads": pads, "dilation": dilation, "groups": groups}
    return (x.astype(limits.dtype), w, bias), {**geometry, "input_zero_point": zero_point}


def test_against_plain_sums(tally):
    rng = np.random.default_rng(40)
    for _ in range(LAYERS):
        arrays, geometry = draw(rng)
        expected = plain(*arrays, *geometry.values())
        key = ("plain sums", "raw", "any")
        tally.compare(key, golden.accumulate(*arrays, **geometry), expected, geometry)


def test_depthwise_is_groups():
    """Channel j gives kernels j*m and on, with one channel in each group or with two."""
    rng = np.random.default_rng(41)
    x = rng.integers(-128, 128, (1, 6, 6, 6)).astype(np.int8)
    w = rng.integers(-128, 128, (12, 3, 3, 1)).astype(np.int8)
    paired = np.zeros((12, 3, 3, 2), np.int8)
    for k in range(12):
        paired[k, :, :, k // 2 % 2] = w[k, :, :, 0]
    by_channel, by_pair = golden.accumulate(x, w, groups=6), golden.accumulate(x, paired, groups=3)
    np.testing.assert_array_equal(by_channel, by_pair)


def test_no_bias_is_zero_bias():
    x, w = np.full((1, 3, 3, 2), 5, np.int8), np.full((3, 2, 2, 2), -7, np.int8)
    sums = golden.accumulate(x, w)
    assert sums.shape == (1, 2, 2, 3) and sums.dtype == np.int32 and (sums == 8 * 5 * -7).all()
    np.testing.assert_array_equal(golden.accumulate(x, w, np.zeros(3, np.int32)), sums)


@pytest.mark.parametrize("c", [515, 516, 519, 1037, 132_105])
def test_extreme_sums_are_exact(c):
    """Around 2**24, where float32 no longer holds every sum, and around 2**32, where int32 wraps."""
    x, w = np.full((1, 1, 1, c), -128, np.int8), np.full((3, 1, 1, c), -128, np.int8)
    w[1, 0, 0, -1] = w[2] = 127
    sums = golden.accumulate(x, w, input_zero_point=127).ravel().tolist()
    exact = [255 * 128 * c, 255 * 128 * (c - 1) - 255 * 127, -255 * 127 * c]
    assert sums == [(number + (1 << 31)) % (1 << 32) - (1 << 31) for number in exact]


def test_blocks_of_weights_and_pixels(monkeypatch):
    """Small blocks give what one block gives."""
    rng = np.random.default_rng(42)
    (x, w, bias), geometry = draw(rng)
    x, w = np.tile(x, (3, 4, 4, 1)), np.tile(w, (3, 1, 1, 1))
    geometry["pads"], bias = [[4, 4], [4, 4]], np.tile(bias, 3)
    whole = golden.accumulate(x, w, bias, **geometry)
    for pixels, weights in ((1, 1), (50, 100), (700, 1 << 20)):
        monkeypatch.setattr("convloom.golden.conv.BLOCK_VALUES", pixels)
        monkeypatch.setattr("convloom.golden.conv.BLOCK_WEIGHTS", weights)
        np.testing.assert_array_equal(golden.accumulate(x, w, bias, **geometry), whole)


X, W = np.zeros((1, 5, 5, 4), np.int8), np.zeros((6, 3, 3, 4), np.int8)


@pytest.mark.parametrize(
    "changed, expected",
    [
        ({"x": X.tolist()}, r"x must be a numpy array of int8 or uint8 \[n, h, w, c\], not list"),
        ({"x": X.astype(np.int16)}, r"x must be .*, not int16 \[1, 5, 5, 4\]"),
        ({"x": X[0]}, r"x must be .*, not int8 \[5, 5, 4\]"),
        ({"x": X[:0]}, r"x must be .*, not int8 \[0, 5, 5, 4\]"),
        ({"w": W.astype(np.uint8)}, r"w must be a numpy array of int8 \[kn, kh, kw, c/groups\], not uint8"),
        ({"w": W[..., :3]}, r"w must have 4 / 1 = 4 channels, not 3"),
        ({"groups": 2}, r"w must have 4 / 2 = 2 channels, not 4"),
        ({"groups": 3}, "groups must divide the 4 channels of x and the 6 kernels, not be 3"),
        ({"groups": 0}, "groups must be a whole number from 1 to 4, not 0"),
        ({"bias": np.zeros(6, np.int64)}, r"bias must be a numpy array of int32 \[6\], not int64 \[6\]"),
        ({"bias": np.zeros(5, np.int32)}, r"bias must be a numpy array of int32 \[6\], not int32 \[5\]"),
        ({"stride": 1}, r"stride must be a pair \(y, x\), not 1"),
        ({"stride": (1, 0)}, "stride x must be a whole number from 1 to .*, not 0"),
        ({"dilation": (1.5, 1)}, "dilation y must be a whole number from 1 to .*, not 1.5"),
        ({"pads": (1, 1)}, r"pads must be \(\(top, bottom\), \(left, right\)\), not \(1, 1\)"),
        ({"pads": ((1, -1), (0, 0))}, "a pad must be a whole number from 0 to .*, not -1"),
        ({"dilation": (1, 3)}, "the kernel spans 3x7, which must fit the padded input of 5x5"),
        ({"input_zero_point": 128}, "input_zero_point must be a whole number from -128 to 127, not 128"),
    ],
)
def test_refused(changed, expected):
    arguments = {"x": X, "w": W, **changed}
    with pytest.raises(ValueError, match=expected):
        golden.accumulate(arguments.pop("x"), arguments.pop("w"), **arguments)


RESNET8 = (  # h, c, k, kernel, stride of every convolution; pads come to 1 around a 3x3
    *((32, 3, 16, 3, 1), (32, 16, 16, 3, 1), (32, 16, 16, 3, 1), (32, 16, 32, 3, 2), (16, 32, 32, 3, 1)),
    *((32, 16, 32, 1, 2), (16, 32, 64, 3, 2), (8, 64, 64, 3, 1), (16, 32, 64, 1, 2), (1, 64, 10, 1, 1)),
)


def test_resnet8_is_fast():
    """All its layers well under a second."""
    rng = np.random.default_rng(43)
    began = time.perf_counter()
    for h, c, k, kernel, stride in RESNET8:
        x = rng.integers(-128, 128, (1, h, h, c)).astype(np.int8)
        w = rng.integers(-128, 128, (k, kernel, kernel, c)).astype(np.int8)
        pads = ((kernel // 2,) * 2,) * 2
        golden.accumulate(x, w, stride=(stride, stride), pads=pads, input_zero_point=-128)
    assert time.perf_counter() - began < 0.7
