"""A network that runs: its layers on a device, the other operators here, in whole numbers."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from convloom import checks
from convloom.models.metadata import Metadata
from convloom.models.operators import compute
from convloom.models.profile import profile
from convloom.spec.rounding import Rounding

# The rounding that each runtime has by default, and whose kernels the other operators have with each.
ROUNDINGS = {"tflite": Rounding.DOUBLE, "onnxruntime": Rounding.FLOAT32}
KERNELS = {
    "tflite": {
        Rounding.DOUBLE: "reference",
        Rounding.DOUBLE_UP: "ruy",
        Rounding.SINGLE: "ruy",
        Rounding.FLOAT32: "xnnpack",
    },
    "onnxruntime": dict.fromkeys(Rounding, "onnxruntime"),
}


@dataclass(frozen=True)
class Target:
    """Where and how operators are computed.

    Members
    -------
    device : a Device, for the layers
    rounding : of these
    kernels : "reference", "ruy", "xnnpack" (TFLite's three ways) or "onnxruntime": whose arithmetic the host's
        operators have
    """

    device: object
    rounding: Rounding
    kernels: str

    @classmethod
    def of(cls, runtime, device, rounding=None):
        """For the networks of a Graph's `runtime`; `rounding` by name, by default the runtime's own."""
        rounding = ROUNDINGS[runtime] if rounding is None else Rounding.parse(rounding)
        return cls(device, rounding, KERNELS[runtime][rounding])


class Model:
    """A network from a file.

    Parameters
    ----------
    graph : a Graph, checked
    read_metadata : function that gives the Metadata

    Members
    -------
    inputs, outputs : its Tensors: name, shape, dtype, scale and zero_point
    nodes : its operators in order
    metadata : a Metadata: what the file says of pictures and classes. Raises ModelError where that is damaged
    """

    def __init__(self, graph, read_metadata=Metadata):
        self.graph, self.read_metadata = graph, read_metadata
        self.inputs, self.outputs, self.nodes = graph.inputs, graph.outputs, graph.nodes

    @cached_property
    def metadata(self):
        """Read when it is asked for: a network runs without."""
        return self.read_metadata()

    def run(self, x, device, rounding=None, observe=None):
        """The network's output, an array, or a tuple of arrays where it has several.

        Convolutions (dense, depthwise, transposed) and fully connected layers run on the device.

        Parameters
        ----------
        x : array of the input's dtype and shape, or a tuple of one for each input
        rounding : of the device's layers; None is the file's own, which gives the same bytes as the runtime:
            "double" for .tflite (LiteRT's reference kernels, fully connected layers included), "float32" for
            .onnx (ONNX Runtime). The other operators of a .tflite file are those of the same kernels: of ruy in
            "double_up", of XNNPACK in "float32"
        observe : called with (Node, output array) after each operator

        Raises ValueError for an input of another type or shape, ModelError, which names the operator, for
        scales too far apart, and DeviceError.
        """
        target = Target.of(self.graph.runtime, device, rounding)
        values = self._inputs(x)
        for node in self.nodes:
            values[node.outputs[0].number] = out = compute(
                node, [_value(t, values) for t in node.inputs], target
            )
            if observe is not None:
                observe(node, out)
        results = tuple(values[tensor.number] for tensor in self.outputs)
        return results[0] if len(results) == 1 else results

    def profile(self, x, device, rounding=None):
        """The Profile of a run: each operator's cycles, and what they were lost to. Arguments are those of `run`."""
        return profile(self, x, device, rounding)

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
