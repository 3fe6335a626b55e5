"""One-operator .tflite models, and LiteRT's three ways to run them."""

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from flatbuffers import Builder

REFERENCE = OpResolverType.BUILTIN_REF
RUY = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
XNNPACK = OpResolverType.AUTO

TYPES = {name: getattr(schema.TensorType, name.upper()) for name in ("int8", "int32", "float32")}
ACTIVATIONS = {
    "none": schema.ActivationFunctionType.NONE,
    "relu": schema.ActivationFunctionType.RELU,
    "relu6": schema.ActivationFunctionType.RELU6,
}
PADDINGS = {
    "same": schema.Padding.SAME,
    "valid": schema.Padding.VALID,
    "explicit": schema.Padding.VALID,  # behind a PAD
}


def run(layer, output_shape, resolver):
    """LiteRT's output, int8 of that shape, for a roles.layers.Layer.

    resolver : REFERENCE, RUY or XNNPACK
    """
    content = model(layer, output_shape)
    interpreter = Interpreter(model_content=content, experimental_op_resolver_type=resolver, num_threads=1)
    interpreter.allocate_tensors()
    details = interpreter.get_input_details()[0]
    interpreter.set_tensor(details["index"], layer.x.reshape(details["shape"]))
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).reshape(output_shape)


def model(layer, output_shape):
    """The bytes of a .tflite file with that one layer, behind a PAD where its pads are explicit."""
    writer = Writer()
    code, options, version, weights, axis = _OPERATORS.get(layer.kind, _convolution)(layer)
    flat = layer.kind == "fully_connected"
    n, c, k = len(layer.x), layer.x.shape[-1], layer.kernels
    scale = [float(layer.input_scale)]
    given = x = writer.tensor("x", "int8", (n, c) if flat else layer.x.shape, scale, layer.input_zero_point)
    if layer.padding == "explicit":
        x = _pad(writer, x, layer)
    w = writer.tensor("w", "int8", weights.shape, layer.weight_scales, data=weights, axis=axis)
    bias_scales = np.float64(layer.input_scale) * layer.weight_scales
    bias = writer.tensor("bias", "int32", (k,), bias_scales, data=layer.bias)
    y_scale, shape = [float(layer.output_scale)], (n, k) if flat else output_shape
    y = writer.tensor("y", "int8", shape, y_scale, layer.output_zero_point)
    inputs = [x, w, bias]
    if layer.kind == "transposed":
        shape = writer.tensor("shape", "int32", (4,), data=np.array(output_shape, np.int32))
        inputs = [shape, w, x, bias]
    writer.operator(code, version, options, inputs, y)
    return writer.finish([given], y)


def _pad(writer, x, layer):
    """The tensor of x with its pads around."""
    pads = np.array(((0, 0), *layer.pads, (0, 0)), np.int32)
    shape, scale = np.add(layer.x.shape, pads.sum(axis=1)), [float(layer.input_scale)]
    padded = writer.tensor("padded", "int8", shape, scale, layer.input_zero_point)
    numbers = writer.tensor("pads", "int32", pads.shape, data=pads)
    writer.operator("PAD", 2, schema.PadOptionsT(), [x, numbers], padded)
    return padded


def _convolution(layer):
    options = schema.Conv2DOptionsT()
    _geometry(options, layer)
    return "CONV_2D", options, 5, layer.w, 0


def _depthwise(layer):
    options = schema.DepthwiseConv2DOptionsT()
    _geometry(options, layer)
    options.depthMultiplier = layer.kernels // layer.groups
    return "DEPTHWISE_CONV_2D", options, 3, layer.w[..., 0].transpose(1, 2, 0)[None], 3


def _fully_connected(layer):
    options = schema.FullyConnectedOptionsT()
    options.fusedActivationFunction = ACTIVATIONS[layer.activation]
    return "FULLY_CONNECTED", options, 4, layer.w[:, 0, 0], 0


def _transposed(layer):
    options = schema.TransposeConvOptionsT()
    options.padding = PADDINGS[layer.padding]
    options.strideH, options.strideW = layer.stride
    return "TRANSPOSE_CONV", options, 3, layer.w, 0


_OPERATORS = {"depthwise": _depthwise, "fully_connected": _fully_connected, "transposed": _transposed}


def _geometry(options, layer):
    options.padding = PADDINGS[layer.padding]
    options.strideH, options.strideW = layer.stride
    options.dilationHFactor, options.dilationWFactor = layer.dilation
    options.fusedActivationFunction = ACTIVATIONS[layer.activation]


class Writer:
    """Collects tensors, their buffers, and operators. Buffer 0 is the empty one."""

    def __init__(self):
        self.buffers, self.tensors = [schema.BufferT()], []
        self.operators, self.codes = [], []

    def tensor(self, name, dtype, shape, scales=None, zero_point=0, data=None, axis=0):
        """The number of a new tensor; `data` where it is constant."""
        tensor = schema.TensorT()
        tensor.name, tensor.type, tensor.shape = name, TYPES[dtype], [int(length) for length in shape]
        if scales is not None:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = [float(scale) for scale in scales]
            tensor.quantization.zeroPoint = [zero_point] * len(scales)
            tensor.quantization.quantizedDimension = axis
        if data is not None:
            tensor.buffer = len(self.buffers)
            self.buffers.append(schema.BufferT())
            self.buffers[-1].data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def operator(self, code, version, options, inputs, y):
        """Adds an operator with its options (None: it has none); inputs and output are numbers of tensors."""
        operator = schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = len(self.codes), inputs, [y]
        if options is not None:
            operator.builtinOptions = options
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__[:-1])
        self.operators.append(operator)
        operator_code = schema.OperatorCodeT()
        operator_code.builtinCode = getattr(schema.BuiltinOperator, code)
        operator_code.deprecatedBuiltinCode = operator_code.builtinCode
        operator_code.version = version
        self.codes.append(operator_code)

    def finish(self, given, y):
        """The file's bytes: the operators from the tensors `given` to y."""
        graph = schema.SubGraphT()
        graph.tensors, graph.inputs, graph.outputs = self.tensors, given, [y]
        graph.operators = self.operators
        model = schema.ModelT()
        model.version, model.operatorCodes, model.subgraphs = 3, self.codes, [graph]
        model.buffers = self.buffers
        builder = Builder(1 << 16)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())
