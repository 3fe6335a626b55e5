"""ONNX networks: as the runtime's own tool quantises them, and files that are none, or hold what is not supported."""

import re

import convloom
import numpy as np
import onnx
import pytest
from roles import layers, onnx_network, onnx_operator
from roles.onnx_layer import channels_first
from roles.tflite_operator import Spot

PICTURES = 6
PICTURE = (1, 2, 4, 4)


def load(tmp_path, content):
    path = tmp_path / "model.onnx"
    path.write_bytes(content if isinstance(content, bytes) else content.SerializeToString())
    return convloom.load(path)


def refused(tmp_path, content, message):
    with pytest.raises(convloom.ModelError, match=re.escape(message)):
        load(tmp_path, content)


@pytest.mark.parametrize("per_channel", [True, False], ids=["each channel", "each tensor"])
@pytest.mark.parametrize("activations", ["QInt8", "QUInt8"])
@pytest.mark.parametrize("form", ["QDQ", "QOperator"])
def test_networks(form, activations, per_channel, tmp_path):
    """Whole networks: the probabilities are those of the runtime, bit for bit."""
    rng, path = np.random.default_rng(5), tmp_path / "model.onnx"
    onnx_network.quantise(onnx_network.float_network(rng), path, rng, form, activations, per_channel)
    model, session = convloom.load(path), onnx_network.session(path, activations)
    with convloom.open("golden") as device:
        for _ in range(PICTURES):
            x = onnx_network.picture(rng)
            np.testing.assert_array_equal(model.run(x, device), session.run(None, {"x": x})[0])


@pytest.mark.parametrize("activations", ["QInt8", "QUInt8"])
def test_on_the_rtl(activations, tmp_path):
    """The simulated device, no golden model between; it multiplies every activation by every weight."""
    rng, path = np.random.default_rng(6), tmp_path / "model.onnx"
    onnx_network.quantise(onnx_network.float_network(rng), path, rng, "QDQ", activations, True)
    x, macs = onnx_network.picture(rng), []

    def count(node, _):
        if node.operator in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
            macs.append(device.last_report.macs)

    with convloom.open("sim") as device:
        given = convloom.load(path).run(x, device, observe=count)
    np.testing.assert_array_equal(given, onnx_network.session(path, activations).run(None, {"x": x})[0])
    assert macs == [64 * 216, 64 * 72, 64 * 64, 16 * 288, 16 * 144, 120]


def test_channels_stay_last(tmp_path):
    """Transposes are left only where pictures come in, and where they end."""
    rng, path = np.random.default_rng(5), tmp_path / "model.onnx"
    onnx_network.quantise(onnx_network.float_network(rng), path, rng, "QDQ", "QInt8", True)
    model = convloom.load(path)
    operators = [node.operator for node in model.nodes]
    assert operators.count("TRANSPOSE") == 2
    assert "DEPTHWISE_CONV_2D" in operators and operators.count("CONV_2D") == 4


def test_transposes_around_layers_vanish(tmp_path):
    """A file whose pictures have their channels last, as some exporters write it."""
    writer, x = onnx_operator.Writer(), Spot((1, 6, 5, 3), 0.05, 3)
    w = writer.real(writer.constant(np.ones((4, 3, 3, 3), np.int8)), Spot((), 0.01))
    real = writer.real(writer.input("x0", "int8", x.shape), x)
    first = writer.node("Transpose", [real], "first", perm=[0, 3, 1, 2])
    made = writer.node("Conv", [first, w], "made")
    last = writer.node("Transpose", [made], "last", perm=[0, 2, 3, 1])
    content = writer.finish(writer.quantise(last, Spot((), 0.1, -2), "y"), "int8")
    model, array = load(tmp_path, content), x.draw(np.random.default_rng(3))
    assert [node.operator for node in model.nodes] == ["CONV_2D"]
    with convloom.open("golden") as device:
        np.testing.assert_array_equal(model.run(array, device), onnx_operator.runtime(content, [array]))


def test_shapes_that_the_network_computes(tmp_path):
    """Shape, Gather, Unsqueeze and Concat before a Reshape."""
    writer, x = onnx_operator.Writer(), Spot((2, 3, 4, 5), 0.05, 3)
    real = writer.real(writer.input("x0", "int8", x.shape), x)
    shape = writer.node("Shape", [real], "shape")
    first = writer.node("Gather", [shape, writer.constant(np.int64(0))], "first")
    row = writer.node("Unsqueeze", [first, writer.constant(np.array([0]))], "row")
    shape = writer.node("Concat", [row, writer.constant(np.array([-1]))], "to", axis=0)
    moved = writer.node("Reshape", [real, shape], "moved")
    model = load(tmp_path, writer.finish(writer.quantise(moved, x, "y"), "int8"))
    assert [node.operator for node in model.nodes] == ["RESHAPE"]
    assert model.outputs[0].shape == (2, 60)


def test_real_probabilities(tmp_path):
    """A Softmax that is left in float: within its last bits."""
    writer, x = onnx_operator.Writer(), Spot((2, 50), 0.05, 3)
    real = writer.real(writer.input("x0", "int8", x.shape), x)
    content = writer.finish(writer.node("Softmax", [real], "y", axis=-1), "float32")
    array = x.draw(np.random.default_rng(4))
    with convloom.open("golden") as device:
        given = load(tmp_path, content).run(array, device)
    np.testing.assert_allclose(given, onnx_operator.runtime(content, [array]), rtol=1e-5)


@pytest.mark.parametrize("softmax", [False, True])
def test_real_scores(softmax, tmp_path):
    """A matrix product whose scores are left in float: the device's accumulators, times a scale."""
    writer, rng, x = onnx_operator.Writer(), np.random.default_rng(5), Spot((3, 64), 0.05, 3)
    w = writer.real(writer.constant(rng.integers(-128, 128, (64, 10), np.int8)), Spot((), 0.01))
    made = writer.node("MatMul", [writer.real(writer.input("x0", "int8", x.shape), x), w], "scores")
    made = writer.node("Softmax", [made], "y", axis=-1) if softmax else made
    content, array = writer.finish(made, "float32"), x.draw(rng)
    with convloom.open("golden") as device:
        given = load(tmp_path, content).run(array, device)
        assert device.last_report.macs == 3 * 64 * 10
    np.testing.assert_allclose(given, onnx_operator.runtime(content, [array]), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("rounding", ["double", "double_up", "single", "float32"])
def test_other_roundings(rounding, tmp_path):
    """The file's own is float32; others differ by the rounding of the layers."""
    layer = layers.draw(np.random.default_rng(6), "dense", padding="explicit", activation="none", powers=True)
    model = load(tmp_path, onnx_operator.layer(layer, "qdq"))
    with convloom.open("golden") as device:
        x = channels_first(layer.x)
        given = model.run(x, device, rounding)
        np.testing.assert_array_equal(given, channels_first(layer.outputs(rounding)))
        assert np.array_equal(given, model.run(x, device)) == (rounding == "float32")


def test_what_is_no_model(tmp_path):
    refused(tmp_path, b"", "it must be an ONNX model with operators and outputs, not one without")
    refused(tmp_path, b"\x89PNG\r\n\x1a\n", "it must be an ONNX model, not another or a truncated file")
    (tmp_path / "model.pt").write_bytes(b"PK")
    with pytest.raises(convloom.ModelError, match=r"must be a \.tflite or \.onnx file, not \.pt"):
        convloom.load(tmp_path / "model.pt")


def test_truncated(tmp_path):
    content = onnx_operator.qdq("Relu", [Spot(PICTURE)], Spot(PICTURE))
    refused(
        tmp_path, content[: len(content) // 2], "it must be an ONNX model, not another or a truncated file"
    )


def test_an_unsupported_operator_is_named(tmp_path):
    content = onnx_operator.qdq("Tanh", [Spot(PICTURE)], Spot(PICTURE))
    refused(tmp_path, content, "operator 1, Tanh ('real'): an operator must be one of Add, AveragePool, ")


def test_float(tmp_path):
    network = onnx_network.float_network(np.random.default_rng(1))
    refused(
        tmp_path, network, "operator 0, Conv ('Conv0'): input 0 must be quantised values, not real numbers"
    )


def two(operator, *constants, **attributes):
    """The bytes of a model of that operator, quantised."""
    return onnx_operator.qdq(operator, [Spot(PICTURE)], Spot(PICTURE), *constants, **attributes)


@pytest.mark.parametrize(
    "content, message",
    [
        (two("Transpose", perm=[0, 1, 1, 2]), "its perm must order 4 dimensions, not (0, 1, 1, 2)"),
        (two("MaxPool"), "its kernel_shape must be 2 numbers from 1 to 4096, not [0, 0]"),
        (
            two("MaxPool", kernel_shape=[5, 5]),
            "the kernel's reach must be at most the padded input's 4, not 5",
        ),
        (two("MaxPool", kernel_shape=[2, 2], dilations=[2, 2]), "its dilations must be 1, not others"),
        (
            two("AveragePool", kernel_shape=[2, 2], auto_pad="SAME"),
            "its auto_pad must be one of ONNX's, not SAME",
        ),
        (two("AveragePool", kernel_shape=2), "its kernel_shape must be tuple, not 2"),
        (two("Softmax", axis=1), "its axis must be the last of 4 dimensions, not 1"),
        (two("Concat"), "it must have the attribute 'axis', not without"),
        (two("Concat", axis=4), "its axes must be of 4 dimensions, not [4]"),
        (two("Flatten", axis=5), "its axis must be one of 4 dimensions, not 5"),
        (two("Reshape", np.array([3, -1])), "its shape must hold 32 values, not [3, -1]"),
        (two("Reshape", np.float32(3)), "input 1 must be constant whole numbers, not a constant"),
        (two("Squeeze", np.array([1])), "its axes must have length 1, not [1]"),
        (two("Unsqueeze", np.array([0, 0])), "its axes must be of 6 dimensions, not [0, 0]"),
        (two("Pad", np.array([0] * 8), np.float32(1)), "it must pad with 0, not another number"),
        (
            onnx_operator.qlinear("GlobalAveragePool", [Spot(PICTURE)], Spot(PICTURE), channels_last=1),
            "its channels_last must be 0, not 1",
        ),
        (two("Pad", np.array([0] * 8), mode="edge"), "its mode must be 'constant', not edge"),
        (two("Slice", np.array([0]), np.array([0])), "something must be left of each dimension"),
        (two("Clip", np.float32(2), np.float32(1)), "its min must be at most its max, not [2.0, 1.0]"),
        (two("Add"), "it must have as many inputs as ONNX says, not 1"),
        (two("Add", np.float32(1)), "input 1 must be quantised values, not a constant"),
        (
            two("BatchNormalization", *np.ones((4, 2), np.float32)),
            "it must follow a convolution or matrix product",
        ),
        (
            two("Conv", np.ones((1, 2, 1, 1), np.float32)),
            "input 1 must be quantised constant weights, not a constant",
        ),
    ],
)
def test_wrong_operators(tmp_path, content, message):
    refused(tmp_path, content, message)


def convolution(tmp_path, message, shape=(2, 2, 1, 1), scales=(0.1,), bias=(1, 1), **attributes):
    """Refuses a convolution of PICTURE."""
    writer, x = onnx_operator.Writer(), Spot(PICTURE)
    scales = np.array(scales, np.float32)
    w = [np.ones(shape, np.int8), scales, np.zeros(len(scales), np.int8)]
    real = writer.node("DequantizeLinear", list(map(writer.constant, w)), "w", axis=attributes.pop("axis", 0))
    given = [
        writer.real(writer.input("x0", "int8", PICTURE), x),
        real,
        writer.constant(np.array(bias, np.int32)),
    ]
    made = writer.node("Conv", given, "made", **attributes)
    refused(
        tmp_path,
        writer.finish(writer.quantise(made, x, "y"), "int8"),
        f"operator 2, Conv ('made'): {message}",
    )


def test_wrong_layers(tmp_path):
    convolution(tmp_path, "its kernels must be for 2 channels in 1 groups, not 2 for 3", (2, 3, 1, 1))
    convolution(tmp_path, "its kernels must be for 2 channels in 3 groups, not 2 for 2", group=3)
    convolution(tmp_path, "its weights must have 4 dimensions, not [2, 2, 1]", (2, 2, 1))
    convolution(tmp_path, "its kernel_shape must be its weights', not [1, 1]", kernel_shape=[3, 3])
    convolution(tmp_path, "its bias must be 2 constants, int32 or float32, not a constant", bias=(1, 2, 3))
    convolution(
        tmp_path, "its weights must have a scale, or one for each of 2 kernels, not 3", scales=(1, 1, 1)
    )
    convolution(
        tmp_path, "its weights must have a scale, or one for each of 2 kernels, not 2", scales=(1, 1), axis=1
    )
    convolution(tmp_path, "its strides must be 2 numbers from 1 to 4096, not [0, 1]", strides=[0, 1])
    convolution(tmp_path, "the kernel's reach must be at most", (2, 2, 9, 9))


def test_wrong_scales(tmp_path):
    def content(scale, zero_point):
        writer = onnx_operator.Writer()
        names = [writer.input("x0", "int8", PICTURE), writer.constant(scale), writer.constant(zero_point)]
        return writer.finish(writer.node("DequantizeLinear", names, "y"), "float32")

    place = "operator 0, DequantizeLinear ('y'): "
    refused(tmp_path, content(np.float32(0), np.int8(0)), f"{place}its scales must be positive, not 0.0")
    refused(tmp_path, content(np.float16(1), np.int8(0)), f"{place}its scales must be constant float32")
    refused(tmp_path, content(np.float32(1), np.uint8(0)), f"{place}its zero points must be int8")


def test_data_beside_the_file(tmp_path):
    model = onnx.load_model_from_string(two("Relu"))
    model.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL
    refused(tmp_path, model, "constant 'constant0': its data must be in the file, not beside it")


def test_what_is_left_in_float(tmp_path):
    writer, x = onnx_operator.Writer(), Spot(PICTURE)
    made = writer.node("GlobalAveragePool", [writer.real(writer.input("x0", "int8", PICTURE), x)], "y")
    message = "its output must be quantised (QuantizeLinear behind it)"
    refused(tmp_path, writer.finish(made, "float32"), f"operator 1, GlobalAveragePool ('y'): {message}")


def test_a_constant_summand(tmp_path):
    """A quantised constant is an input like another, here stretched along the channels."""
    writer, x = onnx_operator.Writer(), Spot(PICTURE, 0.05, 3)
    real = writer.real(writer.input("x0", "int8", PICTURE), x)
    constant = writer.real(writer.constant(np.array([[[-7]], [[90]]], np.int8)), Spot((), 0.1, 1))
    pool = writer.node("MaxPool", [real], "pool", kernel_shape=[2, 2])
    pooled = writer.real(writer.quantise(pool, x, "pooled"), x)
    made = writer.node("Add", [pooled, constant], "sum")
    content = writer.finish(writer.quantise(made, Spot((), 0.08, -4), "y"), "int8")
    model, array = load(tmp_path, content), x.draw(np.random.default_rng(9))
    assert [node.operator for node in model.nodes] == ["TRANSPOSE", "MAX_POOL_2D", "ADD", "TRANSPOSE"]
    with convloom.open("golden") as device:
        np.testing.assert_array_equal(model.run(array, device), onnx_operator.runtime(content, [array]))


def test_sizes_that_are_open(tmp_path):
    """The first, a number of pictures, is 1; others must be there."""
    model = onnx.load_model_from_string(two("Relu"))
    sizes = model.graph.input[0].type.tensor_type.shape.dim
    sizes[0].dim_param = "pictures"
    assert load(tmp_path, model).inputs[0].shape == PICTURE
    sizes[2].dim_param = "height"
    refused(tmp_path, model, "input 'x0': its sizes behind the first must be fixed, not [0, 2, 0, 4]")
