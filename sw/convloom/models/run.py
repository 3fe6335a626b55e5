"""A network that runs: its layers on a device, the other operators here, in whole numbers."""

from dataclasses import dataclass

import numpy as np

from convloom import checks
from convloom.models.operators import compute
from convloom.spec.rounding import Rounding


@dataclass(frozen=True)
class Target:
    """Where and how layers are computed: a Device and a Rounding."""

    device: object
    rounding: Rounding


class Model:
    """A network from a file.

    Parameters
    ----------
    graph : a Graph, checked

    Members
    -------
    inputs, outputs : its Tensors: name, shape, dtype, scale and zero_point
    nodes : its operators in order
    """

    def __init__(self, graph):
        self.graph = graph
        self.inputs, self.outputs, self.nodes = graph.inputs, graph.outputs, graph.nodes

    def run(self, x, device, rounding="double", observe=None):
        """The network's output, an array, or a tuple of arrays where it has several.

        Convolutions (dense, depthwise, transposed) and fully connected layers run on the device.

        Parameters
        ----------
        x : array of the input's dtype and shape, or a tuple of one for each input
        rounding : of the device's layers; the host's operators are those of TFLite's reference kernels. In
            "double" fully connected layers too are rounded as LiteRT's reference kernel does it
        observe : called with (Node, output array) after each operator

        Raises ValueError for an input of another type or shape, ModelError, which names the operator, for
        scales too far apart, and DeviceError.
        """
        target = Target(device, Rounding.parse(rounding))
        values = self._inputs(x)
        for node in self.nodes:
            values[node.outputs[0].number] = out = compute(
                node, [_value(t, values) for t in node.inputs], target
            )
            if observe is not None:
                observe(node, out)
        results = tuple(values[tensor.number] for tensor in self.outputs)
        return results[0] if len(results) == 1 else results

    def _inputs(self, x):
        arrays = x if isinstance(x, tuple | list) else (x,)
        if len(arrays) != len(self.inputs):
            raise ValueError(f"x must be an array for each of {len(self.inputs)} inputs, not {len(arrays)}")
        return {
            tensor.number: checks.array(
                f"input {tensor.name!r}", np.asarray(array), (tensor.dtype,), tensor.shape
            )
            for tensor, array in zip(self.inputs, arrays, strict=True)
        }


def _value(tensor, values):
    if tensor is None:
        return None
    return values[tensor.number] if tensor.data is None else tensor.data
