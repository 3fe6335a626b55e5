"""A thousand damaged files of both formats: each loads and runs, or is refused, soon and in bounded memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from roles import layers, onnx_operator, tflite_layer

MUTATIONS = 1000
PATIENCE = 5.0  # seconds for one file
ROLE = Path(__file__).parents[1] / "roles" / "mutations.py"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "models"
KINDS = ("dense", "depthwise", "transposed", "fully_connected")


def damaged(files, count, folder, seed=11):
    """What became of that many, in a process with little memory; seed and number tell which was slow."""
    command = [sys.executable, str(ROLE), str(seed), str(count), *map(str, files)]
    paths = os.pathsep.join([str(ROLE.parents[1]), os.environ.get("PYTHONPATH", "")])
    told = subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr[-2000:]
    print(seed, told.stdout)
    counts = json.loads(told.stdout)
    assert counts["seconds"] < PATIENCE
    assert counts["ran"] > count / 20 and counts["refused"] > count / 4
    return counts


def test_layers_of_both_formats(tmp_path):
    """Most bytes of these small files are tables, not data."""
    rng, files = np.random.default_rng(12), []
    for kind in KINDS:
        padding = "valid" if kind == "fully_connected" else "same"
        layer = layers.draw(rng, kind, padding=padding, activation="none")
        files.append(tmp_path / f"{kind}.tflite")
        files[-1].write_bytes(tflite_layer.model(layer, layer.accumulators().shape))
        padding = "valid" if kind == "fully_connected" else "explicit"
        files.append(tmp_path / f"{kind}.onnx")
        files[-1].write_bytes(
            onnx_operator.layer(layers.draw(rng, kind, padding=padding, activation="none"), "qdq")
        )
    damaged(files, MUTATIONS, tmp_path)


def test_networks_of_both_formats(tmp_path):
    """The project's own."""
    from convloom import digits

    files = sorted(Path(digits.__file__).parent.glob("digits*.*"))
    assert {file.suffix for file in files} == {".tflite", ".onnx"}
    damaged(files, MUTATIONS // 2, tmp_path)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared model files are not there")
def test_trained_networks(tmp_path):
    damaged([SHARED / "ic_resnet8_int8.tflite", SHARED / "kws_dscnn_int8.tflite"], MUTATIONS // 10, tmp_path)
