"""Pictures as inputs, and the command that runs a network on one."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from convloom.cli import main
from convloom.cli.run import probabilities
from convloom.models.graph import Tensor
from convloom.models.metadata import Metadata
from convloom.models.pictures import read_picture
from PIL import Image
from roles import tflite_operator
from roles.tflite_operator import Spot, options

MOBILENET = Path(__file__).resolve().parents[3] / "shared" / "models" / "mobilenet_v2_224_int8.tflite"
IMAGENET = ["--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225"]


def tensor(shape, scale=1 / 255, zero_point=-128):
    return Tensor(0, "x", shape, "int8", np.array([scale], np.float32), zero_point)


def network(answer, *operators):
    """What `probabilities` has to know of a Model."""
    return SimpleNamespace(outputs=[answer], nodes=[SimpleNamespace(operator=name) for name in operators])


def picture(path, size=(8, 4)):
    """A file, left half red, right half blue; `size` is (width, height)."""
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[:, : size[0] // 2, 0], pixels[:, size[0] // 2 :, 2] = 255, 255
    Image.fromarray(pixels).save(path)
    return path


def test_pixels_are_quantised_by_the_scale(tmp_path):
    x = read_picture(picture(tmp_path / "x.png"), tensor((1, 4, 8, 3)))
    assert x.shape == (1, 4, 8, 3) and x.dtype == np.int8
    assert x[0, 0, 0].tolist() == [127, -128, -128] and x[0, 3, 7].tolist() == [-128, -128, 127]


def test_channels_first_and_means(tmp_path):
    path = picture(tmp_path / "x.png")
    means = Metadata(mean=(0.5, 0.25, 0.1), std=(0.5, 1.0, 0.25))
    first = read_picture(path, tensor((1, 3, 4, 8), 0.02, 3), means)
    last = read_picture(path, tensor((1, 4, 8, 3), 0.02, 3), means)
    assert first[0, :, 0, 0].tolist() == [53, -10, -17]  # 1/0.02 + 3, -0.25/0.02 + 3 to even, -0.4/0.02 + 3
    np.testing.assert_array_equal(first.transpose(0, 2, 3, 1), last)


def test_blue_first_and_uint8(tmp_path):
    spot = replace(tensor((1, 4, 8, 3), 1 / 255, 0), dtype="uint8")
    x = read_picture(picture(tmp_path / "x.png"), spot, Metadata(order="bgr"))
    assert x.dtype == np.uint8
    assert x[0, 0, 0].tolist() == [0, 0, 255] and x[0, 3, 7].tolist() == [255, 0, 0]


def test_the_centre_is_cut_out(tmp_path):
    x = read_picture(picture(tmp_path / "x.png", (40, 4)), tensor((1, 4, 4, 3)))
    assert (x[0, :, :2, 0] == 127).all() and (x[0, :, 2:, 2] == 127).all()


@pytest.mark.parametrize(
    "shape, settings, message",
    [
        ((1, 4, 4, 2), {}, r"input 'x' must be a picture of 1 or 3 channels, not \[1, 4, 4, 2\]"),
        ((1, 4, 4, 3), {"mean": (1.0, 2.0)}, "mean must have 1 or 3 numbers, not 2"),
        ((1, 4, 4, 3), {"std": (0.0,)}, "std must not be 0"),
    ],
)
def test_wrong_settings(tmp_path, shape, settings, message):
    with pytest.raises(ValueError, match=message):
        read_picture(picture(tmp_path / "x.png"), tensor(shape), Metadata(**settings))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "float32"])
def test_an_answer_that_is_probabilities(dtype):
    """Behind a softmax, also where the values are then dequantised or put into another shape."""
    values, chances = {
        "int8": ([-128, 0, 127], [0, 0.5, 255 / 256]),
        "uint8": ([0, 128, 255], [0, 0.5, 255 / 256]),
        "float32": ([0, 0.25, 0.75], [0, 0.25, 0.75]),
    }[dtype]
    answer = replace(tensor((3,), 1 / 256, -128 if dtype == "int8" else 0), dtype=dtype)
    found = probabilities(np.array(values, dtype), network(answer, "SOFTMAX", "DEQUANTIZE", "RESHAPE"))
    assert found.tolist() == chances


def test_an_answer_that_is_not():
    values, answer = np.array([-128, 0, 127], np.int8), tensor((3,), 0.01, 5)
    found = probabilities(values, network(answer, "SOFTMAX", "FULLY_CONNECTED"))
    np.testing.assert_allclose(found, np.exp(values * 0.01) / np.exp(values * 0.01).sum())


def test_run_with_an_array(tmp_path, capsys):
    x, path = Spot((1, 4), 0.5), tmp_path / "model.tflite"
    path.write_bytes(
        tflite_operator.file("SOFTMAX", [x], Spot((1, 4), 1 / 256, -128), options("Softmax", Beta=1.0))
    )
    np.save(tmp_path / "x.npy", np.array([[0, 0, 20, 18]], np.int8))
    (tmp_path / "labels.txt").write_text("one\ntwo\nthree\n")
    given = ["--input", str(tmp_path / "x.npy"), "--labels", str(tmp_path / "labels.txt")]
    places = ["--device", "golden", "--top", "2", "--output", str(tmp_path / "y.npy")]
    assert main(["run", str(path), *given, *places]) == 0
    assert [line.split(maxsplit=1)[1] for line in capsys.readouterr().out.splitlines()] == [
        "three",
        "class 3",
    ]
    assert np.load(tmp_path / "y.npy").argmax() == 2


def test_run_tells_what_is_wrong_in_a_line(tmp_path, capsys):
    (tmp_path / "model.tflite").write_bytes(b"nonsense")
    assert main(["run", str(tmp_path / "model.tflite"), "--input", "x.npy"]) == 1
    assert "convloom run: " in capsys.readouterr().err


@pytest.mark.skipif(not MOBILENET.exists(), reason="the shared model files are not there")
def test_the_cat(tmp_path, capsys):
    from skimage import data

    Image.fromarray(data.chelsea()).save(tmp_path / "cat.png")
    call = ["run", str(MOBILENET), "--image", str(tmp_path / "cat.png"), "--device", "golden", *IMAGENET]
    assert main(call) == 0
    assert capsys.readouterr().out.splitlines()[0].endswith("class 285")
