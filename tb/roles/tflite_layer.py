"""One-operator .tflite models, and LiteRT's three ways to run them."""

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from convloom.models.tflite_writer import Writer
from tflite import ActivationFunctionType, Padding

REFERENCE = OpResolverType.BUILTIN_REF
RUY = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
XNNPACK = OpResolverType.AUTO

ACTIVATIONS = {
    "none": ActivationFunctionType.NONE,
    "relu": ActivationFunctionType.RELU,
    "relu6": ActivationFunctionType.RELU6,
}
PADDINGS = {
    "same": Padding.SAME,
    "valid": Padding.VALID,
    "explicit": Padding.VALID,  # behind a PAD
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
    code, (options, fields), version, weights, axis = _OPERATORS.get(layer.kind, _convolution)(layer)
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
    writer.operator(code, version, inputs, [y], options, **fields)
    return writer.finish([given], [y])


def _pad(writer, x, layer):
    """The tensor of x with its pads around."""
    pads = np.array(((0, 0), *layer.pads, (0, 0)), np.int32)
    shape, scale = np.add(layer.x.shape, pads.sum(axis=1)), [float(layer.input_scale)]
    padded = writer.tensor("padded", "int8", shape, scale, layer.input_zero_point)
    numbers = writer.tensor("pads", "int32", pads.shape, data=pads)
    writer.operator("PAD", 2, [x, numbers], [padded], "PadOptions")
    return padded


def _convolution(layer):
    return "CONV_2D", ("Conv2DOptions", _geometry(layer)), 5, layer.w, 0


def _depthwise(layer):
    fields = _geometry(layer) | {"DepthMultiplier": layer.kernels // layer.groups}
    w = layer.w[..., 0].transpose(1, 2, 0)[None]
    return "DEPTHWISE_CONV_2D", ("DepthwiseConv2DOptions", fields), 3, w, 3


def _fully_connected(layer):
    fields = {"FusedActivationFunction": ACTIVATIONS[layer.activation]}
    return "FULLY_CONNECTED", ("FullyConnectedOptions", fields), 4, layer.w[:, 0, 0], 0


def _transposed(layer):
    return "TRANSPOSE_CONV", ("TransposeConvOptions", _steps(layer)), 3, layer.w, 0


_OPERATORS = {"depthwise": _depthwise, "fully_connected": _fully_connected, "transposed": _transposed}


def _steps(layer):
    return dict(zip(("StrideH", "StrideW"), layer.stride, strict=True)) | {"Padding": PADDINGS[layer.padding]}


def _geometry(layer):
    dilation = dict(zip(("DilationHFactor", "DilationWFactor"), layer.dilation, strict=True))
    return _steps(layer) | dilation | {"FusedActivationFunction": ACTIVATIONS[layer.activation]}
