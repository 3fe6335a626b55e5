"""The int8 digits network as a .tflite file."""

import numpy as np
from convloom.digits.network import METADATA
from convloom.models import tflite_metadata
from convloom.models.tflite_writer import Writer
from tflite import ActivationFunctionType, Padding

CHANCE = {"scales": [1 / 256], "zero_point": -128}  # of a softmax's output, as TFLite demands it


def write(layers):
    """The file's bytes for the Quantised layers, with its metadata."""
    chain = Chain(Writer(), layers[0])
    for each in layers:
        if each.layer.flat:
            chain.fully_connected(each)
        else:
            chain.convolution(each)
        if each.layer.pool:
            chain.pool(each)
    chain.softmax()
    metadata = {tflite_metadata.NAME: tflite_metadata.pack(METADATA, "handwritten digits")}
    content = chain.writer.finish([chain.first], [chain.x], "handwritten digits", metadata)
    return tflite_metadata.append_labels(content, METADATA.labels)


class Chain:
    """Operators one behind the other. `x` is the number of the tensor at its end, `shape` what that tensor's is."""

    def __init__(self, writer, layer):
        self.writer, self.shape = writer, [1, 8, 8, 1]
        self.x = self.first = self.activation("picture", layer.input_scale, layer.input_zero_point)

    def activation(self, name, scale, zero_point):
        """The number of a new int8 tensor of the present shape."""
        return self.writer.tensor(name, "int8", self.shape, [scale], zero_point)

    def then(self, code, version, y, constants=(), options="", **fields):
        """An operator from the end of the chain, and constants, to the tensor `y`, which is the end from now on."""
        self.writer.operator(code, version, [self.x, *constants], [y], options, **fields)
        self.x = y

    def constants(self, each, w, axis):
        """The numbers of weights and bias."""
        name, kernels = each.layer.name, len(each.bias)
        scales = each.input_scale.astype(float) * each.weight_scales
        return (
            self.writer.tensor(f"{name} weights", "int8", w.shape, each.weight_scales, data=w, axis=axis),
            self.writer.tensor(f"{name} bias", "int32", (kernels,), scales, data=each.bias),
        )

    def convolution(self, each):
        """CONV_2D or DEPTHWISE_CONV_2D with its ReLU."""
        self.shape[3] = len(each.w)
        options = {"Padding": Padding.SAME, "StrideH": 1, "StrideW": 1}
        options["FusedActivationFunction"] = ActivationFunctionType.RELU
        y = self.activation(each.layer.name, each.scale, each.zero_point)
        if each.layer.depthwise:
            constants = self.constants(each, each.w.transpose(3, 1, 2, 0), 3)
            self.then(
                "DEPTHWISE_CONV_2D", 3, y, constants, "DepthwiseConv2DOptions", DepthMultiplier=1, **options
            )
        else:
            self.then("CONV_2D", 3, y, self.constants(each, each.w, 0), "Conv2DOptions", **options)

    def pool(self, each):
        """MAX_POOL_2D, 2x2."""
        self.shape[1:3] = self.shape[1] // 2, self.shape[2] // 2
        y = self.activation(f"{each.layer.name} pooled", each.scale, each.zero_point)
        sides = {name: 2 for name in ("FilterHeight", "FilterWidth", "StrideH", "StrideW")}
        self.then("MAX_POOL_2D", 2, y, (), "Pool2DOptions", Padding=Padding.VALID, **sides)

    def fully_connected(self, each):
        """RESHAPE and FULLY_CONNECTED."""
        w = each.w.reshape(len(each.w), -1)
        self.shape = [1, w.shape[1]]
        shape = self.writer.tensor("flat shape", "int32", (2,), data=np.array(self.shape, np.int32))
        self.then("RESHAPE", 1, self.activation("flat", each.input_scale, each.input_zero_point), (shape,))
        self.shape = [1, len(w)]
        y = self.activation(each.layer.name, each.scale, each.zero_point)
        self.then("FULLY_CONNECTED", 4, y, self.constants(each, w, 0), "FullyConnectedOptions")

    def softmax(self):
        """SOFTMAX."""
        y = self.writer.tensor("probabilities", "int8", self.shape, **CHANCE)
        self.then("SOFTMAX", 2, y, (), "SoftmaxOptions", Beta=1.0)
