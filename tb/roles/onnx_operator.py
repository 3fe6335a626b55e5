"""Seeded one-operator ONNX models in both quantised forms, and ONNX Runtime to run them."""

import numpy as np
from onnx import helper, numpy_helper
from onnx.helper import np_dtype_to_tensor_dtype as onnx_type
from roles.onnx_layer import channels_first, session

OPSET, IR_VERSION = 17, 8
CONTRIBUTED = "com.microsoft"
ONNX_OWN = ("QLinearConv", "QLinearMatMul")


class Writer:
    """Collects the nodes and constants of a model."""

    def __init__(self):
        self.nodes, self.constants, self.inputs = [], [], []

    def input(self, name, dtype, shape):
        """The name of a new input."""
        self.inputs.append(helper.make_tensor_value_info(name, onnx_type(np.dtype(dtype)), shape))
        return name

    def constant(self, array):
        """The name of a new constant."""
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def scale(self, spot):
        """Names of a Spot's scale and zero point."""
        return [
            self.constant(np.float32(spot.scale)),
            self.constant(np.dtype(spot.dtype).type(spot.zero_point)),
        ]

    def node(self, operator, inputs, name, domain="", **attributes):
        """The name of what a new node gives."""
        self.nodes.append(helper.make_node(operator, inputs, [name], name, domain=domain, **attributes))
        return name

    def quantise(self, name, spot, to):
        """QuantizeLinear."""
        return self.node("QuantizeLinear", [name, *self.scale(spot)], to)

    def real(self, name, spot):
        """DequantizeLinear."""
        return self.node("DequantizeLinear", [name, *self.scale(spot)], f"{name}_real")

    def finish(self, output, dtype):
        """The file's bytes."""
        y = helper.make_tensor_value_info(output, onnx_type(np.dtype(dtype)), None)
        graph = helper.make_graph(self.nodes, "network", self.inputs, [y], self.constants)
        sets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIBUTED, 1)]
        model = helper.make_model(graph, opset_imports=sets, ir_version=IR_VERSION)
        return model.SerializeToString()


def qdq(operator, inputs, output, *constants, **attributes):
    """The bytes of a model: the float operator from Spots to a Spot, each dequantised, the output quantised."""
    writer = Writer()
    names = [writer.input(f"x{i}", spot.dtype, spot.shape) for i, spot in enumerate(inputs)]
    reals = [writer.real(name, spot) for name, spot in zip(names, inputs, strict=True)]
    real = writer.node(operator, [*reals, *map(writer.constant, constants)], "real", **attributes)
    return writer.finish(writer.quantise(real, output, "y"), output.dtype)


def qlinear(operator, inputs, output, **attributes):
    """The bytes of a model: the QLinear operator of that name."""
    writer, arguments = Writer(), []
    for index, spot in enumerate(inputs):
        arguments += [writer.input(f"x{index}", spot.dtype, spot.shape), *writer.scale(spot)]
    scale = writer.scale(output)
    arguments = scale + arguments if operator == "Concat" else arguments + scale
    domain = "" if f"QLinear{operator}" in ONNX_OWN else CONTRIBUTED
    writer.node(f"QLinear{operator}", arguments, "y", domain, **attributes)
    return writer.finish("y", output.dtype)


def runtime(content, arrays):
    """What ONNX Runtime gives."""
    feeds = {f"x{index}": array for index, array in enumerate(arrays)}
    return session(content, feeds).run(None, feeds)[0]


def layer(layer, form, activation=None, normalisation=None):
    """The bytes of a model of a roles.layers.Layer.

    Parameters
    ----------
    form : "qlinear" or "qdq"
    activation : (operator, constants) behind it, in the form "qdq"
    normalisation : scale, bias, mean and variance of a BatchNormalization behind it, likewise
    """
    writer = Writer()
    zero = layer.x.dtype.type
    x, w = channels_first(layer.x), channels_first(layer.w)
    kernels, flat = layer.kernels, layer.kind == "fully_connected"
    if flat:
        x, w = x[:, :, 0, 0], w[:, :, 0, 0]
    name = writer.input("x0", x.dtype, x.shape)
    x_scale = [writer.constant(layer.input_scale), writer.constant(zero(layer.input_zero_point))]
    y_scale = [writer.constant(layer.output_scale), writer.constant(zero(layer.output_zero_point))]
    w_scale = [writer.constant(layer.weight_scales), writer.constant(np.zeros(kernels, w.dtype))]
    bias = writer.constant(layer.bias)
    attributes = {"transB": 1} if flat else geometry(layer)
    if form == "qlinear":
        arguments = [name, *x_scale, writer.constant(w), *w_scale, *y_scale, bias]
        return writer.finish(writer.node("QLinearConv", arguments, "y", **attributes), x.dtype)
    units = writer.constant(layer.input_scale * layer.weight_scales)
    reals = [
        writer.node("DequantizeLinear", [name, *x_scale], "x_real"),
        writer.node("DequantizeLinear", [writer.constant(w), *w_scale], "w_real", axis=0),
        writer.node("DequantizeLinear", [bias, units], "bias_real", axis=0),
    ]
    made = writer.node("Gemm" if flat else "Conv", reals, "made", **attributes)
    if normalisation is not None:
        made = writer.node("BatchNormalization", [made, *map(writer.constant, normalisation)], "normal")
    if activation is not None:
        operator, *constants = activation
        made = writer.node(operator, [made, *map(writer.constant, constants)], "active")
    return writer.finish(writer.node("QuantizeLinear", [made, *y_scale], "y"), x.dtype)


def geometry(layer):
    """A convolution's attributes."""
    (top, bottom), (left, right) = layer.pads
    return {
        "strides": layer.stride,
        "dilations": layer.dilation,
        "group": layer.groups,
        "pads": (top, left, bottom, right),
    }
