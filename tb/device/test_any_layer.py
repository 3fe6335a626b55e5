"""Layers from the whole space, on the golden device: every byte, and every MAC counted."""

import convloom
import pytest
from convloom.spec import Config, preset
from roles.any_layer import compare_any_layers

# Buffers so small that nearly every layer has to be cut, each way.
CRAMPED = Config("cramped", 4, 3, 1, line_bytes=256, weight_words=16, parameter_words=16, output_words=8)
CONFIGS = {name: preset(name) for name in ("tiny", "small", "odd-8x6")} | {"cramped": CRAMPED}
LAYERS, SEED = 300, 7


@pytest.mark.parametrize("name", CONFIGS)
def test_any_layer(name):
    compare_any_layers(convloom.open("golden", config=CONFIGS[name]), LAYERS, SEED)
