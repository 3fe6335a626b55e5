"""The packets of a depthwise job, against the numbers of a layer worked out by hand."""

import numpy as np
import pytest
from convloom.plan.depthwise_packets import depthwise_packets
from convloom.spec import DESCRIPTOR, RECORD, Config, Op
from convloom.spec.job import unpack

# 8x2 lanes; three channels, so two groups of two, the last of them half empty.
LANES = Config("8x2", 8, 2, 2, depthwise=True)
PICTURE = np.arange(60).reshape(4, 5, 3)
CHANNELS = np.array((1, -1, 2))


def packets(kernel, config=LANES, **options):
    """Channel j's tap (i, j) is i * kw + j + 1, times 1, -1 or 2."""
    kh, kw = kernel
    taps = np.arange(1, kh * kw + 1).reshape(kh, kw)
    given = {"x": PICTURE, "w": taps[..., None] * CHANNELS, "bias": (100, 200, 300), "job_id": 7}
    return depthwise_packets(config, **given | {"multiplier": (7, 8, 9), "shift": (1, 2, 3)} | options)


def fields(*names, **options):
    job, _ = packets(**options)
    values = unpack(DESCRIPTOR, job[:64])
    return [values[name] for name in names]


def weights(kernel):
    """int8 [groups, passes, cout, cin]."""
    job, _ = packets(kernel)
    (passes,) = fields("passes", kernel=kernel)
    return np.frombuffer(job[64 + 4 * 16 :], np.int8).reshape(2, passes, 2, 8)


def test_descriptor():
    names = (
        "op",
        "in_h",
        "in_w",
        "in_c",
        "out_h",
        "out_w",
        "out_c",
        "row_bytes",
        "slot",
        "kh",
        "kw",
        "live_rows",
    )
    assert fields(*names, kernel=(2, 3)) == [Op.DEPTHWISE, 4, 5, 4, 3, 3, 3, 20, 4, 2, 3, 2]
    names = ("passes", "k_tiles", "words_per_tile", "words_in_all", "last_tile_lanes", "macs_per_pixel")
    assert fields(*names, kernel=(2, 3)) == [2, 2, 2, 4, 1, 18]
    assert fields("run_step", "column_step", "stride_x", kernel=(2, 2), stride=(1, 2)) == [4, 8, 2]


@pytest.mark.parametrize(
    ("kernel", "left", "expected"),
    (
        ((3, 3), 0, (3, 0, 1)),
        ((3, 3), 1, (2, 0, 1)),
        ((3, 3), 2, (1, 0, 1)),
        ((3, 3), 4, (1, 2, 1)),
        ((3, 1), 2, (1, 2, 1)),
        ((2, 5), 1, (5, 1, 1)),
        ((5, 2), 1, (2, 1, 2)),
        ((9, 2), 3, (2, 3, 3)),
    ),
)
def test_padding_on_the_left(kernel, left, expected):
    """(columns read for the first output, columns of padding that are read, words of a column)"""
    runs, pad, chunks = fields("runs", "pad_left_bytes", "chunks", kernel=kernel, pads=(9, 0, left, 0))
    assert (runs, pad // 4, chunks) == expected


def test_taps_of_a_window_that_slides():
    """The newest column comes first: its rows in lanes 0 to 3."""
    words = weights((2, 3))
    assert words[0, :, 0].tolist() == [[3, 6, 0, 0, 2, 5, 0, 0], [1, 4, 0, 0, 0, 0, 0, 0]]
    assert (words[0, :, 1] == -words[0, :, 0]).all() and (words[1, :, 0] == 2 * words[0, :, 0]).all()
    assert not words[1, :, 1].any()


def test_taps_of_a_larger_window():
    """A word for each column and four rows of it, the oldest column first."""
    words = weights((5, 2))
    assert words.shape[1] == 4
    assert words[0, :, 0, :4].tolist() == [[1, 3, 5, 7], [9, 0, 0, 0], [2, 4, 6, 8], [10, 0, 0, 0]]
    assert not words[..., 4:].any()


def test_channels_are_filled_up():
    job, act = packets((2, 2), input_zero_point=5)
    assert np.array_equal(np.frombuffer(act, np.int8).reshape(4, 5, 4)[..., :3], PICTURE)
    assert not np.frombuffer(act, np.int8).reshape(4, 5, 4)[..., 3].any()
    records = [unpack(RECORD, job[64 + 16 * n : 80 + 16 * n]) for n in range(4)]
    assert [record["bias"] for record in records] == [100 - 5 * 10, 200 + 5 * 10, 300 - 5 * 20, 0]
