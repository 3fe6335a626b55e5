"""uint8 data and weights with a zero point, against ONNX Runtime's ConvInteger."""

from dataclasses import replace

import numpy as np
import pytest
from convloom import golden
from roles import layers, onnx_layer

LAYERS = 40
KINDS = ("dense", "strided", "pointwise")  # ConvInteger takes one zero point for each kernel of one group


def sums_with_weight_zero_points(layer, weights, zero_points):
    """What the host does: kernels as int8, one more kernel of ones in each group, and the subtraction."""
    w, zero_points = golden.signed(weights, zero_points)
    ones = np.ones((layer.groups, *w.shape[1:]), np.int8)
    plain = replace(layer, w=w, bias=np.zeros(len(w), np.int32)).accumulators()
    windows = replace(layer, w=ones, bias=np.zeros(layer.groups, np.int32)).accumulators()
    return golden.subtract_weight_zero_points(plain, windows, zero_points)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_weight_zero_points(tally, dtype, kind):
    rng = np.random.default_rng(60)
    for _ in range(LAYERS):
        layer = layers.draw(rng, kind, padding="explicit", dtype="uint8")
        limits = np.iinfo(dtype)
        weights = rng.integers(limits.min, limits.max + 1, layer.w.shape).astype(dtype)
        zero_points = rng.integers(limits.min, limits.max + 1, layer.kernels).astype(dtype)
        zero_points[:] = zero_points[0]  # ONNX Runtime's kernel has one for all
        got = sums_with_weight_zero_points(layer, weights, zero_points)
        expected = onnx_layer.conv_integer(replace(layer, w=weights), zero_points[0])
        tally.compare((f"onnxruntime w {dtype}", "raw", kind), got, expected, layer)


@pytest.mark.parametrize("kind", layers.KINDS)
def test_weight_zero_point_of_each_channel(tally, kind):
    """Against w - zero point itself, in three parts of which each is an int8."""
    rng = np.random.default_rng(61)
    for _ in range(LAYERS):
        layer = layers.draw(rng, kind)
        layer = replace(layer, bias=np.zeros(layer.kernels, np.int32))
        zero_points = rng.integers(-128, 128, layer.kernels)
        got = sums_with_weight_zero_points(layer, layer.w, zero_points)
        centred = layer.w.astype(np.int64) - zero_points[:, None, None, None]
        parts = centred // 3, centred // 3, centred - 2 * (centred // 3)
        expected = sum(replace(layer, w=part.astype(np.int8)).accumulators() for part in parts)
        tally.compare(("int8 parts", "raw", kind), got, expected, layer)


def test_signed():
    array, zero_point = golden.signed(np.array([0, 127, 128, 255], np.uint8), 200)
    assert array.dtype == np.int8 and array.tolist() == [-128, -1, 0, 127] and zero_point == 72
    array, zero_point = golden.signed(np.array([-5], np.int8), 3)
    assert array.tolist() == [-5] and zero_point == 3


def test_subtraction_wraps():
    acc, sums = np.full((1, 1), -(1 << 31), np.int32), np.ones((1, 1), np.int32)
    assert golden.subtract_weight_zero_points(acc, sums, 1).tolist() == [[(1 << 31) - 1]]


ACC = np.zeros((2, 4), np.int32)


@pytest.mark.parametrize(
    "acc, sums, expected",
    [
        (ACC.astype(np.int64), ACC[:, :1], "acc must be a numpy array of int32, not int64"),
        (ACC, ACC[:1], r"window_sums must be a numpy array of int32 \[2, groups\], not int32 \[1, 4\]"),
        (ACC, ACC[:, :3], "window_sums must have a divisor of 4 channels, not 3"),
    ],
)
def test_refused(acc, sums, expected):
    with pytest.raises(ValueError, match=expected):
        golden.subtract_weight_zero_points(acc, sums, 0)


def test_signed_refuses():
    with pytest.raises(ValueError, match="array must be a numpy array of int8 or uint8, not int16"):
        golden.signed(np.zeros(3, np.int16), 0)
