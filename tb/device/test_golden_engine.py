"""The reference of every device: right jobs against the golden model, wrong ones against their codes."""

import numpy as np
import pytest
from convloom import golden
from convloom.device.golden_engine import answer
from convloom.requant import Requant
from convloom.spec import DESCRIPTOR, ErrorCode, Op, preset
from roles.damage import cut, field, fill_last_beat, lengthen
from roles.vectors import SAME3, Layers

SEED = 20
CONFIGS = ("tiny", "small", "odd-8x6", "odd-4x8")
GOOD, DISCARD = ErrorCode.NONE, b"\0"


def layers(name="small", seed=SEED):
    print(f"seed {seed}")
    return Layers(preset(name), np.random.default_rng(seed))


def good(name="small"):
    return layers(name).layer((3, 3, 3), (2, 2, 2), pads=(1, 0, 0, 1), input_zero_point=6)


def run(vector, name="small"):
    return answer(vector.job, vector.act, preset(name))


@pytest.mark.parametrize("name", CONFIGS)
def test_random_layers(name, monkeypatch):
    drawn = layers(name)
    made, original = [], drawn.layer
    monkeypatch.setattr(drawn, "layer", lambda size, kernels, **options: remember(size, kernels, options))

    def remember(size, kernels, options):
        options = drawn.data(size, (*kernels, size[2])) | options
        made.append(options)
        return original(size, kernels, **options)

    for _ in range(60):
        packet, code = run(drawn.random(issues=10**6, beats=10**6), name)
        assert code == GOOD and packet == expected(**made[-1]), f"layer {len(made)}, seed {SEED}"


def expected(x, w, bias, multiplier, shift, rounding, raw, output_zero_point, pads, **geometry):
    pads = pads[:2], pads[2:]
    x, w, bias = x.astype(np.int8)[None], w.astype(np.int8), bias.astype(np.int32)
    sums = golden.accumulate(x, w, bias, pads=pads, **geometry)
    requant = Requant(multiplier, shift, output_zero_point, rounding=rounding)
    return (sums if raw else golden.requantise(sums, requant)).tobytes()


DEPTHWISE = {"op": Op.DEPTHWISE, "kw": 2, "passes": 1, "stride_x": 1}
WRONG = (
    ({"magic": 1}, "FORMAT"),
    ({"version": 2}, "FORMAT"),
    ({"sum": 0x1234}, "FORMAT"),
    ({"op": Op.DEPTHWISE}, "RANGE"),
    (DEPTHWISE, "LANES"),
    (DEPTHWISE | {"in_c": 8, "out_w": 1025}, "REORDER"),
    (DEPTHWISE | {"in_c": 8, "out_w": 257, "raw": 1}, "REORDER"),
    ({"op": 3}, "NOT_BUILT_IN"),
    ({"op": Op.NONE}, "NONE"),
    ({"op": Op.NONE, "in_h": 0}, "RANGE"),
    ({"reserved": 1}, "RANGE"),
    ({"clamp_low": 5, "clamp_high": 4}, "RANGE"),
    ({"last_tile_lanes": 9}, "RANGE"),
    ({"live_rows": 3}, "RANGE"),
    ({"words_in_all": 1025}, "WEIGHTS"),
    ({"k_tiles": 513}, "CHANNELS"),
    ({"slot": 4095}, "ROWS"),
    ({"slot": 4095, "k_tiles": 513, "words_in_all": 1025, "kh": 0}, "RANGE"),
    *(({field.name: 0}, "RANGE") for field in DESCRIPTOR if field.least and field.name != "live_rows"),
)


@pytest.mark.parametrize(("fields", "code"), WRONG, ids=str)
def test_a_wrong_descriptor_discards_the_job(fields, code):
    assert run(field(good(), **fields)) == (DISCARD, ErrorCode[code])


def test_a_mode_or_an_operation_that_is_not_built_in():
    assert run(field(good("odd-8x6"), **DEPTHWISE), "odd-8x6") == (DISCARD, ErrorCode.NOT_BUILT_IN)
    assert run(field(good("odd-8x6"), rounding=3), "odd-8x6") == (DISCARD, ErrorCode.NOT_BUILT_IN)
    assert run(field(good("odd-8x6"), rounding=3, raw=1), "odd-8x6")[1] == GOOD


def test_a_job_packet_that_is_short_gives_zeros():
    vector = good()
    assert run(cut(vector, "job", 60)) == (DISCARD, ErrorCode.JOB_SHORT)
    packet, code = run(cut(vector, "job", 64))
    assert code == ErrorCode.JOB_SHORT and packet == bytes(len(run(vector)[0]))
    without_last = field(vector, raw=1)
    whole, short = (np.frombuffer(run(v)[0], "<i4") for v in (without_last, cut(without_last, "job", -8)))
    assert whole.size == short.size and (whole[::2] == short[::2]).all()


def test_a_job_packet_that_is_long_runs():
    whole = run(good())[0]
    assert run(lengthen(good(), "job", 8)) == (whole, ErrorCode.JOB_LONG)
    assert run(lengthen(good(), "act", 8)) == (whole, ErrorCode.ACT_LONG)
    assert run(lengthen(lengthen(good(), "act", 8), "job", 8)) == (whole, ErrorCode.JOB_LONG)
    assert run(fill_last_beat(good(), 8)) == (whole, GOOD)


def test_activations_that_are_short_become_pads():
    drawn = layers()
    x = drawn.rng.integers(-128, 128, (3, 3, 3))
    data = drawn.data((3, 3, 3), (2, 2, 2, 3)) | {"pads": SAME3, "input_zero_point": 6}
    vector = drawn.layer((3, 3, 3), (2, 2, 2), **data | {"x": x})
    x.reshape(-1)[8:] = 6
    padded = drawn.layer((3, 3, 3), (2, 2, 2), **data | {"x": x})
    assert run(cut(vector, "act", 8)) == (run(padded)[0], ErrorCode.ACT_SHORT)
