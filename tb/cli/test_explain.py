"""`convloom explain`: which pictures it writes, and what it refuses."""

import numpy as np
import pytest
from convloom.cli import main
from PIL import Image


@pytest.fixture
def call(tmp_path):
    """The command's words for a network that comes with Convloom."""
    pixels = np.random.default_rng(1).integers(0, 256, (8, 8), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "x.png")
    folder = ["--output", str(tmp_path / "out"), "--top", "2"]
    return ["explain", "digits", "--image", str(tmp_path / "x.png"), "--device", "golden", *folder]


def names(tmp_path):
    return sorted(path.name for path in (tmp_path / "out").iterdir())


def test_pictures_of_some_layers(call, tmp_path, capsys):
    assert main(call) == 0
    written = names(tmp_path)
    assert "maps-000-conv_2d.png" in written and "responses.png" in written
    assert sum(name.startswith("response-") for name in written) == 1
    told = capsys.readouterr().out
    assert all(str(tmp_path / "out" / name) in told for name in written)


@pytest.mark.parametrize("method", ["deconvnet", "guided"])
def test_a_channel_of_a_layer(call, tmp_path, method):
    assert main([*call, "--layer", "2", "--channel", "9", "--method", method]) == 0
    written = names(tmp_path)
    assert "response-002-0009.png" in written and "responses.png" not in written
    assert np.asarray(Image.open(tmp_path / "out" / "response-002-0009.png")).std() > 20


@pytest.mark.parametrize(
    "told, message",
    [
        (["--channel", "1"], "a channel must be told together with its layer"),
        (["--layer", "99"], "layer must be the number of an operator, 0 to "),
        (["--layer", "0", "--channel", "99"], "channel must be from 0 to "),
    ],
)
def test_what_is_not_there(call, told, message, capsys):
    assert main([*call, *told]) == 1
    assert f"{message}" in capsys.readouterr().err
