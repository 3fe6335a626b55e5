"""The project's own network: files made anew byte by byte, and the runtimes' answers to every held-out picture."""

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import convloom
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from convloom.cli import main
from convloom.digits import FILES, network, path, pictures
from convloom.models.pictures import read_picture
from PIL import Image
from roles import onnx_network, runtimes, tflite_layer
from roles.runtimes import MODES

EXAMPLE = Path(__file__).parents[2] / "examples" / "digits"
ONNX = [name for name in FILES if name != "digits"]
RESOLVERS = {"double": tflite_layer.REFERENCE, "float32": tflite_layer.XNNPACK}
if runtimes.RUY in runtimes.LITERT:
    RESOLVERS["double_up"] = tflite_layer.RUY
BATCH = 12


@cache
def held_out():
    """(pictures, labels) that no training has seen."""
    return pictures.split()[1]


def inputs(model):
    """The held-out pictures as the model takes them."""
    values = network.normalise(held_out()[0])
    tensor = model.inputs[0]
    if tensor.dtype == "float32":
        return values.transpose(0, 3, 1, 2)
    return np.clip(np.rint(values / tensor.scale) + tensor.zero_point, -128, 127).astype(np.int8)


@cache
def answers(name, rounding=None):
    """The golden device's, to every held-out picture."""
    model = convloom.load(name)
    with convloom.open("golden") as device:
        return np.concatenate([model.run(x[None], device, rounding) for x in inputs(model)])


def script(name, *arguments, seed="0"):
    """What a script of the example prints."""
    call = [sys.executable, str(EXAMPLE / name), *map(str, arguments)]
    environment = os.environ | {"PYTHONHASHSEED": seed}
    return subprocess.run(call, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("seed", ["1", "2"])
def test_files_are_made_anew_byte_by_byte(tmp_path, seed):
    script("write.py", tmp_path, seed=seed)
    for name, file in FILES.items():
        assert (tmp_path / file).read_bytes() == path(name).read_bytes(), file


def test_training(tmp_path):
    """Three passes: far better than the one in ten of a guess. The files can be made of what it writes."""
    told = script("train.py", tmp_path / "weights.npz", 3)
    assert float(told.rsplit("white on black: ")[1].split("%")[0]) > 30
    script("write.py", tmp_path, tmp_path / "weights.npz")
    convloom.load(tmp_path / FILES["digits"])


def test_a_fifth_is_held_out():
    (seen, _), (x, labels) = pictures.split()
    assert x.shape == (360, 8, 8, 1) and len(seen) == 1437 and x.dtype == np.uint8
    assert min(np.bincount(labels)) >= 34 and len(np.bincount(labels)) == 10
    assert (x[0].min(), x.max()) == (0, 255)


@pytest.mark.parametrize("rounding", MODES)
def test_accuracy(rounding):
    """At least 95 %, and within a point of the float network."""
    x, labels = held_out()
    real = np.mean(network.classify(network.load(), x) == labels)
    found = np.mean(answers("digits", rounding).argmax(1) == labels)
    print(f"{rounding}: {found:.2%}, float {real:.2%}")
    assert found >= 0.95 and abs(found - real) <= 0.01


def test_black_on_white():
    x, labels = held_out()
    assert np.mean(network.classify(network.load(), 255 - x) == labels) >= 0.95


@pytest.mark.parametrize("rounding", RESOLVERS)
def test_as_litert(rounding):
    interpreter = Interpreter(
        str(path("digits")), experimental_op_resolver_type=RESOLVERS[rounding], num_threads=1
    )
    interpreter.allocate_tensors()
    (given,), (answer,) = interpreter.get_input_details(), interpreter.get_output_details()
    told = []
    for x in inputs(convloom.load("digits")):
        interpreter.set_tensor(given["index"], x[None])
        interpreter.invoke()
        told.append(interpreter.get_tensor(answer["index"]))
    np.testing.assert_array_equal(np.concatenate(told), answers("digits", rounding))


@pytest.mark.parametrize("name", ONNX)
def test_as_onnxruntime(name):
    x = inputs(convloom.load(name))
    session = onnx_network.session(path(name), "QInt8")
    told = [session.run(None, {"picture": each[None]})[0] for each in x]
    np.testing.assert_array_equal(np.concatenate(told), answers(name))


@pytest.mark.parametrize("rounding", MODES)
def test_one_batch_on_the_rtl(rounding):
    model = convloom.load("digits")
    with convloom.open("sim") as device:
        told = [model.run(x[None], device, rounding) for x in inputs(model)[:BATCH]]
    np.testing.assert_array_equal(np.concatenate(told), answers("digits", rounding)[:BATCH])


def test_readme_gives_its_cycles():
    """To 2 %, whatever the picture."""
    model = convloom.load("digits")
    with convloom.open("sim") as device:
        total = model.profile(inputs(model)[:1], device).total
    (told,) = re.findall(r"One takes ([\d,]+) cycles", (EXAMPLE.parents[1] / "README.md").read_text())
    assert total.cycles == pytest.approx(int(told.replace(",", "")), rel=0.02)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("inverted", [False, True], ids=["white on black", "black on white"])
def test_run_by_name(tmp_path, capsys, monkeypatch, name, inverted):
    """Anywhere, from a picture of any size."""
    monkeypatch.chdir(tmp_path)
    x, labels = held_out()
    chosen = int(np.flatnonzero(labels == 7)[0])
    pixels = 255 - x[chosen, ..., 0] if inverted else x[chosen, ..., 0]
    Image.fromarray(pixels.repeat(25, 0).repeat(25, 1)).save("seven.png")
    assert main(["run", name, "--image", "seven.png", "--device", "golden", "--top", "1"]) == 0
    chance, label = capsys.readouterr().out.split()
    assert label == "seven" and float(chance.rstrip("%")) > 90


def test_pictures_are_quantised_as_the_training_had_them(tmp_path):
    model, x = convloom.load("digits"), held_out()[0][0]
    Image.fromarray(x[..., 0]).save(tmp_path / "x.png")
    found = read_picture(tmp_path / "x.png", model.inputs[0], model.metadata)
    np.testing.assert_array_equal(found[0], inputs(model)[0])


def test_a_file_of_that_name_goes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("digits").write_bytes(b"nonsense")
    with pytest.raises(convloom.ModelError, match="digits must be a .tflite or .onnx file"):
        convloom.load("digits")
    with pytest.raises(FileNotFoundError):
        convloom.load("numbers")
