"""The simulated RTL against the runtimes themselves: no golden model between the two."""

import zlib

import convloom
import numpy as np
import pytest
from roles import layers, runtimes

LAYERS = 8  # of each kind, for each runtime


@pytest.fixture(scope="module")
def device():
    with convloom.open("sim:small") as opened:
        yield opened


def run(device, layer, mode):
    """The layer's bytes from the device, in the mode that the runtime computes; its MACs are checked."""
    if mode == "by eights":
        eights = layer.kernels // 8 * 8
        parts = run(device, layer, "double_up")[..., :eights], run(device, layer, "double")[..., eights:]
        return np.concatenate(parts, axis=-1)
    out = device.conv2d(
        layer.x,
        layer.w,
        layer.bias,
        stride=layer.stride,
        padding=layer.pads,
        dilation=layer.dilation,
        groups=layer.groups,
        input_zero_point=layer.input_zero_point,
        requant=layer.requant(mode),
    )
    assert device.last_report.macs == out.size * layer.w[0].size, layer
    return out


@pytest.mark.parametrize("kind", layers.KINDS)
@pytest.mark.parametrize("runtime", runtimes.ALL, ids=lambda runtime: runtime.name)
def test_same_bytes(device, runtime, kind):
    seed = zlib.crc32(f"{runtime.name} {kind} on the RTL".encode())
    rng, outputs = np.random.default_rng(seed), 0
    for n in range(LAYERS):
        padding = "valid" if kind == "fully_connected" else runtime.padding
        layer = layers.draw(
            rng, kind, padding=padding, activation=runtime.activation, dtype=runtime.dtype, powers=n % 2 == 1
        )
        mode, expected = runtime.expected(layer)
        if (
            mode == "float64"
        ):  # of LiteRT's reference kernel alone: the host finishes it (see convloom.models)
            mode, theirs = "double", layer.outputs("double")
        else:
            theirs = runtime.run(layer, expected.shape)
        np.testing.assert_array_equal(run(device, layer, mode), theirs, err_msg=str(layer))
        outputs += theirs.size
    print(f"seed {seed}: {LAYERS} layers, {outputs} outputs of {runtime.name}, {kind}, no mismatch")
