"""Plans of depthwise layers: jobs of their own where these are cheaper, each fits, together they make the layer."""

import random
from collections import Counter

import pytest
from convloom.plan import Axis, Layer, plan
from convloom.plan.convolutions import convolution
from convloom.plan.depthwise import RAW_SLOTS, DepthwiseTile
from convloom.plan.depthwise_jobs import count_depthwise_tiles, depthwise_cuts, depthwise_jobs
from convloom.spec import Config, preset

SEED, LAYERS, MOST_JOBS = 13, 60, 500
CRAMPED = Config(
    "cramped", 4, 8, 2, line_bytes=1024, weight_words=64, parameter_words=64, output_words=32, depthwise=True
)
CONFIGS = [*map(preset, ("tiny", "small", "medium", "large", "odd-4x8")), CRAMPED]


def depthwise(h, w, c, kernel=(3, 3), stride=(1, 1), multiplier=1, **options):
    y, x = (convolution(*each, 1, "same") for each in zip((h, w), kernel, stride, strict=True))
    return Layer(y, x, c, c * multiplier, groups=c, **options)


def random_layer(rng):
    """Pads beyond the kernel, crops, helpers, pictures of one pixel and of thousands."""
    axes = []
    for most in (60, rng.choice((60, 3000))):
        size, taps, stride = rng.randint(1, most), rng.randint(1, 12), rng.choice((1, 1, 2, 3, 300))
        pad = rng.choice((rng.randint(-min(size - 1, 3), 3), rng.randint(0, taps + 300)))
        most_out = max(1, (size + 2 * max(pad, taps - size) - taps) // stride + 1)
        axes.append(Axis(size, taps, rng.randint(1, most_out), stride, 1, pad))
    c, multiplier = rng.randint(2, 300), rng.choice((1, 1, 2, 3))
    flags = {"raw": rng.random() < 0.5, "helper": multiplier > 1 and rng.random() < 0.3}
    return Layer(*axes, c, c * multiplier, rng.randint(1, 3), c, **flags)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.name)
def test_any_cut(config):
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    tried = 0
    for number in range(LAYERS):
        layer = random_layer(rng)
        for cut in depthwise_cuts(layer, config)[:6]:
            tiles = count_depthwise_tiles(layer, cut, config)
            if tiles.total() > MOST_JOBS:
                continue
            jobs = depthwise_jobs(layer, cut, config)
            what = f"layer {number}: {layer}, {cut}"
            assert {job.tile.misfit(config, layer.raw) for job in jobs} == {None}, what
            assert not any(job.tile.in_c % config.cout_lanes for job in jobs), what
            assert Counter(job.tile for job in jobs) == tiles, what
            assert sum(job.tile.macs for job in jobs) == layer.macs, what
            covered = sum(job.tile.out_h * job.tile.out_w * job.tile.out_c for job in jobs)
            assert covered == layer.n * layer.y.out * layer.x.out * layer.k, what
            tried += 1
    assert tried > LAYERS // 2


@pytest.mark.parametrize("name", ("small", "medium", "large"))
def test_networks_layers_are_depthwise_jobs_within_half_of_the_rings(name):
    config = preset(name)
    for h, c, stride in ((112, 32, 1), (112, 96, 2), (56, 144, 1), (14, 512, 1), (7, 1024, 1)):
        planned = plan(depthwise(h, h, c, stride=(stride, stride)), config)
        for job in planned.jobs:
            assert isinstance(job.tile, DepthwiseTile)
            assert 2 * job.tile.words(config) <= config.weight_words
            assert 2 * job.tile.row_words(config, False) <= config.output_words


def test_a_raw_row_takes_four_words_a_vector():
    config, (h, w, c) = preset("small"), (8, 200, 64)
    for raw, slots in ((False, 1), (True, RAW_SLOTS)):
        planned = plan(depthwise(h, w, c, raw=raw), config)
        most = max(job.tile.out_w * job.tile.k_tiles(8) * slots for job in planned.jobs)
        assert config.output_words // 4 < most <= config.output_words // 2


def test_dense_jobs_where_they_are_cheaper():
    """With four lanes a large window is; without multipliers for taps there is nothing else."""
    assert not plan(depthwise(28, 28, 64, (5, 5)), preset("tiny")).cut.depthwise
    assert plan(depthwise(28, 28, 64, (5, 5)), preset("small")).cut.depthwise
    assert not depthwise_cuts(depthwise(28, 28, 64), preset("odd-8x6"))


def test_what_is_no_depthwise_layer():
    config, (y, x) = preset("small"), (convolution(9, 3, 1, 1, "same"),) * 2
    assert not depthwise_cuts(Layer(y, x, 8, 8, groups=4), config)
    assert not depthwise_cuts(Layer(y, x, 1, 8, groups=1), config)
    assert not depthwise_cuts(Layer(convolution(9, 3, 1, 2, "same"), x, 8, 8, groups=8), config)


def test_a_multiplier_repeats_channels():
    """Kernels 16 to 31 belong to the input channels from 5 to 10 on: three each."""
    config = Config("half", 8, 8, 8, weight_words=8, depthwise=True)
    jobs = plan(depthwise(5, 5, 16, multiplier=3), config).jobs
    for job in jobs:
        assert job.tile.out_c <= 16 and job.kernels[0] % 8 == 0
        assert job.channels == (job.kernels[0] // 3, (job.kernels[1] - 1) // 3 + 1)
