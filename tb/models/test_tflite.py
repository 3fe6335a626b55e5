"""Files that are no models, damaged, or hold what is not supported: an error that says so."""

import re

import convloom
import numpy as np
import pytest
from roles import layers, tflite_layer, tflite_operator
from roles.tflite_operator import Spot, options, pool

PICTURE = (1, 4, 4, 2)


def dense():
    """The bytes of a model of one convolution."""
    layer = layers.draw(np.random.default_rng(3), "dense", padding="same", activation="relu6")
    return tflite_layer.model(layer, layer.accumulators().shape)


def load(tmp_path, content):
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    return convloom.load(path)


def refused(tmp_path, content, message):
    with pytest.raises(convloom.ModelError, match=re.escape(message)):
        load(tmp_path, content)


def test_what_is_no_model(tmp_path):
    refused(tmp_path, b"", "must be a TFLite model (bytes 4 to 8 are 'TFL3'), not b''")
    refused(tmp_path, b"\x89PNG\r\n\x1a\n", "must be a TFLite model")
    with pytest.raises(FileNotFoundError):
        convloom.load(tmp_path / "absent.tflite")


@pytest.mark.parametrize("part", [0.02, 0.3, 0.9])
def test_truncated(tmp_path, part):
    content = dense()
    refused(tmp_path, content[: max(8, int(len(content) * part))], "not a damaged or truncated one")


def test_an_unsupported_operator_is_named(tmp_path):
    content = tflite_operator.file("TANH", [Spot(PICTURE)], Spot(PICTURE))
    refused(
        tmp_path, content, "operator 0, TANH ('y'): an operator must be one of CONV_2D, DEPTHWISE_CONV_2D, "
    )


def test_float(tmp_path):
    x = Spot(PICTURE, dtype="float32")
    content = tflite_operator.file("RELU", [x], x)
    message = "operator 0, RELU ('y'): input 0 must be int8 or uint8 (a quantised network), not float32"
    refused(tmp_path, content, message)


@pytest.mark.parametrize(
    "code, inputs, output, table, constant, message",
    [
        ("ADD", [PICTURE] * 2, (1, 4, 4, 3), options("Add", "none"), None, "its output must be [1, 4, 4, 2]"),
        (
            "ADD",
            [PICTURE, (3,)],
            PICTURE,
            options("Add", "none"),
            None,
            "its inputs must stretch to one shape",
        ),
        ("ADD", [PICTURE] * 2, PICTURE, options("Mul", "none"), None, "its options must be AddOptions"),
        ("ADD", [PICTURE], PICTURE, options("Add", "none"), None, "it must have 2 to 2 inputs, not 1"),
        ("TRANSPOSE", [PICTURE], PICTURE, None, [0, 1, 1, 2], "it must order 4 dimensions"),
        ("PAD", [PICTURE], PICTURE, None, [0] * 6, "its pads must be 4 pairs of 0 or more"),
        ("PAD", [PICTURE] * 2, PICTURE, None, None, "input 1 must be a constant of whole numbers"),
        ("MEAN", [PICTURE], PICTURE, options("Reducer"), [4], "its axes must be of 4 dimensions"),
        ("RESHAPE", [PICTURE], (33,), None, [33], "its output must hold 32 values, not 33"),
        (
            "SOFTMAX",
            [PICTURE],
            PICTURE,
            options("Softmax", Beta=1.0),
            None,
            "its output's scale must be 1/256",
        ),
        (
            "MAX_POOL_2D",
            [PICTURE],
            PICTURE,
            pool((5, 5), (1, 1), "valid", "none"),
            None,
            "the kernel's reach",
        ),
        (
            "MAX_POOL_2D",
            [PICTURE],
            PICTURE,
            pool((2, 2), (0, 1), "same", "none"),
            None,
            "its stride must be from 1",
        ),
        (
            "CONCATENATION",
            [PICTURE],
            PICTURE,
            options("Concatenation", "none", Axis=4),
            None,
            "its axis must be",
        ),
    ],
)
def test_wrong_operators(tmp_path, code, inputs, output, table, constant, message):
    spots = [Spot(shape) for shape in inputs]
    content = tflite_operator.file(code, spots, Spot(output), table, constant)
    refused(tmp_path, content, message)


def test_unequal_scales(tmp_path):
    content = tflite_operator.file("RESHAPE", [Spot((4,))], Spot((2, 2), scale=0.1), None, [2, 2])
    refused(tmp_path, content, "must have equal scales and zero points")


def test_scales_too_far_apart(tmp_path):
    model = load(tmp_path, tflite_operator.file("RELU", [Spot((4,), scale=1e6)], Spot((4,), scale=1e-6)))
    with (
        convloom.open("golden") as device,
        pytest.raises(convloom.ModelError, match=r"operator 0, RELU \('y'\): "),
    ):
        model.run(np.zeros(4, np.int8), device)


def test_the_input_is_checked(tmp_path):
    model = load(tmp_path, tflite_operator.file("RELU", [Spot(PICTURE)], Spot(PICTURE)))
    with convloom.open("golden") as device:
        with pytest.raises(
            ValueError, match=r"input 'x0' must be a numpy array of int8 \[1, 4, 4, 2\], not "
        ):
            model.run(np.zeros((4, 4, 2), np.int8), device)
        with pytest.raises(ValueError, match="x must be an array for each of 1 inputs, not 2"):
            model.run((np.zeros(PICTURE, np.int8),) * 2, device)
