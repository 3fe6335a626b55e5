"""Nodes of the Graph, made one by one, with the channels of pictures last."""

from dataclasses import replace
from math import prod

import numpy as np

from convloom.models.graph import MOST_VALUES, Node, Tensor
from convloom.models.onnx.values import ANY, Pending, Real, Stream
from convloom.models.operators import output_shape
from convloom.requant import RANGES

CHANNELS_LAST, CHANNELS_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
UNSCALED = np.zeros(0, np.float32)


class Network:
    """Collects the nodes of a network.

    Members
    -------
    nodes : so far, in order
    """

    def __init__(self):
        self.nodes, self._tensors = [], 0

    def tensor(self, name, shape, dtype, scale=None, data=None):
        """A new Tensor."""
        self._tensors += 1
        quantised = (scale.scales, scale.zero_point, scale.axis) if scale else (UNSCALED, 0, 0)
        return Tensor(self._tensors, name, tuple(shape), dtype, *quantised, data)

    def constant(self, array, name, scale=None):
        """The Tensor of a constant."""
        return self.tensor(name, array.shape, array.dtype.name, scale, np.ascontiguousarray(array))

    def numbers(self, values):
        """The Tensor of constant whole numbers, as operators take them."""
        return self.constant(np.array(values, np.int64), "numbers")

    def emit(self, op, operator, inputs, scale=None, shape=(), name=None, **options):
        """The output Tensor of a new node.

        Parameters
        ----------
        op : the file's Operator, for messages
        operator : the Graph's name for it
        scale : of the output; None for float32
        shape : of the output, where the operator leaves it open
        """
        dtype = scale.dtype if scale else "float32"
        output = self.tensor(name or op.outputs[0], shape, dtype, scale)
        node = Node(operator, len(self.nodes), tuple(inputs), (output,), options, op.kind, op.number)
        output = replace(output, shape=output_shape(node))
        op.require(
            prod(output.shape) <= MOST_VALUES,
            f"its output must have at most {MOST_VALUES} values",
            output.shape,
        )
        self.nodes.append(replace(node, outputs=(output,)))
        return output

    def form(self, op, stream, last):
        """The Tensor of a Stream in ONNX's order, or with the channels last. Either is made once."""
        if last not in stream.forms:
            (other,) = stream.forms.values()
            order = self.numbers(CHANNELS_LAST if last else CHANNELS_FIRST)
            name = f"{stream.name}, channels {'last' if last else 'first'}"
            stream.forms[last] = self.emit(op, "TRANSPOSE", (other, order), stream.scale, name=name)
        return stream.forms[last]

    def take(self, op, real, last):
        """The Tensor of a Real in that layout, with its scale."""
        if real.is_constant:
            array = channels_last(real.bytes) if last else real.bytes
            return self.constant(array, "constant", real.scale)
        tensor = self.form(op, real.bytes, last)
        return replace(tensor, scales=real.scale.scales, zero_point=real.scale.zero_point)

    def stream(self, op, tensor, last, scale):
        """The Stream that an operator gives, of its Tensor in that layout."""
        return Stream(op.outputs[0], onnx_shape(tensor.shape, last), {last: tensor}, scale)

    def bytes(self, op, value, scale, limits=ANY):
        """The Stream of real numbers at a scale, clipped to the limits."""
        if isinstance(value, Pending):
            return value.finish(scale, limits)
        return self.rescaled(op, value, scale, limits)

    def rescaled(self, op, real, scale, limits, operator="QUANTIZE"):
        """The Stream of a Real at another scale: itself where nothing changes."""
        clamp = bounds(scale, limits)
        if real.scale.matches(scale) and clamp == RANGES[scale.dtype] and not real.is_constant:
            return real.bytes
        last = not real.is_constant and True in real.bytes.forms
        out = self.emit(op, operator, [self.take(op, real, last)], scale, clamp=clamp)
        return self.stream(op, out, last, scale)


def onnx_shape(shape, last):
    """The shape in ONNX's order."""
    return (shape[0], shape[3], *shape[1:3]) if last else tuple(shape)


def place_of(axis, last):
    """Where ONNX's axis lies in that layout."""
    return CHANNELS_LAST.index(axis) if last else axis


def channels_last(array):
    """A constant as it meets pictures with the channels last: [n, c, h, w] becomes [n, h, w, c]."""
    return np.moveaxis(array.reshape((1,) * (4 - array.ndim) + array.shape), 1, -1)


def bounds(scale, limits):
    """(least, greatest) byte of real limits."""
    least, most = RANGES[scale.dtype]
    ends = np.array(limits, np.float32) / scale.scales[0]
    low, high = np.clip(np.rint(ends.astype(np.float64)) + scale.zero_point, least, most)
    return int(low), int(high)


def is_picture(value):
    """Whether channels are best kept last: it is known so already."""
    return isinstance(value, Real) and not value.is_constant and True in value.bytes.forms
