"""Layers from the whole space: the simulated RTL, the golden model and the runtimes, each byte of each layer.

Every MAC is counted in the device, and every cycle told.
"""

import os
from contextlib import ExitStack

import convloom
from roles import references
from roles.differential import compare_any_layers

LAYERS, SEED = int(os.environ.get("CONVLOOM_LAYERS", 270)), int(os.environ.get("CONVLOOM_SEED", 8))
CONFIGS = ("tiny", "small", "odd-8x6", "tiny-up5k")


def test_any_layer_on_rtl():
    with ExitStack() as stack:
        devices = [stack.enter_context(convloom.open(f"sim:{name}")) for name in CONFIGS]
        compare_any_layers(devices, LAYERS, SEED, references.ALL)
