"""Seeded one-operator ONNX models in both quantised forms, and ONNX Runtime to run them."""

import numpy as np
from onnx import helper, numpy_helper
from onnx.helper import np_dtype_to_tensor_dtype as onnx_type
from roles.onnx_layer import channels_first, geometry, session, transposed_weights
from roles.tflite_operator import Spot

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
    form : "qlinear", a convolution, or "qdq"
    activation : (operator, constants) behind it, in the form "qdq"
    normalisation : scale, bias, mean and variance of a BatchNormalization behind it, likewise
    """
    writer, (operator, x, w, attributes, axis) = Writer(), _parts(layer)
    name = writer.input("x0", x.dtype, x.shape)
    scales = layer.weight_scales[: 1 if layer.kind == "transposed" and layer.groups > 1 else None]
    x_scale = writer.scale(Spot((), layer.input_scale, layer.input_zero_point, x.dtype))
    y_scale = writer.scale(Spot((), layer.output_scale, layer.output_zero_point, x.dtype))
    w_scale = [writer.constant(scales), writer.constant(np.zeros(len(scales), w.dtype))]
    bias = writer.constant(layer.bias)
    if form == "qlinear":
        arguments = [name, *x_scale, writer.constant(w), *w_scale, *y_scale, bias]
        return writer.finish(writer.node("QLinearConv", arguments, "y", **attributes), x.dtype)
    units = writer.constant(np.broadcast_to(layer.input_scale * scales, layer.bias.shape))
    reals = [
        writer.node("DequantizeLinear", [name, *x_scale], "x_real"),
        writer.node("DequantizeLinear", [writer.constant(w), *w_scale], "w_real", axis=axis),
        writer.node("DequantizeLinear", [bias, units], "bias_real", axis=0),
    ]
    made = writer.node(operator, reals, "made", **attributes)
    if normalisation is not None:
        made = writer.node("BatchNormalization", [made, *map(writer.constant, normalisation)], "normal")
    if activation is not None:
        kind, *constants = activation
        made = writer.node(kind, [made, *map(writer.constant, constants)], "active")
    return writer.finish(writer.node("QuantizeLinear", [made, *y_scale], "y"), x.dtype)


def _parts(layer):
    """(operator, x, w, attributes, axis of the kernels) of a layer in the float form."""
    x, w = channels_first(layer.x), channels_first(layer.w)
    if layer.kind == "fully_connected":
        return "Gemm", x[:, :, 0, 0], w[:, :, 0, 0], {"transB": 1}, 0
    if layer.kind == "transposed":
        attributes = geometry(layer) | {"output_padding": layer.output_padding}
        return "ConvTranspose", x, transposed_weights(layer), attributes, 1
    return "Conv", x, w, geometry(layer), 0


def product(rng, form, dtype):
    """(The bytes of a model of a MatMul, an input for it); weights of either type, of one scale or several."""
    rank, channels, kernels = rng.integers(2, 5), int(rng.integers(1, 200)), int(rng.integers(1, 40))
    shape = (*rng.integers(1, 6, rank - 1).tolist(), channels)
    limits, w_type = (
        np.iinfo(dtype),
        np.dtype(["int8", "uint8"][rng.integers(2)] if dtype == "uint8" else "int8"),
    )
    zero_point = int(rng.integers(0, 256)) if w_type == np.uint8 else 0
    several = w_type == np.int8 and rng.integers(2)
    w = rng.integers(np.iinfo(w_type).min, np.iinfo(w_type).max + 1, (channels, kernels), w_type)
    scales = rng.uniform(0.5, 2, kernels if several else 1).astype(np.float32) / 128
    x = Spot(shape, 0.02, int(rng.integers(limits.min, limits.max + 1)), dtype)
    y = Spot((), 0.02 * np.sqrt(channels), int(rng.integers(limits.min, limits.max + 1)), dtype)
    writer = Writer()
    zero_points = np.full(len(scales), zero_point, w_type)
    name, weights = writer.input("x0", dtype, shape), writer.constant(w)
    w_scale = [writer.constant(scales if several else scales[0])]
    w_scale.append(writer.constant(zero_points if several else zero_points[0]))
    if form == "qlinear":
        arguments = [name, *writer.scale(x), weights, *w_scale, *writer.scale(y)]
        made = writer.node("QLinearMatMul", arguments, "y")
    else:
        real = writer.node("DequantizeLinear", [weights, *w_scale], "w_real", axis=1)
        made = writer.quantise(writer.node("MatMul", [writer.real(name, x), real], "made"), y, "y")
    return writer.finish(made, dtype), x.draw(rng)
