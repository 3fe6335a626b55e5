"""One-operator ONNX models of a layer, and ONNX Runtime's answer. ONNX's arrays are channels first."""

from dataclasses import replace

import numpy as np
import onnxruntime
from onnx import helper, numpy_helper
from onnx.helper import np_dtype_to_tensor_dtype as onnx_type

OPSET, IR_VERSION = 13, 8


def qlinear_conv(layer):
    """QLinearConv's output, of x's dtype [n, ho, wo, kn], for a roles.layers.Layer without activation."""
    zero = layer.x.dtype.type
    constants = {
        "x_scale": layer.input_scale,
        "x_zero_point": zero(layer.input_zero_point),
        "w": channels_first(layer.w),
        "w_scale": layer.weight_scales,
        "w_zero_point": np.zeros(layer.kernels, np.int8),
        "y_scale": layer.output_scale,
        "y_zero_point": zero(layer.output_zero_point),
        "bias": layer.bias,
    }
    return _conv("QLinearConv", layer, constants, layer.x.dtype)


def conv_integer(layer, weight_zero_point=None):
    """ConvInteger's accumulators, int32 [n, ho, wo, kn]. It has no bias; its weights may be uint8.

    int8 data with uint8 weights saturates in the middle on processors without VNNI: it is moved by 128 to uint8.
    """
    if layer.w.dtype == np.uint8 and layer.x.dtype == np.int8:
        moved = layer.x.view(np.uint8) ^ np.uint8(128)
        layer = replace(layer, x=moved, input_zero_point=layer.input_zero_point + 128)
    constants = {"w": channels_first(layer.w), "x_zero_point": layer.x.dtype.type(layer.input_zero_point)}
    if weight_zero_point is not None:
        constants["w_zero_point"] = weight_zero_point
    return _conv("ConvInteger", layer, constants, np.dtype(np.int32))


def conv_transpose(layer):
    """The float ConvTranspose's sums as int32 [n, ho, wo, kn]; exact while they stay below 2**24."""
    x = channels_first(layer.x.astype(np.float32) - layer.input_zero_point)
    attributes = geometry(layer) | {"output_padding": layer.output_padding}
    w = transposed_weights(layer)
    constants = {"w": w.astype(np.float32), "bias": layer.bias.astype(np.float32)}
    sums = channels_last(run("ConvTranspose", {"x": x}, constants, np.float32, attributes))
    assert np.abs(sums).max() < 1 << 24, "float32 does not hold these sums"
    return sums.astype(np.int32)


def transposed_weights(layer):
    """The kernels of a transposed layer as ConvTranspose has them: [c, kn/groups, kh, kw]."""
    _, kh, kw, group_c = layer.w.shape
    grouped = layer.w.reshape(layer.groups, -1, kh, kw, group_c)
    return grouped.transpose(0, 4, 1, 2, 3).reshape(layer.groups * group_c, -1, kh, kw)


def geometry(layer):
    """The attributes of a convolution."""
    (top, bottom), (left, right) = layer.pads
    return {
        "strides": layer.stride,
        "dilations": layer.dilation,
        "group": layer.groups,
        "pads": (top, left, bottom, right),
    }


def channels_first(array):
    """NHWC becomes NCHW; kernels alike."""
    return np.ascontiguousarray(np.moveaxis(array, -1, 1))


def channels_last(array):
    """NCHW becomes NHWC."""
    return np.ascontiguousarray(np.moveaxis(array, 1, -1))


def _conv(operator, layer, constants, output_dtype):
    attributes = geometry(layer) | {"kernel_shape": layer.w.shape[1:3]}
    return channels_last(run(operator, {"x": channels_first(layer.x)}, constants, output_dtype, attributes))


def run(operator, inputs, constants, output_dtype, attributes):
    """ONNX Runtime's output for a model of one operator, whose arguments are `inputs`, then `constants`."""
    arguments = [helper.make_tensor_value_info(n, onnx_type(a.dtype), a.shape) for n, a in inputs.items()]
    weights = [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()]
    node = helper.make_node(operator, [*inputs, *constants], ["y"], **attributes)
    result = helper.make_tensor_value_info("y", onnx_type(np.dtype(output_dtype)), None)
    graph = helper.make_graph([node], operator, arguments, [result], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    return session(model.SerializeToString(), inputs).run(None, inputs)[0]


def session(content, inputs):
    """An inference session on one core."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    if any(array.dtype == np.uint8 for array in inputs.values()):
        # Without VNNI, uint8 times int8 saturates in the middle unless this is set; int8 has no such kernel.
        options.add_session_config_entry("session.x64quantprecision", "1")
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
