"""The reference of depthwise jobs, which reads a descriptor as the engine does, against the golden model."""

import numpy as np
import pytest
from convloom import golden
from convloom.device.golden_engine import answer
from convloom.requant import Requant
from convloom.spec import ErrorCode, preset
from roles import depthwise as role
from roles.damage import cut
from roles.vectors import Layers

SEED = 21
CONFIGS = ("tiny", "small", "medium", "large", "odd-4x8")


def layers(name):
    print(f"seed {SEED}")
    return Layers(preset(name), np.random.default_rng(SEED))


@pytest.mark.parametrize("name", CONFIGS)
def test_random_layers(name, monkeypatch):
    drawn, made, packets = layers(name), [], role.depthwise_packets

    def remember(config, **options):
        made.append(options)
        return packets(config, **options)

    monkeypatch.setattr(role, "depthwise_packets", remember)
    for number in range(80):
        vector = role.random_depthwise(drawn, steps=10**6)
        packet, code = answer(vector.job, vector.act, preset(name))
        assert code == ErrorCode.NONE and packet == expected(**made[-1]), f"layer {number}: {vector}"


def expected(x, w, bias, multiplier, shift, stride, pads, input_zero_point, rounding, raw, **options):
    """The output packet, from the layer's own arrays."""
    sums = golden.accumulate(
        x.astype(np.int8)[None],
        np.ascontiguousarray(w.astype(np.int8).transpose(2, 0, 1)[..., None]),
        bias.astype(np.int32),
        stride=stride,
        pads=(pads[:2], pads[2:]),
        groups=x.shape[2],
        input_zero_point=input_zero_point,
    )
    requant = Requant(multiplier, shift, options["output_zero_point"], rounding=rounding)
    return (sums if raw else golden.requantise(sums, requant)).tobytes()


@pytest.mark.parametrize("kernel", ((3, 3), (5, 5)))
def test_packets_that_are_short(kernel):
    """What is missing of the weights is 0, what is missing of the activations the pad value."""
    drawn = layers("small")
    size, kept = (5, 4, 8), 5 * 4 * 8 // 2
    x = drawn.rng.integers(-128, 128, size)
    x.reshape(-1)[kept:] = -7
    data = drawn.data(size, (8, *kernel))
    options = {
        **data,
        "w": data["w"].transpose(1, 2, 0),
        "pads": (2, 2, 2, 2),
        "input_zero_point": -7,
        "raw": True,
    }
    vector = role.depthwise(drawn, size, kernel, **options | {"x": x})
    whole = answer(vector.job, vector.act, drawn.config)
    assert whole[1] == ErrorCode.NONE
    assert answer(vector.job, vector.act[:kept], drawn.config) == (whole[0], ErrorCode.ACT_SHORT)
    without_weights = cut(vector, "job", 64 + 8 * 16)
    sums, code = answer(without_weights.job, vector.act, drawn.config)
    bias = np.frombuffer(vector.job[64 : 64 + 8 * 16], "<i4")[::4]
    assert code == ErrorCode.JOB_SHORT and (np.frombuffer(sums, "<i4").reshape(-1, 8) == bias).all()
