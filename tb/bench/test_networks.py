"""The bench's own copy of the shapes."""

import json
from pathlib import Path

import pytest
from convloom.bench.networks import networks

SHARED = Path(__file__).resolve().parents[3] / "shared" / "models" / "networks.json"
MACS = {
    "resnet50": 4_089_184_256,
    "resnet18": 1_814_073_344,
    "vgg16": 15_346_630_656,
    "vgg16_full": 15_470_264_320,
    "mobilenet_v1": 568_740_352,
    "mobilenet_v2": 300_774_272,
    "mlperf_tiny_resnet8": 12_501_632,
    "mlperf_tiny_dscnn": 2_656_768,
    "mlperf_tiny_vww": 7_489_664,
    "resnet50_conv1": 118_013_952,
    "dw3x3_112x112x32": 3_612_672,
}


def test_macs():
    """As the networks' papers and Arm's and MLPerf's tables count them."""
    assert {name: sum(shape.macs for shape in shapes) for name, shapes in networks().items()} == MACS


@pytest.mark.parametrize("name", MACS)
def test_shapes_go_on_from_layer_to_layer(name):
    for shape in networks()[name]:
        assert shape.layer.macs == shape.macs
        assert min(shape.out) >= 1 and shape.c % shape.groups == 0 and shape.k % shape.groups == 0, shape


@pytest.mark.skipif(not SHARED.exists(), reason="the shared model files are not there")
def test_the_shared_list_is_the_same():
    for name, network in json.loads(SHARED.read_text()).items():
        for shape, layer in zip(networks()[name], network["layers"], strict=True):
            ours = vars(shape) | {"pads": list(shape.pads), "macs": shape.macs}
            ours |= dict(zip(("ho", "wo"), shape.out, strict=True))
            assert {field: ours[field] for field in layer} == layer
