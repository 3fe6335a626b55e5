"""Layers that have to be cut, or that a descriptor cannot say at once, against the golden model."""

import convloom
import numpy as np
import pytest
from convloom import Config, Requant, golden
from convloom.plan import plan
from roles.any_layer import conv

SEED = 41
CRAMPED = Config("cramped", 4, 3, 1, line_bytes=256, weight_words=16, parameter_words=16)
REQUANT = Requant(1 << 30, 9)

# Size (h, w, c), kernels (k, kh, kw), and what else; each with the part of the plan that it is about.
LAYERS = {
    "kernel rows and columns": (
        (12, 14, 2),
        (2, 9, 19),
        {"pads": ((8, 9), (9, 20)), "dilation": (2, 1)},
        "small",
    ),
    "kernel and a stride": ((13, 11, 7), (4, 8, 7), {"stride": (2, 3), "pads": ((3, 3), (4, 1))}, "cramped"),
    "a kernel of 300 rows": ((310, 2, 40), (3, 300, 1), {"pads": ((299, 0), (0, 0))}, "small"),
    "pads of 700 rows": ((3, 4, 2), (2, 2, 2), {"pads": ((700, 300), (1, 1))}, "small"),
    "a stride of 300": ((700, 5, 3), (2, 2, 2), {"stride": (300, 2)}, "small"),
    "a dilation of 300": ((700, 5, 3), (2, 3, 2), {"dilation": (300, 2)}, "small"),
    "columns": ((3, 2000, 40), (9, 3, 3), {}, "small"),
    "channels": ((2, 2, 5000), (9, 2, 2), {}, "small"),
    "channels of a wide row": ((2, 40, 3000), (9, 1, 1), {"stride": (1, 7)}, "small"),
    "depthwise columns": ((9, 300, 96), (96, 3, 3), {"groups": 96, "stride": (2, 2)}, "small"),
    "depthwise vectors": ((5, 5, 1500), (1500, 3, 3), {"groups": 1500}, "small"),
    "depthwise, tall kernel": ((30, 9, 20), (20, 15, 10), {"groups": 20, "pads": ((7, 7), (9, 0))}, "small"),
    "depthwise, huge kernel": ((40, 40, 9), (9, 33, 31), {"groups": 9}, "small"),
    "depthwise, dilated": (
        (12, 13, 9),
        (18, 3, 3),
        {"groups": 9, "dilation": (4, 6), "stride": (2, 3)},
        "small",
    ),
}


@pytest.fixture(scope="module")
def devices():
    opened = {
        "golden": convloom.open("golden:small"),
        "cramped": convloom.open("golden", config=CRAMPED),
        "rtl": convloom.open("sim:small"),
    }
    yield opened
    for device in opened.values():
        device.close()


CASES = [(name, config) for name, (*_, config) in LAYERS.items()]
CASES = [
    (name, kind) for name, config in CASES for kind in (("golden", "rtl") if config == "small" else (config,))
]


@pytest.mark.parametrize(("name", "kind"), CASES)
@pytest.mark.parametrize("requant", (None, REQUANT), ids=("raw", "int8"))
def test_a_layer_that_has_to_be_cut(devices, name, kind, requant):
    (h, w, c), (k, kh, kw), options, _ = LAYERS[name]
    print(f"seed {SEED}")
    rng = np.random.default_rng(SEED)
    x = rng.integers(-128, 128, (1, h, w, c)).astype(np.int8)
    kernels = rng.integers(-128, 128, (k, kh, kw, c // options.get("groups", 1))).astype(np.int8)
    bias = rng.integers(-1000, 1000, k).astype(np.int32)
    sums = golden.accumulate(x, kernels, bias, **options, input_zero_point=-9)
    given = {name: value for name, value in options.items() if name != "pads"}
    device, padding = devices[kind], options.get("pads", "valid")
    out = device.conv2d(x, kernels, bias, padding=padding, input_zero_point=-9, requant=requant, **given)
    assert np.array_equal(out, golden.requantise(sums, requant) if requant else sums)
    assert device.last_report.macs == sums.size * kernels[0].size


def test_the_kernel_itself_is_cut():
    cut = plan(conv((13, 11, 7), (4, 8, 7), padding=((3, 3))), CRAMPED).cut
    assert cut.taps[0] < 8
