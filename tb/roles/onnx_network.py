"""A small float network, and what ONNX Runtime's own tool makes of it when it quantises."""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

PICTURE = (1, 3, 16, 16)
OPSET, IR_VERSION = 17, 8


class Builder:
    """Nodes with their constants; each gives one value, by which it is named."""

    def __init__(self, rng):
        self.rng, self.nodes, self.constants = rng, [], []

    def constant(self, array):
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array, np.float32), name))
        return name

    def node(self, operator, inputs, **attributes):
        name = f"{operator}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def layer(self, operator, x, shape, kernels, **attributes):
        """A convolution or matrix product with drawn weights."""
        w = self.constant(self.rng.normal(size=shape) * 0.3)
        return self.node(operator, [x, w, self.constant(self.rng.normal(size=kernels) * 0.1)], **attributes)


def float_network(rng):
    """The ModelProto: convolutions of three kinds, a shortcut, pools, a branch, a classifier."""
    net = Builder(rng)
    x = net.layer("Conv", "x", (8, 3, 3, 3), 8, pads=[1, 1, 1, 1], strides=[2, 2])
    x = net.node("Relu", [x])
    x = net.layer("Conv", x, (8, 1, 3, 3), 8, pads=[1, 1, 1, 1], group=8)
    x = net.node("Clip", [x, net.constant(0), net.constant(6)])
    x = net.node("Add", [x, net.layer("Conv", x, (8, 8, 1, 1), 8)])
    x = net.node("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2])
    branch = net.node("AveragePool", [x], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    x = net.node("Concat", [net.layer("Conv", x, (4, 8, 3, 3), 4, pads=[1, 1, 1, 1]), branch], axis=1)
    x = net.node("Mul", [x, net.node("Sigmoid", [net.layer("Conv", x, (12, 12, 1, 1), 12)])])
    x = net.node("Flatten", [net.node("GlobalAveragePool", [x])])
    x = net.node("Softmax", [net.layer("Gemm", x, (10, 12), 10, transB=1)], axis=-1)
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", PICTURE), (x, (1, 10)))
    ]
    graph = helper.make_graph(net.nodes, "network", ends[:1], ends[1:], net.constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


class Pictures(CalibrationDataReader):
    """Random pictures, from which the ranges are taken."""

    def __init__(self, rng):
        self.left = [{"x": picture(rng)} for _ in range(8)]

    def get_next(self):
        return self.left.pop() if self.left else None


def picture(rng):
    return rng.normal(size=PICTURE).astype(np.float32)


def quantise(model, path, rng, form, activations, per_channel):
    """Writes the quantised network.

    Parameters
    ----------
    form : "QDQ" or "QOperator"
    activations : "QInt8" or "QUInt8"
    """
    quantize_static(
        model,
        path,
        Pictures(rng),
        quant_format=QuantFormat[form],
        activation_type=QuantType[activations],
        weight_type=QuantType.QInt8,
        per_channel=per_channel,
    )


def session(path, activations):
    """ONNX Runtime on one core, in whole numbers.

    By itself it leaves part of an int8 QDQ network in float on x86. Without VNNI uint8 times int8 would saturate.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    key = "session.qdqisint8allowed" if activations == "QInt8" else "session.x64quantprecision"
    options.add_session_config_entry(key, "1")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
