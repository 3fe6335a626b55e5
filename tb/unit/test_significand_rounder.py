"""Rounding to 24 significant bits is numpy's conversion to float32."""

import random

import numpy as np
import pytest
from convloom_rtl.significand_rounder import SignificandRounder
from roles.unit import simulate

LIMIT = 1 << 31


def numbers(rng):
    """The bounds of each power of two, ties of both signs and parities, and anything."""
    drawn = [0, -1, -LIMIT, LIMIT - 1]
    for exponent in range(20, 31):
        drawn += [sign * ((1 << exponent) + offset) for sign in (1, -1) for offset in range(-70, 71)]
    for dropped in range(1, 8):
        halves = ((2 * rng.randrange(1 << 23, 1 << 24) + 1) << (dropped - 1) for _ in range(200))
        drawn += [rng.choice((1, -1)) * half + rng.randint(-1, 1) for half in halves]
    drawn += [rng.randrange(-LIMIT, LIMIT) >> rng.randrange(9) for _ in range(2000)]
    return [number for number in drawn if -LIMIT <= number < LIMIT]


@pytest.mark.parametrize("enabled", (False, True))
def test_every_size(enabled, seed):
    given, taken = numbers(random.Random(seed)), []
    dut = SignificandRounder(32)

    async def testbench(ctx):
        ctx.set(dut.i_enable, enabled)
        for number in [*given, *[0] * dut.LATENCY]:
            ctx.set(dut.i, number)
            _, _, rounded = await ctx.tick().sample(dut.o)
            taken.append(rounded)

    simulate(dut, testbench)
    expected = [int(np.float32(number)) for number in given] if enabled else given
    assert taken[dut.LATENCY :] == expected
