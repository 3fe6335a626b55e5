"""The int8 digits network as .onnx files, in the two forms that ONNX Runtime's own quantiser makes.

QLinear: operators on bytes, some of them ONNX Runtime's own. QDQ: ONNX's float operators, each between
DequantizeLinear and QuantizeLinear, which say where bytes are enough. Arrays are channels first.
"""

import numpy as np
import onnx
from convloom.digits.network import METADATA, POOL
from onnx import TensorProto, helper, numpy_helper

OPSETS = {"": 13, "com.microsoft": 1}
IR_VERSION = 8
CHANCE_SCALE, CHANCE_ZERO_POINT = np.float32(1 / 256), -128


def write(layers, form):
    """The file's bytes for the Quantised layers; `form` is QLinear or QDQ."""
    chain = form(layers[0])
    for each in layers:
        chain.layer(each)
        if each.layer.pool:
            chain.move(each.layer.name + " pooled", "MaxPool", kernel_shape=[POOL] * 2, strides=[POOL] * 2)
    chain.softmax()
    return chain.finish()


class QLinear:
    """Operators one behind the other. `x` names the bytes at their end, `scale` the two names of their scale."""

    def __init__(self, layer):
        self.nodes, self.constants = [], []
        self.scale = self.scaling("picture", layer.input_scale, layer.input_zero_point)
        self.x = self.quantise("picture", "picture bytes", self.scale)

    def constant(self, name, array):
        """The name of a constant."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def scaling(self, name, scale, zero_point, dtype=np.int8):
        """The names of a scale and a zero point: one, or one for each kernel."""
        zero_points = np.broadcast_to(dtype(zero_point), np.shape(scale))
        scale = self.constant(f"{name} scale", np.float32(scale))
        return scale, self.constant(f"{name} zero point", zero_points)

    def node(self, operator, inputs, y, domain="", **attributes):
        """The name of an operator's output."""
        self.nodes.append(
            helper.make_node(operator, inputs, [y], f"{operator} {y}", domain=domain, **attributes)
        )
        return y

    def quantise(self, x, y, scale):
        """QuantizeLinear."""
        return self.node("QuantizeLinear", [x, *scale], y)

    def dequantise(self, x, y, scale, **attributes):
        """DequantizeLinear."""
        return self.node("DequantizeLinear", [x, *scale], y, **attributes)

    def layer(self, each):
        """QLinearConv or QGemm; the ReLU is where the bytes end."""
        name = each.layer.name
        if each.layer.flat:
            self.move(f"{name} input", "Flatten")
        w = self.constant(f"{name} weights", weights(each))
        w_scale = self.scaling(f"{name} weights", scales_of(each), 0)
        bias = self.constant(f"{name} bias", each.bias)
        y_scale = self.scaling(name, each.scale, each.zero_point)
        parameters = [self.x, *self.scale, w, *w_scale]
        if each.layer.flat:
            self.x = self.node("QGemm", [*parameters, bias, *y_scale], name, "com.microsoft", transB=1)
        else:
            self.x = self.node("QLinearConv", [*parameters, *y_scale, bias], name, **window(each))
        self.scale = y_scale

    def move(self, name, operator, **attributes):
        """An operator that leaves bytes as they are."""
        self.x = self.node(operator, [self.x], name, **attributes)

    def softmax(self):
        """QLinearSoftmax, and the probabilities as real numbers."""
        y_scale = self.scaling("probabilities", CHANCE_SCALE, CHANCE_ZERO_POINT)
        given = [self.x, *self.scale, *y_scale]
        y = self.node("QLinearSoftmax", given, "probability bytes", "com.microsoft", axis=-1, opset=13)
        self.dequantise(y, "probabilities", y_scale)

    def finish(self):
        """The file's bytes, with metadata."""
        picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 1, 8, 8])
        picture.type.denotation = "IMAGE"
        answer = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, 10])
        graph = helper.make_graph(self.nodes, "handwritten digits", [picture], [answer], self.constants)
        opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="convloom"
        )
        helper.set_model_props(model, properties())
        onnx.checker.check_model(model)
        return model.SerializeToString(deterministic=True)


class QDQ(QLinear):
    """`x` names the real numbers at the end of the operators."""

    def __init__(self, layer):
        super().__init__(layer)
        self.x = self.dequantise(self.x, "picture values", self.scale)

    def layer(self, each):
        """Conv and Relu, or Gemm."""
        name = each.layer.name
        if each.layer.flat:
            self.move(f"{name} input", "Flatten")
        w = self.constant(f"{name} weights bytes", weights(each))
        w = self.dequantise(w, f"{name} weights", self.scaling(f"{name} weights", scales_of(each), 0), axis=0)
        unit = each.input_scale * scales_of(each)
        bias = self.constant(f"{name} bias bytes", each.bias)
        bias = self.dequantise(bias, f"{name} bias", self.scaling(f"{name} bias", unit, 0, np.int32), axis=0)
        given = [self.x, w, bias]
        if each.layer.flat:
            y = self.node("Gemm", given, f"{name} sums", transB=1)
        else:
            y = self.node(
                "Relu", [self.node("Conv", given, f"{name} sums", **window(each))], f"{name} rectified"
            )
        self.scale = self.scaling(name, each.scale, each.zero_point)
        self.between(y, name)

    def between(self, y, name):
        """QuantizeLinear and DequantizeLinear behind `y`."""
        self.x = self.dequantise(self.quantise(y, f"{name} bytes", self.scale), name, self.scale)

    def move(self, name, operator, **attributes):
        """An operator that leaves bytes as they are."""
        self.between(self.node(operator, [self.x], f"{name} moved", **attributes), name)

    def softmax(self):
        """Softmax."""
        y = self.node("Softmax", [self.x], "chances", axis=-1)
        self.scale = self.scaling("probabilities", CHANCE_SCALE, CHANCE_ZERO_POINT)
        self.between(y, "probabilities")


def weights(each):
    """Of a layer, channels first; of the fully connected one in the order of a flattened picture, channels first."""
    w = each.w.transpose(0, 3, 1, 2)
    return w.reshape(len(w), -1) if each.layer.flat else w


def scales_of(each):
    """One, or one for each kernel."""
    return each.weight_scales[0] if each.layer.flat else each.weight_scales


def window(each):
    """The attributes of a convolution."""
    kernels, height, width, _ = each.w.shape
    pads = [height // 2, width // 2] * 2
    return {"kernel_shape": [height, width], "pads": pads, "group": kernels if each.layer.depthwise else 1}


def properties():
    """ONNX's metadata: keys for pictures from its MetadataProps.md, the classes' names as exporters write them."""
    return {
        "Image.BitmapPixelFormat": "Gray8",
        "Image.ColorSpaceGamma": "SRGB",
        "Image.NominalPixelRange": "Normalized_1_1",
        "names": str(dict(enumerate(METADATA.labels))),
    }
