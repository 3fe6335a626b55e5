"""Countdowns: the last of so many steps is known as it begins, whatever comes between."""

import random

from amaranth.hdl import Module, Signal
from convloom_rtl.kit.countdown import countdown
from roles.unit import simulate


def test_the_last_step_of_each_round(seed):
    """Rounds of 1 to 5 steps with pauses in between; now and then all ends with one, and begins with another number."""
    rng = random.Random(seed)
    m, number, counts, rests = Module(), Signal(3, init=1), Signal(), Signal()
    last, becomes = countdown(m, number, number == 1, "left", counts=counts, rests=rests)
    seen = set()

    async def cycle(ctx, *, counted=0, resting=0):
        ctx.set(counts, counted)
        ctx.set(rests, resting)
        told = ctx.get(becomes)
        await ctx.tick()
        assert ctx.get(last) == told

    async def testbench(ctx):
        for _ in range(60):
            steps = rng.randint(1, 5)
            for _ in range(rng.choice((1, 1, 3))):
                ctx.set(number, rng.randint(1, 5))
                await cycle(ctx, counted=rng.randrange(2), resting=1)
            ctx.set(number, steps)
            await cycle(ctx, counted=rng.randrange(2), resting=1)
            left = steps
            for _ in range(rng.randint(1, 30)):
                assert ctx.get(last) == (left == 1)
                counted = rng.randrange(2)
                await cycle(ctx, counted=counted)
                left = (left - 1 or steps) if counted else left
            seen.add(steps)

    simulate(m, testbench)
    assert seen == {1, 2, 3, 4, 5}
