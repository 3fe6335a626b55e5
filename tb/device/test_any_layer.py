"""Layers from the whole space, on the golden device: every byte, and every MAC counted."""

import convloom
from convloom.spec import Config, preset
from roles.differential import compare_any_layers

# Buffers so small that nearly every layer has to be cut, each way.
CRAMPED = Config("cramped", 4, 3, 1, line_bytes=256, weight_words=16, parameter_words=16, output_words=8)
CONFIGS = preset("small"), CRAMPED
LAYERS, SEED = 144, 7


def test_any_layer():
    compare_any_layers([convloom.open("golden", config=config) for config in CONFIGS], LAYERS, SEED)
