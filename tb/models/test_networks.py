"""Trained networks: every output, and every tensor on the way, as the runtime gives them."""

from pathlib import Path

import convloom
import numpy as np
import pytest
from convloom.models.operators import compute
from convloom.models.run import Target
from roles import tflite_layer, tflite_operator

SHARED = Path(__file__).resolve().parents[3] / "shared" / "models"
RESNET, KEYWORDS, MOBILENET = "ic_resnet8_int8", "kws_dscnn_int8", "mobilenet_v2_224_int8"
RUNTIMES = {"double_up": tflite_layer.RUY, "float32": tflite_layer.XNNPACK}
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
    np.testing.assert_array_equal(outputs, recorded[f"out_{rounding}"])


@pytest.mark.filterwarnings("ignore:.*preserve_all_tensors")
@pytest.mark.parametrize("rounding", RUNTIMES)
@each_model
def test_each_operator_by_itself(name, rounding):
    """Given what the runtime's own operators before it gave: every value of every tensor on the way."""
    model, recorded = network(name)
    content = (SHARED / f"{name}.tflite").read_bytes()
    runtime = tflite_operator.invoked(content, [recorded["inputs"][:1]], RUNTIMES[rounding], keep=True)
    with convloom.open("golden") as device:
        target = Target.of(model.graph.runtime, device, rounding)
        for node in model.nodes:
            given = compute(node, [_array(runtime, each) for each in node.inputs], target)
            expected = runtime.get_tensor(node.outputs[0].number)
            np.testing.assert_array_equal(given, expected, node.place)


def _array(runtime, tensor):
    if tensor is None:
        return None
    return runtime.get_tensor(tensor.number) if tensor.data is None else tensor.data


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
