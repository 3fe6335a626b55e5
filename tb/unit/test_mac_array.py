"""The array: sums of products, tile by tile, and what travels with them."""

from itertools import pairwise

import numpy as np
import pytest
from convloom.spec import Config
from convloom_rtl.mac_array import DotProduct, MacArray
from roles.unit import plain, simulate

CONFIGS = {
    "4x1": Config(cin_lanes=4, cout_lanes=1, requant_lanes=1),
    "8x6": Config(cin_lanes=8, cout_lanes=6, requant_lanes=2),
    "64x1": Config(cin_lanes=64, cout_lanes=1, requant_lanes=1),
}
FLAGS = ("pixel_end", "job_end", "advance", "rewind")


def wrapped(sums):
    """As int32."""
    return (np.asarray(sums, np.int64) + 2**31) % 2**32 - 2**31


def feed(dut, cycles):
    """What stands at the outputs `latency` cycles after each of `cycles`: (activations, weights, tag)."""
    seen, pad = [], -77

    async def testbench(ctx):
        given = [None, None]  # setting many values takes long
        ctx.set(dut.i_pad_value, pad)
        await ctx.tick()
        for n in range(len(cycles) + dut.latency):
            activations, _, tag = cycles[min(n, len(cycles) - 1)]
            weights = cycles[min(max(n - dut.weights_behind, 0), len(cycles) - 1)][1]
            if given[0] is not activations:
                ctx.set(dut.i_activations, ((activations ^ pad) & 255).tolist())
            if given[1] is not weights:
                ctx.set(dut.i_weights, weights.tolist())
            given = [activations, weights]
            ctx.set(dut.i_tag, tag if n < len(cycles) else {})
            _, _, *sampled = await ctx.tick().sample(dut.o_valid, dut.o_tile, dut.o_tag)
            seen.append([plain(value) for value in sampled])

    simulate(dut, testbench, limit=len(cycles) + 100)
    return seen[dut.latency :]


@pytest.mark.parametrize("name", CONFIGS)
def test_random_tiles_with_bubbles(name, seed):
    """Bubbles, with junk on the data, change nothing."""
    config, rng = CONFIGS[name], np.random.default_rng(seed)
    cin, cout = config.cin_lanes, config.cout_lanes
    cycles, first = [], 1
    for _ in range(250):
        issue, end = rng.random() < 0.8, rng.random() < 0.3
        tag = {name: int(rng.integers(2)) for name in FLAGS} | {"issue": int(issue), "cause": 3}
        tag |= {"first": first if issue else int(rng.integers(2)), "tile_end": int(issue and end)}
        first = int(end) if issue else first
        vectors = rng.choice((-128, -127, 0, 127, int(rng.integers(-128, 128))), (1 + cout, cin))
        cycles.append((vectors[0], vectors[1:], tag))
    sums, tiles = np.zeros(cout, np.int64), 0
    for (activations, weights, tag), (valid, tile, out_tag) in zip(
        cycles, feed(MacArray(config), cycles), strict=True
    ):
        if tag["issue"]:
            sums = weights @ activations + (0 if tag["first"] else sums)
        assert all(out_tag[name] == value for name, value in tag.items()) and valid == tag["tile_end"]
        if valid:
            tiles += 1
            assert tile["accumulators"] == sums.tolist()
            assert all(tile[name] == tag[name] for name in FLAGS)
    assert tiles > 30


@pytest.mark.parametrize(("cin", "cout"), ((4, 1), (8, 4), (16, 16)))
def test_taps_of_each_lane(cin, cout, seed):
    """Depthwise: a dot product takes the meant word of its own 16 taps; with no taps the vector for all.

    Both are told by their difference from the pad value, which comes a cycle ahead, as the choice does.
    """
    config = Config(cin_lanes=cin, cout_lanes=cout, requant_lanes=1, depthwise=True)
    dut, rng, seen, expected = MacArray(config), np.random.default_rng(seed), [], []
    weights = rng.integers(-128, 128, (cout, cin))
    steps = [{"word": int(rng.integers(max(16 // cin, 1))), "taps": int(rng.integers(2))} for _ in range(41)]
    pads = rng.integers(-128, 128, len(steps)).tolist()

    async def testbench(ctx):
        ctx.set(dut.i_weights, weights.tolist())
        ctx.set(dut.i_tag, {"issue": 1, "first": 1, "tile_end": 1})
        ctx.set(dut.i_window, steps[0])
        ctx.set(dut.i_pad_value, pads[0])
        await ctx.tick()
        for (step, pad), (next_step, next_pad) in pairwise(zip(steps, pads, strict=True)):
            ctx.set(dut.i_window, next_step)
            ctx.set(dut.i_pad_value, next_pad)
            taps, vector = rng.integers(-128, 128, (cout, 16)), rng.integers(-128, 128, cin)
            word = taps[:, step["word"] * cin :][:, :cin]
            used = word if step["taps"] else np.tile(vector, (cout, 1))
            expected.append((used * weights).sum(1).tolist())
            ctx.set(dut.i_activations, ((vector ^ pad) & 255).tolist())
            for age, column in enumerate(((taps ^ pad) & 255).T.reshape(4, 4, cout)):
                words = [int.from_bytes(bytes(row.tolist()), "little") for row in column]
                ctx.set(dut.i_columns[age], words)
            seen.append(plain((await ctx.tick().sample(dut.o_tile))[-1])["accumulators"])

    simulate(dut, testbench)
    assert seen[dut.latency :] == expected[: len(seen) - dut.latency]


def test_sums_wrap():
    """Modulo 2^32, in both directions, by the largest products there are."""
    config = CONFIGS["64x1"]
    lows, highs = np.full(64, -128), np.full(64, 127)
    issues = 2100  # 2^20 each
    for weight in (lows, highs):
        weights = weight[None]
        tags = [{"issue": 1, "first": int(not n), "tile_end": int(n == issues - 1)} for n in range(issues)]
        seen = feed(MacArray(config), [(lows, weights, tag) for tag in tags])
        total = issues * int(lows @ weight)
        assert not -(2**31) <= total < 2**31
        assert seen[-1][1]["accumulators"] == [wrapped(total)]


@pytest.mark.parametrize("lanes", (4, 8, 16))
def test_latency_of_a_dot_product(lanes):
    dut, seen = DotProduct(lanes), []

    async def testbench(ctx):
        ctx.set(dut.i_activations, [1] * lanes)
        ctx.set(dut.i_weights, [2] * lanes)
        for _ in range(DotProduct.latency(lanes) + 1):
            seen.append((await ctx.tick().sample(dut.o))[-1])

    simulate(dut, testbench)
    assert seen[-2:] == [0, 2 * lanes] or seen[-1] == 2 * lanes and 2 * lanes not in seen[:-1]
