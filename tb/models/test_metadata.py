"""What a model file says of pictures and classes, in TFLite's form and in ONNX's."""

from pathlib import Path

import convloom
import numpy as np
import pytest
from convloom.cli import main
from convloom.models import metadata, tflite_metadata
from convloom.models.metadata import Metadata
from convloom.models.tflite_writer import Writer
from onnx import TensorProto, helper
from PIL import Image

TOLD = Metadata(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), labels=("cat", "dog", "Straße"))


def tflite(told=None, labels=(), channels=3):
    """A .tflite file: a RELU of a picture 1x1, whose values are then its classes, with its metadata."""
    writer, shape = Writer(), (1, 1, 1, channels)
    x, y = (writer.tensor(name, "int8", shape, [0.05]) for name in ("x", "y"))
    writer.operator("RELU", 2, [x], [y])
    packed = told and {tflite_metadata.NAME: tflite_metadata.pack(told, "test", channels)}
    content = writer.finish([x], [y], metadata=packed)
    return tflite_metadata.append_labels(content, labels) if labels else content


def onnx(properties):
    """An .onnx file of nothing but metadata."""
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    model = helper.make_model(helper.make_graph([], "g", [value], [value]))
    helper.set_model_props(model, properties)
    return model.SerializeToString()


def close(found, expected):
    np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-6)
    np.testing.assert_allclose(found.std, expected.std, rtol=1e-6)
    assert (found.order, found.labels) == (expected.order, expected.labels)


def test_tflite():
    close(metadata.read(tflite(TOLD, TOLD.labels)), TOLD)


@pytest.mark.parametrize("content", [tflite(), onnx({})], ids=["tflite", "onnx"])
def test_nothing_told(content):
    assert metadata.read(content) == Metadata((0.0,), (1.0,), "rgb", ())


def test_tflite_without_the_labels_it_names(tmp_path):
    """The network itself can be had."""
    (tmp_path / "model.tflite").write_bytes(tflite(TOLD))
    model = convloom.load(tmp_path / "model.tflite")
    with pytest.raises(convloom.ModelError, match="model.tflite: its metadata must be whole, not damaged"):
        _ = model.metadata


def test_damaged_tflite_metadata():
    """Each gives a ModelError or something of the right type; both happen."""
    rng, content, refused = np.random.default_rng(5), tflite(TOLD, TOLD.labels), 0
    packed = tflite_metadata.pack(TOLD, "test", 3)
    begin = content.index(packed)
    for _ in range(300):
        damaged = bytearray(content)
        for place in rng.integers(begin, begin + len(packed), rng.integers(1, 5)):
            damaged[place] = rng.choice([0, 1, 127, 128, 255, rng.integers(256)])
        try:
            found = metadata.read(bytes(damaged))
            assert isinstance(found.mean, tuple) and isinstance(found.labels, tuple)
        except convloom.ModelError:
            refused += 1
    assert 30 < refused < 300


@pytest.mark.parametrize(
    "properties, expected",
    [
        ({"Image.NominalPixelRange": "Normalized_0_1"}, Metadata()),
        ({"Image.NominalPixelRange": "Normalized_1_1"}, Metadata((0.5,), (0.5,))),
        ({"image.nominalpixelrange": "NOMINALRANGE_0_255"}, Metadata((0.0,), (1 / 255,))),
        ({"Image.BitmapPixelFormat": "Bgr8"}, Metadata(order="bgr")),
        ({"Image.BitmapPixelFormat": "Rgb8"}, Metadata(order="rgb")),
        ({"mean": "[0.485, 0.456, 0.406]", "std": "0.229, 0.224, 0.225"}, Metadata(TOLD.mean, TOLD.std)),
        ({"Image.NominalPixelRange": "Normalized_1_1", "std": "0.25"}, Metadata((0.5,), (0.25,))),
        ({"names": "{0: 'cat', 2: 'dog'}"}, Metadata(labels=("cat", "class 1", "dog"))),
        ({"class_names": '["cat", "dog"]'}, Metadata(labels=("cat", "dog"))),
        ({"labels": "cat, dog"}, Metadata(labels=("cat", "dog"))),
    ],
)
def test_onnx(properties, expected):
    close(metadata.read(onnx(properties)), expected)


def test_the_range_of_video():
    """16 to 235: what black, 0, and white, 255, become."""
    told = metadata.read(onnx({"Image.NominalPixelRange": "NominalRange_16_235"}))
    values = (np.array([0, 1]) - told.mean[0]) / told.std[0]
    np.testing.assert_allclose(values, [16, 235])


@pytest.mark.parametrize("properties", [{"mean": "half"}, {"names": "{0: 'cat'"}, {"names": "{'a': 'cat'}"}])
def test_damaged_onnx_metadata(properties):
    with pytest.raises(convloom.ModelError, match="model.onnx: its metadata must be whole"):
        metadata.read(onnx(properties), "model.onnx")


@pytest.mark.parametrize(
    "options, answer",
    [((), [0, 10, 20]), (("--mean", "0", "--std", "1"), [20, 20, 20])],
    ids=["file's", "told"],
)
def test_run_does_as_the_file_says(tmp_path, capsys, options, answer):
    """A white picture, where the channels' means and stds differ; what the user says goes before it."""
    told = Metadata(mean=(1.0, 0.5, 0.0), std=(1.0, 1.0, 1.0), labels=("red", "green", "blue"))
    (tmp_path / "model.tflite").write_bytes(tflite(told, told.labels))
    Image.new("RGB", (2, 2), "white").save(tmp_path / "white.png")
    given = ["--image", str(tmp_path / "white.png"), "--device", "golden", *options]
    places = ["--output", str(tmp_path / "y.npy"), "--top", "1"]
    assert main(["run", str(tmp_path / "model.tflite"), *given, *places]) == 0
    assert np.load(tmp_path / "y.npy").ravel().tolist() == answer
    assert capsys.readouterr().out.split()[1] == told.labels[int(np.argmax(answer))]


def test_every_model_has_it():
    model = convloom.load(Path(convloom.__file__).parent / "digits" / "digits.tflite")
    assert model.metadata.labels[7] == "seven"
