"""`convloom demo`: what it writes on the simulated RTL, and that it fails where a device lies."""

import json
import re
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import convloom
import numpy as np
import pytest
from convloom.cli import demo
from convloom.demo import digits, pictures, steps
from PIL import Image
from roles.runtimes import MODES


class Liar:
    """A device that gives one wrong byte in its n-th convolution."""

    def __init__(self, device, turn):
        self.device, self.turn = device, turn

    def conv2d(self, *operands, **options):
        output = self.device.conv2d(*operands, **options)
        if self.turn == 0:
            output = output.copy()
            output.flat[-1] ^= 1
        self.turn -= 1
        return output

    def __getattr__(self, name):
        return getattr(self.device, name)


def call(folder, device="golden"):
    """Runs the command; returns its exit code."""
    parser = ArgumentParser()
    demo.add_arguments(parser)
    return demo.run(parser.parse_args(["--device", device, "--out", str(folder)]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What a run on the simulated RTL wrote."""
    written = tmp_path_factory.mktemp("demo")
    assert call(written, "sim") == 0
    return written


def test_demo_writes_figures_and_pictures(folder):
    layers = json.loads((folder / "demo.json").read_text())["layers"]
    assert {"name", "macs", "outputs", "mismatches", "cycles", "utilisation"} <= set(layers[0])
    assert sum(layer["outputs"] for layer in layers) > 1_000_000
    assert sum(layer["mismatches"] for layer in layers) == 0
    assert 5_000_000 < sum(layer["cycles"] for layer in layers) <= 8_000_000
    assert all(0.5 < layer["utilisation"] < 1 for layer in layers)
    drawn = sorted(folder.glob("*.png"))
    assert len(drawn) == 2 + len(layers) + 2
    for picture in drawn:
        assert np.asarray(Image.open(picture).convert("L")).std() > 5, picture


def test_the_two_eyes_are_the_cats(folder):
    """Where the pupils are in the photograph, read off by eye."""
    found = json.loads((folder / "demo.json").read_text())["eyes"]
    assert len(found) == 2
    for row, column in ((112, 172), (133, 315)):
        assert any(abs(y - row) <= 12 and abs(x - column) <= 12 for y, x in found), found


def test_readme_gives_these_figures(folder):
    """Its table is of this run, to half a point."""
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    for layer in json.loads((folder / "demo.json").read_text())["layers"]:
        row = re.search(
            rf"^\| {layer['name'].split()[0]}: .* ([\d,]+) outputs, .* ([\d.]+)% \|$", readme, re.M
        )
        assert int(row[1].replace(",", "")) == layer["outputs"]
        assert abs(float(row[2]) - 100 * layer["utilisation"]) < 0.5, layer


def test_it_reads_digits(folder):
    figures = json.loads((folder / "demo.json").read_text())["digits"]
    assert figures["held_out"] == 360 and set(figures["right"]) == {"float", *MODES}
    assert all(figures["right"][mode] >= max(0.95, figures["right"]["float"] - 0.01) for mode in MODES)
    assert figures["batch"] == {"pictures": 16, "mismatches": 0}
    assert figures["seven"].index(max(figures["seven"])) == 7 and max(figures["seven"]) > 0.9


def test_readme_gives_the_share_of_digits_read_right(folder):
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    shares = json.loads((folder / "demo.json").read_text())["digits"]["right"].values()
    assert {f"{share:.1%}" for share in shares} == set(re.findall(r"reads ([\d.]+%) of", readme))


@pytest.mark.parametrize("turn", [0, 1, 6], ids=["4x4 picture", "first layer", "second layer"])
def test_one_wrong_byte_fails(tmp_path, monkeypatch, capsys, turn):
    monkeypatch.setattr(demo, "ProcessPoolExecutor", lambda *_: ThreadPoolExecutor(1))
    monkeypatch.setattr(digits, "held_out", lambda: None)
    monkeypatch.setattr(demo, "read_digits", lambda *_: (None, None, {}))
    monkeypatch.setattr(demo, "show_digits", lambda *_: {})
    device = convloom.open("golden")
    monkeypatch.setattr(convloom, "open", lambda name: Liar(device, turn))
    monkeypatch.setattr(pictures, "draw", lambda *_: [])
    assert call(tmp_path) == 1
    assert re.search(r"[1-9]\d* mismatch", capsys.readouterr().out)


def test_steps_shows_every_product(capsys):
    from rich.console import Console

    console = Console(width=100)
    with console.capture() as captured:
        assert steps.run(convloom.open("golden"), console) == 0
    shown = captured.get()
    assert len(re.findall(r"\d+\*-?\d", shown)) == 4 * 9
    assert all(str(total) in shown for total in (-2, -19, 15, -20))
