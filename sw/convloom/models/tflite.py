"""TFLite's flatbuffer becomes a Graph. The package that reads it checks nothing: everything is checked here."""

from math import prod

import numpy as np
import tflite

from convloom.errors import ModelError
from convloom.models.damage import DAMAGE
from convloom.models.graph import MOST_VALUES, Graph, Node, Tensor
from convloom.models.operators import check
from convloom.models.operators.options import read_options

IDENTIFIER = b"TFL3"  # at byte 4
DTYPES = {
    number: name.lower()
    for name, number in vars(tflite.TensorType).items()
    if name in ("INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT16", "FLOAT32", "BOOL")
}
OPERATORS = {
    number: name for name, number in vars(tflite.BuiltinOperator).items() if not name.startswith("_")
}

LAYERS = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED")
FIXED_SCALE = ("SOFTMAX", "LOGISTIC")


def read(content, name="the file"):
    """The Graph in the bytes of a .tflite file; `name` is for messages.

    Raises ModelError where it is no model, is damaged, or has what is not supported.
    """
    if content[4:8] != IDENTIFIER:
        raise ModelError(f"{name} must be a TFLite model (bytes 4 to 8 are 'TFL3'), not {content[4:8]!r}")
    try:
        return _graph(tflite.Model.GetRootAs(content, 0))
    except ModelError as error:
        raise ModelError(f"{name}: {error}") from error
    except DAMAGE as error:
        raise ModelError(f"{name} must be a whole TFLite model, not a damaged or truncated one") from error


def _graph(model):
    if model.SubgraphsLength() != 1:
        raise ModelError(f"the model must have one graph, not {model.SubgraphsLength()}")
    graph = model.Subgraphs(0)
    tensors = [_tensor(model, graph.Tensors(number), number) for number in range(graph.TensorsLength())]
    nodes = tuple(
        _node(model, graph.Operators(number), number, tensors) for number in range(graph.OperatorsLength())
    )
    inputs = tuple(_pick(tensors, graph.Inputs(index)) for index in range(graph.InputsLength()))
    outputs = tuple(_pick(tensors, graph.Outputs(index)) for index in range(graph.OutputsLength()))
    if not (inputs and outputs and nodes):
        raise ModelError("the graph must have inputs, operators and outputs")
    checked = Graph(inputs, outputs, nodes)
    for node in nodes:
        check(node)
        _check_quantisation(node)
    return checked


def _check_quantisation(node):
    """Raises ModelError where TFLite's kernels take less than a Graph may hold."""
    if node.operator != "QUANTIZE":  # from and to uint8 at the ends of a network
        for tensor in (*node.inputs, *node.outputs):
            signed = tensor is None or tensor.dtype != "uint8"
            node.require(signed, "its tensors must be int8 (a network quantised to int8)", "uint8")
    if node.operator in LAYERS:
        zero_point = node.inputs[1].zero_point
        node.require(zero_point == 0, "its weights' zero point must be 0", zero_point)
        y = node.outputs[0]
        node.require(y.is_quantised, "the output must be int8 (a network quantised to int8)", y.dtype)
    if node.operator in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        x, y = node.inputs[0], node.outputs[0]
        equal = (x.scale, x.zero_point) == (y.scale, y.zero_point)
        node.require(equal, "its input and output must have equal scales and zero points", y.scale)
    if node.operator in FIXED_SCALE and node.outputs[0].is_quantised:
        y = node.outputs[0]
        fixed = y.scale == np.float32(1 / 256) and y.zero_point == -128
        found = f"{y.scale}, {y.zero_point}"
        node.require(fixed, "its output's scale must be 1/256 and zero point -128", found)


def _pick(tensors, number):
    if not 0 <= number < len(tensors):
        raise ModelError(f"a tensor's number must be below {len(tensors)}, not {number}")
    return tensors[number]


def _node(model, operator, number, tensors):
    code = model.OperatorCodes(operator.OpcodeIndex())
    kind = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    name = OPERATORS.get(kind, f"operator code {kind}")
    inputs = [operator.Inputs(index) for index in range(operator.InputsLength())]
    outputs = [operator.Outputs(index) for index in range(operator.OutputsLength())]
    return Node(
        name,
        number,
        tuple(None if each == -1 else _pick(tensors, each) for each in inputs),
        tuple(_pick(tensors, each) for each in outputs),
        read_options(name, operator, number),
    )


def _tensor(model, tensor, number):
    name = (tensor.Name() or b"").decode("utf-8", "replace")
    shape = tuple(int(tensor.Shape(index)) for index in range(tensor.ShapeLength()))
    if min(shape, default=1) < 1 or prod(shape) > MOST_VALUES:
        raise ModelError(f"tensor {number}, {name!r}: its sizes must be fixed, from 1 on, not {list(shape)}")
    dtype = DTYPES.get(tensor.Type(), f"type {tensor.Type()}")
    scales, zero_points, axis = _quantisation(tensor.Quantization())
    data = _data(model.Buffers(tensor.Buffer()), dtype, shape, f"tensor {number}, {name!r}")
    zero_point = zero_points[0] if len(zero_points) else 0
    if len(scales) > 1 and any(zero_points):
        raise ModelError(f"tensor {number}, {name!r}: zero points of channels must be 0")
    return Tensor(number, name, shape, dtype, scales, zero_point, axis, data)


def _quantisation(parameters):
    if parameters is None:
        return np.zeros(0, np.float32), [], 0
    scales = np.array([parameters.Scale(i) for i in range(parameters.ScaleLength())], np.float32)
    zero_points = [int(parameters.ZeroPoint(i)) for i in range(parameters.ZeroPointLength())]
    return scales, zero_points, parameters.QuantizedDimension()


def _data(buffer, dtype, shape, place):
    """The constant in a buffer, read-only; None for an empty one."""
    if not buffer.DataLength():
        return None
    raw = buffer.DataAsNumpy()
    if dtype.startswith("type"):
        raise ModelError(f"{place}: a constant must be int8, int32, int64 or float32, not {dtype}")
    if len(raw) != prod(shape) * np.dtype(dtype).itemsize:
        raise ModelError(f"{place}: {dtype} {list(shape)} must have that many bytes of data, not {len(raw)}")
    return np.frombuffer(raw.tobytes(), np.dtype(dtype).newbyteorder("<")).astype(dtype).reshape(shape)
