"""Layers from the whole space, on the simulated RTL: every byte, every MAC counted in the device, every cycle told."""

import os
from contextlib import ExitStack

import convloom
from roles.differential import compare_any_layers

LAYERS, SEED = int(os.environ.get("CONVLOOM_LAYERS", 150)), int(os.environ.get("CONVLOOM_SEED", 8))
CONFIGS = ("tiny", "small", "odd-8x6")


def test_any_layer_on_rtl():
    with ExitStack() as stack:
        devices = [stack.enter_context(convloom.open(f"sim:{name}")) for name in CONFIGS]
        compare_any_layers(devices, LAYERS, SEED)
