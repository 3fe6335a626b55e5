"""Layers from the whole space, on devices of several configurations: every byte, and every MAC counted."""

from collections import Counter

import convloom
import numpy as np
import pytest
from convloom.spec import Config, preset
from hypothesis import HealthCheck, given, seed, settings
from roles.any_layer import CLASSES, any_layers

# Buffers so small that nearly every layer has to be cut, each way.
CRAMPED = Config("cramped", 4, 3, 1, line_bytes=256, weight_words=16, parameter_words=16, output_slots=8)
CONFIGS = {name: preset(name) for name in ("tiny", "small", "odd-8x6")} | {"cramped": CRAMPED}
LAYERS, SEED = 300, 7


@pytest.mark.parametrize("name", CONFIGS)
def test_any_layer(name):
    device, drawn = convloom.open("golden", config=CONFIGS[name]), Counter()

    @seed(SEED)
    @settings(
        max_examples=LAYERS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(any_layers())
    def compare(layer):
        drawn.update(["layers", *layer.classes()])
        expected, macs = layer.expected()
        out = layer.run(device)
        assert out.dtype == expected.dtype and out.shape == expected.shape
        assert np.array_equal(out, expected), f"{(out != expected).sum()} of {out.size} outputs differ"
        assert device.last_report.macs == macs

    compare()
    print(f"{name}, seed {SEED}: {dict(drawn)}")
    assert not set(CLASSES) - set(drawn), f"no layer of {set(CLASSES) - set(drawn)}"
