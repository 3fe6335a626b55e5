"""An ONNX network becomes a Graph: its QLinear operators, and float ones between DequantizeLinear and QuantizeLinear.

Both forms say the same: a QLinear operator is the float one with the scales written inside. So every operator is
translated once, between real numbers that bytes stand for (`translate`, `layers`); a scale that follows ends it.
"""

import inspect

import numpy as np

from convloom.errors import ModelError
from convloom.models.damage import DAMAGE
from convloom.models.graph import Graph
from convloom.models.onnx import elementwise, layers, movement, shapes, windows
from convloom.models.onnx.network import Network
from convloom.models.onnx.protobuf import parse
from convloom.models.onnx.quantisation import QLINEAR, read_scale, scale_of_input
from convloom.models.onnx.values import Pending, Real, Stream

__all__ = ["read"]

# Each `translate(network, op, *arguments)`: what the operator gives, of what the names of its inputs stand for.
TRANSLATIONS = {
    **layers.TRANSLATIONS,
    **windows.TRANSLATIONS,
    **elementwise.TRANSLATIONS,
    **movement.TRANSLATIONS,
    **shapes.TRANSLATIONS,
}


def read(content, name="the file"):
    """The Graph in the bytes of an .onnx file; `name` is for messages.

    Raises ModelError where it is no model, is damaged, or has what is not supported.
    """
    try:
        return _Reader(parse(content)).graph()
    except ModelError as error:
        raise ModelError(f"{name}: {error}") from error
    except DAMAGE as error:
        raise ModelError(f"{name} must be a whole ONNX model, not a damaged or truncated one") from error


class _Reader:
    """Follows the operators in order; `values` is what each name stands for."""

    def __init__(self, source):
        self.source, self.network, self.values = source, Network(), dict(source.constants)
        self.inputs = []
        for name, dtype, shape in source.inputs:
            scale = scale_of_input(source, name, dtype)
            tensor = self.network.tensor(name, shape, dtype, scale)
            self.inputs.append(tensor)
            self.values[name] = Stream(name, shape, {False: tensor}, scale)

    def graph(self):
        for op in self.source.operators:
            self.read(op)
        outputs = tuple(self.output(name) for name in self.source.outputs)
        return Graph(tuple(self.inputs), outputs, tuple(self.network.nodes), "onnxruntime")

    def read(self, op):
        arguments = [self.argument(op, name) for name in op.inputs]
        op.require(op.outputs, "it must have an output", "none")
        self.values[op.outputs[0]] = self.value(op, arguments)

    def argument(self, op, name):
        op.require(not name or name in self.values, "its inputs must be computed before it", repr(name))
        return self.values[name] if name else None

    def value(self, op, arguments):
        if op.kind == "QuantizeLinear":
            return self.quantised(op, arguments[0], read_scale(op, arguments[1:]))
        if op.kind == "DequantizeLinear":
            return self.real(op, arguments[0], arguments[1:])
        if op.kind in QLINEAR:
            kind, reals, output, rest = QLINEAR[op.kind](arguments)
            reals = [self.real(op, value, scale) for value, *scale in reals]
            made = self.translated(op, kind, [*reals, *rest])
            return self.quantised(op, made, read_scale(op, output))
        if shapes.is_constant(op, arguments):
            return shapes.fold(op, arguments)
        return self.translated(op, op.kind, arguments)

    def translated(self, op, kind, arguments):
        supported = sorted({*TRANSLATIONS, *QLINEAR, *shapes.FOLDED, "QuantizeLinear", "DequantizeLinear"})
        op.require(kind in TRANSLATIONS, f"an operator must be one of {', '.join(supported)}", op.kind)
        translate = TRANSLATIONS[kind]
        try:
            inspect.signature(translate).bind(self.network, op, *arguments)
        except TypeError:
            op.require(False, "it must have as many inputs as ONNX says", len(arguments))
        return translate(self.network, op, *arguments)

    def real(self, op, value, scale):
        """DequantizeLinear."""
        flows = isinstance(value, Stream) and value.scale is not None
        op.require(flows or isinstance(value, np.ndarray), "input 0 must be bytes", type(value).__name__)
        dtype = value.scale.dtype if flows else value.dtype.name
        return Real(value, read_scale(op, scale, dtype))

    def quantised(self, op, value, scale):
        """QuantizeLinear."""
        if isinstance(value, Pending | Real):
            return self.network.bytes(op, value, scale)
        op.require(
            isinstance(value, Stream) and value.scale is None, "input 0 must be real numbers", "others"
        )
        last = True in value.forms
        out = self.network.emit(op, "QUANTIZE", (self.network.form(op, value, last),), scale)
        return Stream(op.outputs[0], value.shape, {last: out}, scale)

    def output(self, name):
        """The Tensor of an output, in ONNX's order."""
        value = self.values.get(name)
        op = next((op for op in self.source.operators if name in op.outputs), None)
        if op is None:
            raise ModelError(f"the network's output {name!r} must be computed by an operator")
        if isinstance(value, Pending) and value.real is not None:
            value = value.real()
        if isinstance(value, Real):
            tensor = self.network.take(op, value, False)
            return self.network.emit(op, "DEQUANTIZE", (tensor,), name=name)
        op.require(
            isinstance(value, Stream), "its output must be quantised (QuantizeLinear behind it)", "left so"
        )
        return self.network.form(op, value, False)
