"""ONNX's own node tests for convolution, in one and two dimensions, weight zero points included."""

from collections import Counter

import numpy as np
import pytest
from convloom import golden
from convloom.requant import Requant
from roles import onnx_nodes

TESTS = onnx_nodes.load()
INTEGER = [test for test in TESTS if test.operator == "ConvInteger"]
FLOAT = [test for test in TESTS if test.operator in ("Conv", "ConvTranspose")]
QUANTISED = [test for test in TESTS if test.operator == "QLinearConv"]


def by_name(tests):
    return pytest.mark.parametrize("test", tests, ids=lambda test: test.name)


def convolve(test, x, w, x_zero_point=0, w_zero_point=0):
    """The golden model's accumulators for arrays as ONNX has them: integers, uint8 taken as int8."""
    x, x_zero_point = golden.signed(onnx_nodes.picture(x), x_zero_point)
    w, w_zero_point = golden.signed(onnx_nodes.picture(w), w_zero_point)
    geometry = {**test.geometry(), "input_zero_point": int(x_zero_point)}
    if test.operator == "ConvTranspose":
        return golden.conv_transpose2d(x, transposed_kernel(w, geometry["groups"]), **geometry)
    ones = np.ones((geometry["groups"], *w.shape[1:]), np.int8)
    sums = golden.accumulate(x, ones, **geometry)
    return golden.subtract_weight_zero_points(golden.accumulate(x, w, **geometry), sums, w_zero_point)


def transposed_kernel(w, groups):
    """[kn, kh, kw, c/groups] of ConvTranspose's weights, which lie as [c, kh, kw, kn/groups]."""
    c, kh, kw, group_k = w.shape
    grouped = w.reshape(groups, c // groups, kh, kw, group_k)
    return grouped.transpose(0, 4, 2, 3, 1).reshape(groups * group_k, kh, kw, c // groups)


def test_all_of_them_are_here():
    kinds = Counter(test.operator for test in TESTS)
    assert kinds["Conv"] >= 6 and kinds["ConvInteger"] >= 2 and kinds["QLinearConv"] >= 1
    assert kinds["ConvTranspose"] >= 9 and any(test.inputs[0].ndim == 3 for test in TESTS)


@by_name(INTEGER)
def test_integer(tally, test):
    expected = test.expected
    got = onnx_nodes.as_onnx(convolve(test, *test.inputs), expected.ndim)
    tally.compare(("onnx node tests", "raw", test.operator), got, expected, test.name)


@by_name(FLOAT)
def test_float_as_it_is(tally, test):
    """Their data are small whole numbers, so int8 holds them and the float output is exact."""
    x, w = (array.astype(np.int8) for array in test.inputs)
    assert (x == test.inputs[0]).all() and (w == test.inputs[1]).all(), "the data must be whole numbers"
    got = onnx_nodes.as_onnx(convolve(test, x, w), x.ndim).astype(np.float32)
    tally.compare(("onnx node tests", "raw", test.operator), got, test.expected, test.name)


@by_name(FLOAT)
def test_float_on_other_numbers(tally, test):
    """ONNX Runtime on the same node: their own kernels are all ones, these are not."""
    rng = np.random.default_rng(70)
    for _ in range(10):
        x, w = (rng.integers(-128, 128, array.shape).astype(np.int8) for array in test.inputs)
        got = onnx_nodes.as_onnx(convolve(test, x, w), x.ndim).astype(np.float32)
        expected = test.run([x.astype(np.float32), w.astype(np.float32)])
        tally.compare(("onnxruntime nodes", "raw", test.operator), got, expected, test.name)


@by_name(QUANTISED)
def test_quantised(tally, test):
    """uint8 throughout, weights with zero point 255."""
    x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero = test.inputs
    requant = Requant.from_scales(
        x_scale, w_scale, y_scale, int(y_zero), rounding="float32", dtype=test.expected.dtype.name
    )
    got = golden.requantise(convolve(test, x, w, x_zero, w_zero), requant)
    key = ("onnx node tests", "float32", test.operator)
    tally.compare(key, onnx_nodes.as_onnx(got, 4), test.expected, test.name)
