"""Layers from the whole space, on the simulated RTL: every byte, every MAC counted in the device, every cycle told."""

import os

import convloom
import pytest
from roles.any_layer import compare_any_layers

LAYERS, SEED = int(os.environ.get("CONVLOOM_LAYERS", 150)), int(os.environ.get("CONVLOOM_SEED", 8))


@pytest.mark.parametrize("name", ("tiny", "small", "odd-8x6"))
def test_any_layer_on_rtl(name):
    with convloom.open(f"sim:{name}") as device:
        compare_any_layers(device, LAYERS, SEED)
