"""Descriptors good and bad, against the reference engine's check."""

import random
from dataclasses import replace

import pytest
from convloom.device.golden_engine import check as reference
from convloom.spec import DESCRIPTOR, Config, ErrorCode, Op, preset
from convloom.spec.job import pack_descriptor, unpack
from convloom_rtl.descriptor_check import DescriptorCheck
from roles.geometry import random_geometry
from roles.unit import simulate

SMALL = Config(cin_lanes=4, cout_lanes=3, requant_lanes=1, line_bytes=1 << 10, weight_words=64)
CONFIGS = {
    "small buffers": SMALL,
    "without float32": preset("odd-8x6"),
    "one job": preset("tiny-up5k"),
    "one job, depthwise": replace(SMALL, cin_lanes=8, jobs_in_flight=1, depthwise=True, cout_lanes=4),
}


def descriptors(config, rng, count):
    """Good ones, ones with a field or two drawn anew, and ones whose sum is wrong."""
    for _ in range(count):
        values = random_geometry(rng, config).fields(config)
        values |= {
            "clamp_low": -128,
            "clamp_high": 127,
            "rounding": rng.randrange(4),
            "raw": rng.randrange(2),
        }
        for _ in range(rng.choice((0, 1, 1, 2))):
            field = rng.choice(DESCRIPTOR)
            least, most = field.limits
            drawn = rng.choice((0, 1, 2, most, least, rng.randint(least, most), rng.randrange(99)))
            values[field.name] = min(drawn, most)
        yield pack_descriptor(**values)


def answers(config, packed):
    """The code that the hardware gives to each descriptor."""
    dut, codes = DescriptorCheck(config), []

    async def testbench(ctx):
        for head in packed:
            words = (int.from_bytes(head[n : n + 2], "little") for n in range(0, len(head), 2))
            if config.is_least:
                await show_beats(ctx, dut, head)
            ctx.set(dut.i_descriptor, unpack(DESCRIPTOR, head))
            ctx.set(dut.i_sum, sum(words) & 0xFFFF)
            ctx.set(dut.i_start, 1)
            await ctx.tick()
            ctx.set(dut.i_start, 0)
            for _ in range(dut.LATENCY - 1):
                assert not ctx.get(dut.o_done)
                await ctx.tick()
            assert ctx.get(dut.o_done), "the answer must come LATENCY cycles after the start"
            codes.append(ctx.get(dut.o_code))
            await ctx.tick()

    simulate(dut, testbench)
    return codes


async def show_beats(ctx, dut, head):
    """A descriptor's beats as they arrive; before each stands another one for a cycle, which is not taken."""
    lanes = dut.config.cin_lanes
    for number in range(len(head) // lanes):
        beat = int.from_bytes(head[number * lanes :][:lanes], "little")
        ctx.set(dut.i_number, number)
        for taken, shown in enumerate((~beat, beat)):
            ctx.set(dut.i_beat, shown & ((1 << 8 * lanes) - 1))
            ctx.set(dut.i_taken, taken)
            await ctx.tick()
    ctx.set(dut.i_taken, 0)


@pytest.mark.parametrize("name", CONFIGS)
def test_random_descriptors(name, seed):
    config, rng = CONFIGS[name], random.Random(seed)
    packed = list(descriptors(config, rng, 250))
    expected = [reference(head, unpack(DESCRIPTOR, head), config) for head in packed]
    assert answers(config, packed) == expected
    assert set(expected) >= {0, ErrorCode.FORMAT, ErrorCode.NOT_BUILT_IN, ErrorCode.RANGE, ErrorCode.WEIGHTS}


LIMITS = {  # of SMALL, and for each the first that is beyond it
    "weight words": ({"words_in_all": 64}, {"words_in_all": 65}, ErrorCode.WEIGHTS),
    "parameters": ({"k_tiles": 170}, {"k_tiles": 171}, ErrorCode.CHANNELS),
    "rows": ({"live_rows": 8, "kh": 8, "slot": 32}, {"live_rows": 8, "kh": 8, "slot": 33}, ErrorCode.ROWS),
    "rows of the picture": ({"in_h": 4, "slot": 64}, {"in_h": 5, "slot": 64}, ErrorCode.ROWS),
    "window rows": (
        {"kh": 128, "dilation_y": 2, "live_rows": 255, "in_h": 4},
        {"kh": 129, "dilation_y": 2, "live_rows": 1, "in_h": 4},
        ErrorCode.RANGE,
    ),
    "lanes": ({"last_tile_lanes": 3}, {"last_tile_lanes": 4}, ErrorCode.RANGE),
    "clamp": ({"clamp_low": 4, "clamp_high": 4}, {"clamp_low": 5, "clamp_high": 4}, ErrorCode.RANGE),
    "operation": ({"op": Op.NONE}, {"op": 3}, ErrorCode.NOT_BUILT_IN),
}


@pytest.mark.parametrize("jobs", [1, 4])
@pytest.mark.parametrize("what", LIMITS)
def test_limits(what, jobs):
    *fields, code = LIMITS[what]
    ones = {field.name: field.least for field in DESCRIPTOR if field.least} | {"in_h": 300, "live_rows": 1}
    if what == "rows of the picture":
        ones |= {"kh": 9, "live_rows": 9}
    good, bad = (pack_descriptor(**(ones | values)) for values in fields)
    assert answers(replace(SMALL, jobs_in_flight=jobs), [good, bad, good]) == [0, code, 0]
