"""A seeded network of a few operators with a branch, built without a file: for reports and explanations."""

import numpy as np
from convloom.models.graph import Graph, Node, Tensor
from convloom.models.operators import OPERATORS
from convloom.models.run import Model

SIZE, COLOURS, CLASSES = 12, 3, 5
SCALE = 0.05  # of all activations, so that pools may follow anything


class Builder:
    """Adds operators one by one; each method returns the tensor that the operator gives."""

    def __init__(self, seed):
        self.random, self.nodes, self._made = np.random.default_rng(seed), [], 0

    def tensor(self, shape, dtype="int8", scales=(SCALE,), zero_point=0, data=None, axis=0):
        """A new Tensor."""
        self._made += 1
        scales = np.array(scales, np.float32)
        return Tensor(self._made, f"t{self._made}", shape, dtype, scales, zero_point, axis, data)

    def weights(self, shape, axis):
        """Constant int8, with a scale for each kernel that keeps activations in their range."""
        kernels, taps = shape[axis], np.prod(shape) // shape[axis]
        scales = self.random.uniform(0.5, 1.5, kernels) / (60 * np.sqrt(taps))
        data = self.random.integers(-127, 128, shape).astype(np.int8)
        return self.tensor(shape, scales=scales, data=data, axis=axis)

    def add(self, operator, shape, *inputs, zero_point=0, **options):
        """An operator and its output of that shape."""
        out = self.tensor(shape, zero_point=zero_point)
        self.nodes.append(Node(operator, len(self.nodes), inputs, (out,), options))
        OPERATORS[operator].shape(self.nodes[-1])
        return out

    def conv(self, x, shape, kernels, window, stride=1, activation="NONE", operator="CONV_2D", **options):
        """A convolution, or a depthwise one, with a bias."""
        depthwise = operator == "DEPTHWISE_CONV_2D"
        w = self.weights(
            (1, *window, kernels) if depthwise else (kernels, *window, x.shape[-1]), 3 * depthwise
        )
        bias = self.constant(self.random.integers(-500, 500, kernels), "int32")
        options = {"padding": "same", "dilation": (1, 1), "stride": (stride, stride)} | options
        zero_point = -128 if activation != "NONE" else 0
        return self.add(operator, shape, x, w, bias, zero_point=zero_point, activation=activation, **options)

    def constant(self, values, dtype="int32"):
        """A constant of whole numbers."""
        data = np.array(values, dtype)
        return self.tensor(data.shape, dtype, (), data=data)


def small_network(seed=1):
    """The Model: two branches of convolutions and a maximum pool, added up, then averaged and classified."""
    b = Builder(seed)
    x = b.tensor((1, SIZE, SIZE, COLOURS))
    first = b.conv(x, (1, 12, 12, 8), 8, (3, 3), activation="RELU")
    window = {"padding": "same", "stride": (2, 2), "activation": "NONE"}
    deep = b.conv(first, (1, 6, 6, 8), 8, (3, 3), 2, "RELU", "DEPTHWISE_CONV_2D")
    deep = b.conv(deep, (1, 6, 6, 8), 8, (1, 1), activation="RELU")
    pooled = b.add("MAX_POOL_2D", (1, 6, 6, 8), first, zero_point=-128, filter=(2, 2), **window)
    both = b.add("ADD", (1, 6, 6, 8), deep, pooled, zero_point=-128, activation="RELU")
    last = b.conv(both, (1, 3, 4, 12), 12, (4, 3), padding="valid")
    mean = b.add("MEAN", (1, 12), last, b.constant([1, 2]), keep_dims=False)
    options = {"activation": "NONE", "keep_dims": False, "format": 0}
    bias = b.constant(np.zeros(CLASSES), "int32")
    classes = b.add("FULLY_CONNECTED", (1, CLASSES), mean, b.weights((CLASSES, 12), 0), bias, **options)
    return Model(Graph((x,), (classes,), tuple(b.nodes)))


def small_input(seed=1):
    """A picture for it, int8."""
    return np.random.default_rng(seed).integers(-128, 128, (1, SIZE, SIZE, COLOURS)).astype(np.int8)
