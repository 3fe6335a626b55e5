"""The golden model against LiteRT's three ways to run a layer and ONNX Runtime, each in its own mode."""

import zlib
from dataclasses import replace

import numpy as np
import pytest
from roles import edge_layers, layers, onnx_layer, runtimes

LAYERS = 60  # of each kind
EDGE_LAYERS = 12


def seeded(*names):
    """A generator whose seed comes from the test's names, and is printed."""
    seed = zlib.crc32(" ".join(names).encode())
    print("seed", seed)
    return np.random.default_rng(seed)


def options(runtime, kind):
    """What `layers.draw` is told for that runtime."""
    padding = "valid" if kind == "fully_connected" else runtime.padding
    return {"padding": padding, "activation": runtime.activation, "dtype": runtime.dtype}


each_runtime = pytest.mark.parametrize("runtime", runtimes.ALL, ids=lambda runtime: runtime.name)
each_kind = pytest.mark.parametrize("kind", layers.KINDS)


@each_kind
@each_runtime
def test_random_layers(tally, runtime, kind):
    """Half of the layers have powers of two for scales, where every mode shows."""
    rng = seeded(runtime.name, kind)
    for n in range(LAYERS):
        runtime.compare(tally, layers.draw(rng, kind, powers=n % 2 == 1, **options(runtime, kind)))
    assert all(count.telling for count in tally.counts.values()), "these layers tell no mode from another"


@pytest.mark.parametrize("draw", [edge_layers.dead_channels, edge_layers.magnified])
@each_runtime
def test_edges(tally, runtime, draw):
    rng = seeded(runtime.name, draw.__name__)
    for kind in layers.KINDS:
        for _ in range(EDGE_LAYERS):
            runtime.compare(tally, draw(rng, kind, **options(runtime, kind)))


@each_kind
@pytest.mark.parametrize("runtime", [runtimes.ONNX_INT8, runtimes.ONNX_UINT8], ids=["int8", "uint8"])
def test_conv_integer(tally, runtime, kind):
    """ONNX's ConvInteger gives the accumulators without a bias."""
    rng = seeded("ConvInteger", runtime.dtype, kind)
    for _ in range(LAYERS):
        layer = layers.draw(rng, kind, **options(runtime, kind))
        layer = replace(layer, bias=np.zeros_like(layer.bias))
        key = (runtime.name, "raw", kind)
        tally.compare(key, layer.accumulators(), onnx_layer.conv_integer(layer), layer)


@pytest.mark.parametrize("runtime", runtimes.LITERT, ids=lambda runtime: runtime.name)
def test_transposed(tally, runtime):
    """XNNPACK leaves SAME with a kernel smaller than the stride to ruy."""
    rng = seeded(runtime.name, "transposed")
    for n in range(2 * LAYERS):
        layer = layers.draw(rng, "transposed", powers=n % 2 == 1, **options(runtime, "transposed"))
        left_to_ruy = runtime is runtimes.XNNPACK and layer.padding == "same" and any(layer.output_padding)
        if not left_to_ruy:
            runtime.compare(tally, layer)
    assert all(count.telling for count in tally.counts.values()), "these layers tell no mode from another"


def test_transposed_in_float(tally):
    """ONNX Runtime's float ConvTranspose, on small integers: exact. Groups, dilation, any pads."""
    rng = seeded("ConvTranspose")
    for _ in range(2 * LAYERS):
        layer = layers.draw(rng, "transposed", padding="explicit", powers=True)
        key = ("onnxruntime float", "raw", "transposed")
        tally.compare(key, layer.accumulators(), onnx_layer.conv_transpose(layer), layer)
