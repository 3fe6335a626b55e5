"""Trained networks: every output, and every tensor on the way, as the runtime gives them."""

from pathlib import Path

import convloom
import numpy as np
import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "models"
RESNET, KEYWORDS, MOBILENET = "ic_resnet8_int8", "kws_dscnn_int8", "mobilenet_v2_224_int8"
# In other modes the runtimes compute the host's operators otherwise too: outputs that differ, each by one.
DIFFERENT = {(MOBILENET, "double_up"): 114, (MOBILENET, "float32"): 201}
INTERMEDIATES = {RESNET: 16, KEYWORDS: 13}

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the shared model files are not there")
each_model = pytest.mark.parametrize("name", [RESNET, KEYWORDS, MOBILENET])


def network(name):
    """The Model, and the recorded inputs and outputs."""
    return convloom.load(SHARED / f"{name}.tflite"), np.load(SHARED / f"{name}.npz")


@pytest.mark.parametrize("rounding", ["double", "double_up", "float32"])
@each_model
def test_all_inputs(name, rounding):
    model, recorded = network(name)
    with convloom.open("golden") as device:
        outputs = np.concatenate([model.run(x[None], device, rounding) for x in recorded["inputs"]])
    off = np.abs(outputs.astype(int) - recorded[f"out_{rounding}"])
    assert np.count_nonzero(off) == DIFFERENT.get((name, rounding), 0)
    assert off.max() <= 1


@pytest.mark.parametrize("device", ["golden", "sim"])
@pytest.mark.parametrize("name", INTERMEDIATES)
def test_every_tensor_on_the_way(name, device):
    model, recorded = network(name)
    seen = {}
    with convloom.open(device) as opened:
        model.run(recorded["inputs"][:1], opened, observe=lambda node, out: seen.update({node.number: out}))
    assert len(seen) == INTERMEDIATES[name]
    for number, out in seen.items():
        np.testing.assert_array_equal(out, recorded[f"op{number:03d}"], model.nodes[number].place)


def test_the_cat_is_an_egyptian_cat():
    model, recorded = network(MOBILENET)
    with convloom.open("golden") as device:
        assert model.run(recorded["inputs"], device).argmax() == 285
