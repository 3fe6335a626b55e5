"""Predicted cycles: what holds a job up, one thing at a time. How well they agree with the RTL: tb/device."""

import pytest
from convloom.plan import plan
from convloom.plan.cost import act_cycles, cost
from convloom.plan.depthwise import DepthwiseTile
from convloom.plan.predict import predict
from convloom.plan.tile import Tile
from convloom.spec import preset
from roles.any_layer import conv

SMALL = preset("small")


def last(tile, raw=False, config=SMALL, count=8):
    """Cycles of one of many jobs that are alike."""
    return predict([(tile, raw)] * count, config)[-1]


def test_the_array_holds_a_job_up():
    assert last(Tile(16, 16, 32, 16, 16, 32, 3, 3, pad_top=1, pad_left=1)) == 256 * 4 * 36 + 3


def test_weights_hold_up_a_fully_connected_layer():
    # 8 beats of descriptor, 16 of records, 64 words of 8 beats, and the cycles to decode it.
    assert 8 + 16 + 512 <= last(Tile(1, 1, 512, 1, 1, 8, 1, 1)) <= 8 + 16 + 512 + 40


def test_activations_hold_up_a_pixel_of_a_large_picture():
    cycles = last(Tile(64, 64, 8, 16, 16, 8, 1, 1, stride=(4, 4)))
    assert 4096 <= cycles < 4140


def test_raw_output_holds_up_a_thin_layer():
    assert last(Tile(16, 16, 8, 16, 16, 8, 1, 1), raw=True) == pytest.approx(4 * 256, abs=8)


def test_weights_that_leave_no_room_for_the_next():
    half, more = Tile(2, 2, 512, 2, 2, 8, 3, 3), Tile(2, 2, 512, 2, 2, 16, 3, 3)
    assert last(half) == half.words(SMALL) * 8 + 8 + 16 + 26
    assert cost(more, SMALL, False).exposed == (2 * 1152 - 1024) * 8


def test_short_jobs_lie_apart():
    assert last(Tile(1, 1, 8, 1, 1, 1, 1, 1), count=3) >= 24


def test_rows_that_end_within_a_beat_take_a_cycle_more():
    assert act_cycles(Tile(4, 5, 3, 1, 1, 1, 1, 1), 8) == 8 + 3
    assert act_cycles(Tile(4, 4, 1, 1, 1, 1, 1, 1), 8) == 2 + 2
    assert act_cycles(Tile(4, 8, 1, 1, 1, 1, 1, 1), 8) == 4


def test_depthwise_steps():
    # 3x3 on 8 lanes: two words an output; a row's start reads two columns of which one is hidden but for the first.
    tile = DepthwiseTile(10, 10, 16, 10, 10, 16, 3, 3, pad_top=1, pad_left=1)
    assert tile.steps(SMALL, 1) == 10 * (2 * 10 * 2 + 1)
    # On 16 lanes one word, and each column is read once: with stride 2, two of them an output.
    wide = DepthwiseTile(10, 11, 16, 5, 5, 16, 3, 3, stride=(2, 2))
    assert wide.steps(preset("large"), 1) == 5 * (2 + 1 + 4 * 2)


def test_rows_that_find_no_room_beside_the_window():
    # One row in each bank: of the two that the next window needs, one comes while this one is walked.
    tile = DepthwiseTile(113, 113, 96, 56, 56, 96, 3, 3, stride=(2, 2))
    medium = preset("medium")
    walk, row = tile.steps(medium, 1), 113 * 96 / 16
    assert cost(tile, medium, False).issue == pytest.approx(walk + 56 * row, rel=0.001)
    narrow = DepthwiseTile(113, 57, 96, 56, 28, 96, 3, 3, stride=(2, 2))
    assert cost(narrow, medium, False).issue == narrow.steps(medium, 1)


def test_a_plan_tells_the_cycles_of_each_job():
    planned = plan(conv((14, 14, 256), (64, 3, 3)), SMALL)
    assert len(planned.cycles) == len(planned.jobs) and min(planned.cycles) >= 14 * 14 * 288
