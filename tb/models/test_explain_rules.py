"""The way back through each operator: for linear ones the adjoint, sum(A x * y) == sum(x * A' y), in whole numbers."""

from types import SimpleNamespace

import numpy as np
import pytest
from convloom.device.opening import open as open_device
from convloom.models.explain_rules import MOVING, PASSING, RULES
from convloom.models.graph import Node, Tensor
from convloom.models.operators import OPERATORS
from roles.small_network import Builder

SCALE = np.float32(0.5)
# Height, width, channels; kernels, window; stride, dilation, padding, groups.
CONVOLUTIONS = {
    "same": ((7, 9, 3), (5, 3, 3), (1, 1), (1, 1), "same", 1),
    "strided": ((8, 9, 4), (6, 3, 5), (2, 3), (1, 1), "same", 1),
    "stride beyond the window": ((9, 9, 2), (3, 1, 1), (2, 2), (1, 1), "valid", 1),
    "dilated": ((9, 8, 3), (4, 3, 2), (1, 1), (2, 3), "same", 1),
    "rows left over": ((8, 8, 2), (3, 3, 3), (3, 3), (1, 1), "valid", 1),
    "pads of its own": ((6, 6, 3), (4, 3, 3), (2, 1), (1, 1), ((2, 0), (1, 3)), 1),
    "grouped": ((6, 6, 6), (9, 3, 3), (1, 1), (1, 1), "same", 3),
}


@pytest.fixture(scope="module")
def device():
    with open_device("golden") as opened:
        yield opened


def integers(rng, shape):
    """int64, the largest 127: so a step's int8 are the numbers themselves."""
    found = rng.integers(-127, 128, shape)
    found.flat[rng.integers(found.size)] = 127
    return found


def tensor(number, shape, data=None, scales=(1.0,), **options):
    return Tensor(number, f"t{number}", shape, "int8", np.array(scales, np.float32), data=data, **options)


def assert_adjoint(forward, x, y, back):
    """`forward` is A x."""
    assert (forward.astype(np.int64) * y).sum() == (x.astype(np.int64) * back).sum() != 0


def sparse(y):
    """y but for a box of it: what is left out is not computed on the way back."""
    y = y.copy()
    y[:, :1], y[:, :, -1:] = 0, 0
    y[0, 1, 0, 0] = 127
    return y


@pytest.mark.parametrize("cut", [lambda y: y, sparse], ids=["whole", "sparse"])
@pytest.mark.parametrize("case", CONVOLUTIONS.values(), ids=CONVOLUTIONS)
def test_convolutions(case, cut, device):
    (h, w, c), (k, *window), stride, dilation, padding, groups = case
    rng = np.random.default_rng(1)
    x, kernels = integers(rng, (1, h, w, c)), integers(rng, (k, *window, c // groups)).astype(np.int8)
    options = {"stride": stride, "dilation": dilation, "padding": padding}
    forward = device.conv2d(x.astype(np.int8), kernels, groups=groups, **options)
    y = cut(integers(rng, forward.shape))
    inputs = tensor(0, x.shape), tensor(1, kernels.shape, kernels)
    node = Node("CONV_2D", 0, inputs, (tensor(2, forward.shape),), options)
    assert_adjoint(forward, x, y, RULES["CONV_2D"](node, y, None, device)[0])


@pytest.mark.parametrize("multiplier", [1, 3])
def test_depthwise(multiplier, device):
    rng = np.random.default_rng(2)
    x, w = integers(rng, (1, 7, 8, 4)), integers(rng, (3, 3, 4, multiplier)).astype(np.int8)
    options = {"stride": (2, 2), "dilation": (1, 1), "padding": "same"}
    forward = device.depthwise_conv2d(x.astype(np.int8), w, **options)
    y = integers(rng, forward.shape)
    inputs = tensor(0, x.shape), tensor(1, (1, 3, 3, 4 * multiplier), w.reshape(1, 3, 3, -1))
    node = Node("DEPTHWISE_CONV_2D", 0, inputs, (tensor(2, forward.shape),), options)
    assert_adjoint(forward, x, y, RULES[node.operator](node, y, None, device)[0])


@pytest.mark.parametrize("padding, size", [("same", (6, 8)), ("valid", (7, 9))])
def test_transposed(padding, size, device):
    """Forward by definition: every input's window is added to the output, whose pads are cut off."""
    rng = np.random.default_rng(3)
    x, w = integers(rng, (1, 3, 4, 2)), integers(rng, (5, 3, 3, 2)).astype(np.int8)
    whole = np.zeros((1, 7, 9, 5), np.int64)
    for i, j in np.ndindex(3, 4):
        whole[0, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3] += np.einsum("c,kyxc->yxk", x[0, i, j], w.astype(int))
    forward = whole[:, : size[0], : size[1]]
    y = integers(rng, forward.shape)
    given = tensor(0, (4,), np.array(forward.shape, np.int32)), tensor(1, w.shape, w), tensor(2, x.shape)
    options = {"stride": (2, 2), "padding": padding}
    node = Node("TRANSPOSE_CONV", 0, given, (tensor(3, forward.shape),), options)
    assert_adjoint(forward, x, y, RULES[node.operator](node, y, None, device)[2])


def test_fully_connected(device):
    rng = np.random.default_rng(4)
    x, w, y = integers(rng, (1, 2, 3)), integers(rng, (5, 6)).astype(np.int8), integers(rng, (1, 5))
    node = Node("FULLY_CONNECTED", 0, (tensor(0, x.shape), tensor(1, w.shape, w)), (tensor(2, y.shape),))
    back = RULES[node.operator](node, y, None, device)[0]
    assert back.shape == x.shape
    assert_adjoint(x.reshape(1, 6) @ w.T.astype(int), x, y, back)


def test_scales_of_kernels_count(device):
    """A kernel with twice the scale gives twice the signal; a step's int8 lose little of it."""
    rng = np.random.default_rng(5)
    w = integers(rng, (2, 1, 1, 3)).astype(np.int8)
    inputs = tensor(0, (1, 1, 1, 3)), tensor(1, w.shape, w, (0.25, 0.5))
    options = {"stride": (1, 1), "dilation": (1, 1), "padding": "valid"}
    node = Node("CONV_2D", 0, inputs, (tensor(2, (1, 1, 1, 2)),), options)
    back = RULES["CONV_2D"](node, np.array([[[[3.0, -2.0]]]]), None, device)[0]
    wanted = w[:, 0, 0].T @ [0.75, -1.0]
    np.testing.assert_allclose(back[0, 0, 0], wanted, atol=127 / 127)


def moving(operator):
    """(a node, arrays of its inputs that flow)."""
    b, rng = Builder(1), np.random.default_rng(6)
    x, other = b.tensor((1, 3, 4, 2)), b.tensor((1, 3, 4, 5))
    extra, shape, options = {
        "PAD": ((b.constant([0, 0, 1, 2, 0, 3, 0, 0]).data,), (1, 6, 7, 2), {}),
        "RESHAPE": ((), (4, 6), {}),
        "TRANSPOSE": (([0, 3, 1, 2],), (1, 2, 3, 4), {}),
        "STRIDED_SLICE": (([0, 0, 3, 0], [1, 3, 0, 2], [1, 2, -1, 1]), (1, 2, 3, 2), {}),
        "CONCATENATION": ((), (1, 3, 4, 7), {"axis": 3, "activation": "NONE"}),
    }[operator]
    flowing = (x, other) if operator == "CONCATENATION" else (x,)
    out = b.add(operator, shape, *flowing, *(b.constant(each) for each in extra), **options)
    assert OPERATORS[operator].shape(b.nodes[0]) == out.shape
    return b.nodes[0], [integers(rng, each.shape) for each in flowing]


@pytest.mark.parametrize("operator", MOVING)
def test_what_moves_goes_back(operator):
    node, arrays = moving(operator)
    forward = OPERATORS[operator].compute(node, [*arrays, *(None for _ in node.inputs[len(arrays) :])], None)
    y = integers(np.random.default_rng(7), forward.shape)
    parts = RULES[operator](node, y, None, None)
    assert [part.shape for part in parts] == [array.shape for array in arrays]
    back = sum((array * part).sum() for array, part in zip(arrays, parts, strict=True))
    assert (forward * y).sum() == back != 0


@pytest.mark.parametrize("operator", PASSING)
def test_what_passes(operator):
    y = np.arange(3.0)
    assert RULES[operator](None, y, None, None)[0] is y


def binary(operator, first, second):
    inputs = tensor(0, first), tensor(1, second)
    real = {0: np.full(first, 3.0), 1: np.full(second, -2.0)}
    node = Node(operator, 0, inputs, (tensor(2, first),))
    return node, SimpleNamespace(real=lambda each: real[each.number])


@pytest.mark.parametrize("operator, factors", [("ADD", (1, 1)), ("SUB", (1, -1)), ("MUL", (-2, 3))])
def test_branches(operator, factors):
    """The second is repeated over rows and columns: its parts are added up."""
    node, traced = binary(operator, (1, 2, 3, 4), (4,))
    y = np.arange(24.0).reshape(1, 2, 3, 4)
    first, second = RULES[operator](node, y, traced, None)
    np.testing.assert_array_equal(first, factors[0] * y)
    np.testing.assert_array_equal(second, factors[1] * y.sum((0, 1, 2)))


def pool(operator, shape, out, filters, stride, padding="same"):
    options = {"filter": filters, "stride": stride, "padding": padding, "activation": "NONE"}
    return Node(operator, 0, (tensor(0, shape),), (tensor(1, out),), options)


def test_an_average_spreads_evenly():
    """Over the taps inside: the corner's window of 2x2 has one."""
    node = pool("AVERAGE_POOL_2D", (1, 3, 3, 1), (1, 2, 2, 1), (2, 2), (2, 2))
    back = RULES[node.operator](node, np.array([8.0, 4, 6, 5]).reshape(1, 2, 2, 1), None, None)[0]
    assert back[0, ..., 0].tolist() == [[2, 2, 2], [2, 2, 2], [3, 3, 5]]


def test_a_maximum_goes_to_its_position():
    """The first of equal ones; windows that overlap add up; a window's outside is never the place."""
    node = pool("MAX_POOL_2D", (1, 2, 3, 1), (1, 2, 3, 1), (2, 2), (1, 1))
    x = np.array([[-9, 5, 5], [-9, 1, -128]], np.int8).reshape(1, 2, 3, 1)
    y = np.arange(1.0, 7).reshape(1, 2, 3, 1)
    back = RULES[node.operator](node, y, SimpleNamespace(values={0: x}), None)[0]
    assert back[0, ..., 0].tolist() == [[0, 1 + 2, 3], [0, 4 + 5, 6]]


@pytest.mark.parametrize("kept", [False, True])
def test_a_mean_spreads_evenly(kept):
    b = Builder(1)
    x = b.tensor((1, 2, 3, 4))
    b.add("MEAN", (1, 1, 1, 4) if kept else (1, 4), x, b.constant([1, 2]), keep_dims=kept)
    y = np.arange(4.0).reshape(b.nodes[0].outputs[0].shape)
    back, axes = RULES["MEAN"](b.nodes[0], y, None, None)
    assert axes is None
    np.testing.assert_array_equal(back, np.broadcast_to(np.arange(4) / 6, (1, 2, 3, 4)))


def test_every_operator_has_its_way_back():
    assert set(RULES) == set(OPERATORS)
