"""ONNX's protobuf, as operators and constants. What it holds is checked here: the package that reads it does not."""

from dataclasses import dataclass
from math import prod

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import numpy_helper

from convloom.errors import ModelError
from convloom.models.graph import MOST_VALUES

DTYPES = {
    getattr(onnx.TensorProto, name.upper()): name
    for name in ("int8", "uint8", "int16", "uint16", "int32", "int64", "float16", "bool")
} | {onnx.TensorProto.FLOAT: "float32", onnx.TensorProto.DOUBLE: "float64"}
DOMAINS = ("", "ai.onnx", "com.microsoft")
REQUIRED = object()


@dataclass(frozen=True, eq=False)
class Operator:
    """A NodeProto.

    Members
    -------
    kind : its type, as "QLinearConv"
    number : its place in the file, from 0
    inputs : names; "" for one that is not there
    opset : the version of ONNX's operators that the file asks for
    """

    kind: str
    name: str
    number: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict
    opset: int
    node: onnx.NodeProto

    def reference(self, arrays):
        """What onnx's reference computes of constant arrays."""
        from onnx.reference import ReferenceEvaluator  # takes a moment to import, and few files need it

        evaluator = ReferenceEvaluator(self.node, opsets={"": self.opset})
        given = zip(self.inputs, arrays, strict=True)
        return evaluator.run(None, {name: array for name, array in given if name})

    @property
    def place(self):
        """How a message names it."""
        return f"operator {self.number}, {self.kind} ({self.name or ', '.join(self.outputs)!r})"

    def require(self, holds, expected, came):
        """Raises ModelError unless `holds`."""
        if not holds:
            raise ModelError(f"{self.place}: {expected}, not {came}")

    def attribute(self, name, default=REQUIRED):
        """An attribute's value, of the default's type: int, float, text, array, or a tuple of ints."""
        if name not in self.attributes:
            self.require(default is not REQUIRED, f"it must have the attribute {name!r}", "without")
            return default
        value = self.attributes[name]
        if default is not REQUIRED and default is not None:
            kind = type(default).__name__
            self.require(isinstance(value, type(default)), f"its {name} must be {kind}", repr(value))
        return value

    def numbers(self, name, count, default, least=0, most=4096):
        """An attribute of `count` whole numbers; a damaged file may claim any."""
        values = self.attribute(name, (default,) * count)
        fits = len(values) == count and all(least <= value <= most for value in values)
        self.require(fits, f"its {name} must be {count} numbers from {least} to {most}", list(values))
        return values


@dataclass(frozen=True, eq=False)
class Source:
    """A file's network.

    Members
    -------
    inputs : (name, dtype, shape) of each
    outputs : names
    constants : arrays by name
    """

    inputs: tuple
    outputs: tuple[str, ...]
    constants: dict
    operators: tuple[Operator, ...]


def parse(content):
    """The Source in a file's bytes. Raises ModelError, and what damaged fields raise."""
    try:
        model = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise ModelError("it must be an ONNX model, not another or a truncated file") from error
    graph = model.graph
    if not (graph.node and graph.output):
        raise ModelError("it must be an ONNX model with operators and outputs, not one without")
    opset = max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=1)
    constants = {tensor.name: array(tensor) for tensor in graph.initializer}
    return Source(
        tuple(_input(value) for value in graph.input if value.name not in constants),
        tuple(value.name for value in graph.output),
        constants,
        tuple(_operator(node, number, opset) for number, node in enumerate(graph.node)),
    )


def array(tensor):
    """The array of a TensorProto that is in the file itself."""
    place = f"constant {tensor.name!r}"
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        raise ModelError(f"{place}: its data must be in the file, not beside it")
    if tensor.data_type not in DTYPES:
        raise ModelError(
            f"{place}: it must be one of {', '.join(DTYPES.values())}, not type {tensor.data_type}"
        )
    if min(tensor.dims, default=0) < 0 or prod(tensor.dims) > MOST_VALUES:
        raise ModelError(f"{place}: its sizes must be 0 or more, not {list(tensor.dims)}")
    return numpy_helper.to_array(tensor)


def _input(value):
    """(name, dtype, shape) of a graph's input; a first size without a number is 1."""
    kind = value.type.tensor_type
    if kind.elem_type not in DTYPES:
        raise ModelError(f"input {value.name!r}: it must be a tensor, not of type {kind.elem_type}")
    sizes = [size.dim_value if size.HasField("dim_value") else 0 for size in kind.shape.dim]
    shape = tuple(size or int(place == 0) for place, size in enumerate(sizes))
    if min(shape, default=1) < 1 or prod(shape) > MOST_VALUES:
        raise ModelError(f"input {value.name!r}: its sizes behind the first must be fixed, not {list(sizes)}")
    return value.name, DTYPES[kind.elem_type], shape


def _operator(node, number, opset):
    kind = node.op_type if node.domain in DOMAINS else f"{node.domain}.{node.op_type}"
    attributes = {each.name: _attribute(each) for each in node.attribute}
    return Operator(kind, node.name, number, tuple(node.input), tuple(node.output), attributes, opset, node)


def _attribute(attribute):
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, onnx.TensorProto):
        return array(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    is_list = not isinstance(value, (int, float, str, np.ndarray)) and hasattr(value, "__len__")
    return tuple(value) if is_list else value
