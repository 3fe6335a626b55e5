"""Plans: every job fits, together they make each output and MAC once, and nothing is sent twice but halos."""

from collections import Counter

import numpy as np
import pytest
from convloom.plan import Axis, Layer, plan
from convloom.plan.layer import pieces
from convloom.spec import Config, preset
from hypothesis import HealthCheck, assume, given, seed, settings
from hypothesis import strategies as st
from roles.any_layer import conv

LAYERS, SEED = 60, 11
CRAMPED = Config("cramped", 4, 3, 1, line_bytes=256, weight_words=16, parameter_words=16)
CONFIGS = [*map(preset, ("tiny", "small", "odd-8x6", "large", "tiny-up5k")), CRAMPED]


@st.composite
def axes(draw, most):
    """Sizes up to thousands, pads far larger than the kernel, crops."""
    size, taps = draw(st.integers(1, most)), draw(st.one_of(*3 * [st.integers(1, 7)], st.integers(1, 300)))
    stride, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    stride, dilation = draw(st.sampled_from(((1, 1), (2, 1), (stride, dilation), (300, 1), (1, 300))))
    reach = (taps - 1) * dilation + 1
    pad = draw(st.one_of(st.integers(-min(size - 1, 3), 3), st.integers(0, reach + 300)))
    out = draw(st.integers(1, max(1, (size + 2 * max(pad, reach - size) - reach) // stride + 1)))
    return Axis(size, taps, out, stride, dilation, pad)


@st.composite
def layers(draw):
    groups = draw(st.sampled_from((1, 1, 1, 2, 5, 40)))
    c, k = groups * draw(st.integers(1, 600 // groups)), groups * draw(st.integers(1, 300 // groups))
    y, x = draw(axes(400)), draw(axes(900))
    return Layer(y, x, c, k, draw(st.integers(1, 3)), groups, draw(st.booleans()), draw(st.booleans()))


@seed(SEED)
@settings(max_examples=LAYERS, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(layers(), st.sampled_from(CONFIGS))
def test_any_plan(layer, config):
    assume(layer.y.taps * layer.x.taps < 2000)
    planned = plan(layer, config)
    assume(planned.tiles.total() < 2000)
    assert not Counter(job.tile.misfit(config, planned.raw) for job in planned.jobs) - Counter(
        {None: len(planned.jobs)}
    )
    assert sum(job.tile.macs for job in planned.jobs) == layer.macs
    assert Counter(job.tile for job in planned.jobs) == planned.tiles
    covered = Counter()
    for job in planned.jobs:
        outputs = (job.out_y[1] - job.out_y[0]) * (job.out_x[1] - job.out_x[0])
        covered[job.taps, (job.channels[0] % (layer.c // layer.groups))] += outputs * job.tile.out_c
    of_all = planned.layer.n * planned.layer.y.out * planned.layer.x.out * layer.k
    assert set(covered.values()) == {of_all}, "each part of the kernel makes each output once"


def test_pieces():
    assert pieces(10, 10) == [(0, 10)] and pieces(10, 99, 8) == [(0, 10)]
    assert pieces(10, 9) == [(0, 5), (5, 10)]
    assert pieces(20, 8, 8) == [(0, 8), (8, 16), (16, 20)]
    assert pieces(40, 24, 8) == [(0, 16), (16, 40)]


def test_a_layer_that_fits_is_one_job():
    planned = plan(conv((32, 32, 16), (16, 3, 3)), preset("small"))
    (job,) = planned.jobs
    assert (job.tile.pad_top, job.tile.pad_left, job.tile.in_h, job.tile.out_w) == (1, 1, 32, 32)
    assert not planned.raw and not job.folded


def test_columns_share_the_halo_alone():
    jobs = plan(conv((9, 3000, 24), (8, 3, 3)), preset("small")).jobs
    assert len(jobs) > 3
    for left, right in zip(jobs[:-1], jobs[1:], strict=True):
        assert left.out_x[1] == right.out_x[0]
        assert left.columns.start + left.columns.length - right.columns.start == 2
    assert jobs[0].columns.pad == 1 and not any(job.columns.pad for job in jobs[1:])
    assert jobs[-1].columns.start + jobs[-1].columns.length == 3000


def test_kernels_leave_the_next_job_half_of_the_ring():
    jobs = plan(conv((14, 14, 256), (256, 3, 3)), preset("small")).jobs
    assert {job.tile.words(preset("small")) for job in jobs} == {288} and len(jobs) == 32


def test_one_kernel_that_does_not_fit_gives_partial_sums():
    planned = plan(conv((1, 1, 25088), (8, 1, 1)), preset("small"))
    assert planned.raw and planned.is_partial
    assert [job.is_first for job in planned.jobs] == [True] + [False] * (len(planned.jobs) - 1)
    assert planned.jobs[-1].channels[1] == 25088


def test_a_kernel_that_is_taller_than_a_descriptor_says():
    for padding in ("valid", "same"):
        planned = plan(conv((400, 3, 100), (1, 300, 1), padding=padding), preset("small"))
        assert max(job.tile.kh for job in planned.jobs) < 256 and planned.is_partial


def test_few_channels_are_folded():
    assert all(job.folded for job in plan(conv((224, 224, 3), (64, 7, 7), stride=2), preset("large")).jobs)
    assert not plan(conv((56, 56, 64), (64, 3, 3)), preset("large")).cut.folded


def test_depthwise_runs_as_groups_that_share_a_job():
    config = preset("odd-8x6")
    planned = plan(conv((14, 14, 36), (36, 3, 3), groups=36), config)
    assert planned.cut.groups == 6 and len(planned.jobs) == 6
    assert sum(job.tile.macs for job in planned.jobs) == 14 * 14 * 36 * 9


def test_windows_in_the_padding_alone_are_one_pixel_of_it():
    layer = Layer(Axis(2, 2, 700, pad=600), Axis(2, 2, 3), 4, 8)
    jobs = plan(layer, preset("small")).jobs
    assert [(job.out_y, job.rows.length, job.tile.in_h) for job in jobs] == [
        ((0, 599), 0, 1),
        ((599, 700), 2, 2),
    ]


def test_pictures_of_a_pointwise_layer_are_one():
    assert plan(conv((1, 1, 64), (10, 1, 1), n=32), preset("small")).jobs[0].tile.in_h == 32
    assert len(plan(conv((3, 3, 64), (10, 3, 3), n=32), preset("small")).jobs) == 32


def test_the_cheapest_cut_is_taken():
    planned = plan(conv((56, 56, 3), (64, 3, 3)), preset("large"))
    cycles = [cycles for cycles, _ in planned.weighed]
    assert len(cycles) > 1 and cycles == sorted(cycles) and planned.cut == planned.weighed[0][1]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.name)
def test_long_layers_are_planned_in_a_moment(config):
    layer = conv((7, 7, 1024), (1024, 3, 3), groups=1024)
    assert np.sum([job.tile.macs for job in plan(layer, config).jobs]) == layer.macs
