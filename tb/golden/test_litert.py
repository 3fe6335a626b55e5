"""The golden model against LiteRT: reference kernels, ruy and XNNPACK, each in the mode that it computes."""

import platform
import zlib

import numpy as np
import pytest
from convloom.spec import Rounding
from roles import layers, tflite_layer

LAYERS = 80  # of each kind, half of them with powers of two for scales
MODES = tuple(mode.name.lower() for mode in Rounding)

on_x86 = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="on other processors ruy rounds in other ways"
)


def reference_outputs(layer):
    """BUILTIN_REF is `double`; fully connected it multiplies in float64 and rounds half away from zero."""
    if layer.kind == "fully_connected":
        return "float64", half_away(layer)
    return "double", layer.outputs("double")


def half_away(layer):
    """No mode of the engine: the accumulators are the golden model's, the rounding is not."""
    scales = np.float64(layer.input_scale) * layer.weight_scales.astype(np.float64) / layer.output_scale
    scaled = layer.accumulators() * scales
    rounded = np.trunc(scaled + np.copysign(0.5, scaled)) + layer.output_zero_point
    return np.clip(rounded, *layer.requant("double").clamp).astype(np.int8)


def ruy_outputs(layer):
    """On x86 `double_up`; `double` in grouped layers and in the last K mod 8 channels of depthwise ones."""
    if layer.kind == "grouped":
        return "double", layer.outputs("double")
    if layer.kind not in ("depthwise", "transposed"):
        return "double_up", layer.outputs("double_up")
    eights = layer.kernels // 8 * 8
    parts = layer.outputs("double_up")[..., :eights], layer.outputs("double")[..., eights:]
    return "by eights", np.concatenate(parts, axis=-1)


def xnnpack_outputs(layer):
    """The default delegate is `float32`."""
    return "float32", layer.outputs("float32")


RUNTIMES = (
    pytest.param("litert reference", tflite_layer.REFERENCE, reference_outputs, id="reference"),
    pytest.param("litert ruy", tflite_layer.RUY, ruy_outputs, id="ruy", marks=on_x86),
    pytest.param("litert xnnpack", tflite_layer.XNNPACK, xnnpack_outputs, id="xnnpack"),
)


def compare(tally, runtime, resolver, expected, layer):
    """One layer, golden model against runtime."""
    mode, golden = expected(layer)
    others = [layer.outputs(other) for other in MODES if other != mode]
    tally.compare(
        (runtime, mode, layer.kind),
        golden,
        tflite_layer.run(layer, golden.shape, resolver),
        layer,
        telling=int(np.any([golden != other for other in others], axis=0).sum()),
        clamped=int(np.isin(golden, layer.requant("double").clamp).sum()),
    )


@pytest.mark.parametrize("kind", layers.KINDS)
@pytest.mark.parametrize("runtime, resolver, expected", RUNTIMES)
def test_random_layers(tally, runtime, resolver, expected, kind):
    seed = zlib.crc32(f"{runtime} {kind}".encode())
    print("seed", seed)
    rng = np.random.default_rng(seed)
    for n in range(LAYERS):
        compare(tally, runtime, resolver, expected, layers.draw(rng, kind, powers=n % 2 == 1))
    assert all(count.telling for count in tally.counts.values()), "these layers tell no mode from another"
