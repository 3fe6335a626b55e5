"""The packets of a job, against the numbers of a layer worked out by hand."""

import numpy as np
import pytest
from convloom.plan.packets import tile_packets
from convloom.plan.tile import Tile
from convloom.spec import DESCRIPTOR, RECORD, Config, Rounding, preset
from convloom.spec.job import unpack

# A 5x5x3 picture, two 3x3 kernels, pad 1 all round, 4x1 lanes; the second kernel is the first one negated.
LANES = Config("4x1", 4, 1, 1, line_bytes=1024, weight_words=64)
PICTURE = np.arange(75).reshape(5, 5, 3)
KERNELS = np.outer((1, -1), np.arange(1, 28)).reshape(2, 3, 3, 3)
FIELDS = {
    **{"in_h": 5, "in_w": 5, "in_c": 3, "out_h": 5, "out_w": 5, "out_c": 2, "kh": 3, "pad_top": 1},
    **{"row_bytes": 15, "slot": 5, "live_rows": 3, "runs": 1, "run_length": 9, "run_step": 3},
    **{"column_step": 3, "pad_left_bytes": 3, "chunks": 3, "k_tiles": 2, "words_per_tile": 9},
    **{"words_in_all": 18, "last_tile_lanes": 1, "pad_value": -5, "macs_per_pixel": 54},
    **{"stride_y": 1, "dilation_y": 1, "kw": 0, "stride_x": 0, "passes": 0},
}
WORDS = (
    *((1, 2, 3, 4), (5, 6, 7, 8), (9, 0, 0, 0)),
    *((10, 11, 12, 13), (14, 15, 16, 17), (18, 0, 0, 0)),
    *((19, 20, 21, 22), (23, 24, 25, 26), (27, 0, 0, 0)),
)


def packets(config=LANES, **options):
    given = {"x": PICTURE, "w": KERNELS, "bias": (100, 200), "multiplier": (7, 8), "shift": (9, 10)}
    given |= {"pads": (1, 1, 1, 1), "input_zero_point": -5, "job_id": 77}
    return tile_packets(config, **given | options)


def test_descriptor():
    job, _ = packets(rounding=Rounding.SINGLE, irq=True, output_zero_point=-3, clamp=(-9, 8))
    fields = unpack(DESCRIPTOR, job[:64])
    flags = {"rounding": 2, "irq": 1, "report": 1, "raw": 0, "output_zero_point": -3, "job_id": 77}
    expected = FIELDS | flags | {"clamp_low": -9, "clamp_high": 8}
    assert {name: fields[name] for name in expected} == expected


def test_a_stride_of_two_and_a_dilation_of_two():
    fields = unpack(DESCRIPTOR, packets(stride=(2, 2))[0][:64])
    assert [fields[name] for name in ("out_h", "out_w", "column_step", "stride_y")] == [3, 3, 6, 2]
    fields = unpack(DESCRIPTOR, packets(dilation=(2, 2))[0][:64])
    names = ("out_h", "runs", "run_length", "run_step", "chunks", "words_per_tile", "live_rows")
    assert [fields[name] for name in names] == [3, 3, 3, 6, 1, 9, 5]


def test_records_hold_the_folded_bias():
    records = [unpack(RECORD, packets()[0][64 + 16 * n : 80 + 16 * n]) for n in range(2)]
    # The first kernel's weights add up to 378; the zero point is -5.
    assert [record["bias"] for record in records] == [100 + 5 * 378, 200 - 5 * 378]
    assert [(record["multiplier"], record["shift"]) for record in records] == [(7, 9), (8, 10)]


def test_the_folded_bias_wraps():
    records = packets(bias=(2**31 - 1, 0))[0][64:]
    assert unpack(RECORD, records[:16])["bias"] == 2**31 - 1 + 5 * 378 - 2**32


def test_weight_words():
    weights = np.frombuffer(packets()[0][64 + 32 :], np.int8).reshape(-1, 4)
    assert weights[:9].tolist() == [list(word) for word in WORDS]
    assert (weights[9:] == -weights[:9]).all()


def test_weight_words_of_several_lanes():
    # 8x6 lanes: one word for each window row and half run; 6 lanes of which two are kernels.
    job, _ = packets(preset("odd-8x6"))
    assert len(job) == 64 + 6 * 16 + 3 * 2 * 6 * 8
    weights = np.frombuffer(job[64 + 96 :], np.int8).reshape(6, 6, 8)
    assert weights[2, 0].tolist() == list(range(10, 18))
    assert weights[3, 1].tolist() == [-18, 0, 0, 0, 0, 0, 0, 0]
    assert not weights[:, 2:].any()


def test_each_section_starts_on_a_beat_of_its_own():
    # One record takes half a beat of 32 bytes.
    job, _ = packets(Config("wide", 32, 1, 1), w=KERNELS[:1], bias=(5,), multiplier=(7,), shift=(9,))
    assert len(job) == 64 + 32 + 3 * 32
    assert np.frombuffer(job[64 + 32 :], np.int8)[:10].tolist() == [*range(1, 10), 0]


def test_activations_are_the_picture():
    assert packets()[1] == bytes(range(75))


@pytest.mark.parametrize(
    ("tile", "what"),
    (
        (Tile(1, 1, 16, 1, 1, 4, 1, 1), None),
        (Tile(1, 1, 16, 1, 1, 17, 1, 1), "weights"),
        (Tile(1, 1, 4, 1, 1, 64, 1, 1), None),
        (Tile(8, 64, 2, 1, 1, 1, 8, 1), None),
        (Tile(9, 64, 2, 1, 1, 1, 9, 1), "rows"),
        (Tile(8, 65, 2, 1, 1, 1, 8, 1), "rows"),
        (Tile(1, 1, 1, 2, 1, 1, 1, 1, stride=(256, 1)), "stride_y"),
        (Tile(3, 1, 1, 1, 1, 1, 3, 1, dilation=(128, 1)), "live_rows"),
    ),
)
def test_what_does_not_fit(tile, what):
    assert tile.misfit(LANES) == what
