"""The network between a file and the device: operators in order, and the tensors between them."""

from dataclasses import dataclass, field
from math import prod

import numpy as np

from convloom.errors import ModelError
from convloom.requant import RANGES

MOST_VALUES = 1 << 28  # of one tensor; a damaged file may claim any size


@dataclass(frozen=True, eq=False)
class Tensor:
    """What flows between operators.

    Members
    -------
    number : in the file
    dtype : by name
    scales : float32 [1], or one for each index of dimension `axis`; empty where it is not quantised
    zero_point : one, or for weights int64 with one for each scale
    data : numpy array of a constant, else None
    """

    number: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    scales: np.ndarray
    zero_point: int | np.ndarray = 0
    axis: int = 0
    data: np.ndarray | None = None

    @property
    def is_quantised(self):
        """Whether it holds bytes with a scale."""
        return self.dtype in RANGES

    @property
    def scale(self):
        """The single scale, float32."""
        return self.scales[0]

    @property
    def size(self):
        """Values in it."""
        return prod(self.shape)


@dataclass(frozen=True, eq=False)
class Node:
    """One operator of the network.

    Members
    -------
    operator : TFLite's name, as "CONV_2D", whatever the file is
    number : its place in the network, from 0
    inputs, outputs : Tensors; None for an optional input that is not there
    options : by name: "stride", "padding", "activation" and others, as the operator has them; a "clamp" is what an
        activation comes to
    source, position : the file's own name for the operator, and its place there, where they are others
    """

    operator: str
    number: int
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    options: dict = field(default_factory=dict)
    source: str = ""
    position: int | None = None

    @property
    def place(self):
        """How a message names it."""
        name = f" ({self.outputs[0].name!r})" if self.outputs else ""
        number = self.number if self.position is None else self.position
        return f"operator {number}, {self.source or self.operator}{name}"

    def require(self, holds, expected, came):
        """Raises ModelError unless `holds`."""
        if not holds:
            raise ModelError(f"{self.place}: {expected}, not {came}")

    def constant(self, index):
        """Whole numbers of a constant input, as a tuple of ints."""
        tensor = self.inputs[index]
        is_whole = tensor is not None and tensor.data is not None and tensor.dtype in ("int32", "int64")
        found = "absent" if tensor is None else f"{tensor.dtype} {tensor.name!r}"
        self.require(is_whole, f"input {index} must be a constant of whole numbers", found)
        return tuple(int(value) for value in tensor.data.ravel())

    @property
    def clamp(self):
        """(least, greatest) output that the fused activation leaves."""
        return self.options.get("clamp") or clamp(self.options.get("activation", "NONE"), self.outputs[0])


def clamp(activation, tensor):
    """(least, greatest) value of an activation's output."""
    least, most = RANGES[tensor.dtype]
    if activation != "NONE":
        least = max(least, tensor.zero_point)
    if activation == "RELU6":
        six = np.floor(np.float32(6) / tensor.scale + np.float32(0.5))
        most = int(min(most, tensor.zero_point + six))
    return least, max(least, most)


@dataclass(frozen=True, eq=False)
class Graph:
    """A network. Raises ModelError where a tensor is used before it is made.

    Members
    -------
    nodes : in the order in which they run
    runtime : "tflite" or "onnxruntime": whose bytes it gives
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    nodes: tuple[Node, ...]
    runtime: str = "tflite"

    def __post_init__(self):
        made = {tensor.number for tensor in self.inputs}
        for node in self.nodes:
            for tensor in node.inputs:
                known = tensor is None or tensor.data is not None or tensor.number in made
                node.require(known, "its inputs must be computed before it", tensor and tensor.name)
            for tensor in node.outputs:
                fresh = tensor.number not in made and tensor.data is None
                node.require(fresh, "its outputs must be written once", tensor.name)
                made.add(tensor.number)
        for tensor in self.outputs:
            if tensor.number not in made:
                raise ModelError(f"the network's output {tensor.name!r} must be computed by an operator")
