"""Countdowns: the last of so many steps is known as it begins, whatever comes between."""

import random

from amaranth.hdl import Module, Signal
from convloom_rtl.kit.countdown import countdown
from roles.unit import simulate


def test_the_last_step_of_each_round(seed):
    """Rounds of 1 to 5 steps with pauses in between; now and then one is begun anew."""
    rng = random.Random(seed)
    m, number, restart, counts = Module(), Signal(3, init=1), Signal(), Signal()
    last = countdown(m, number, "left", restart=restart, counts=counts)
    seen = set()

    async def testbench(ctx):
        for _ in range(40):
            steps = rng.randint(1, 5)
            ctx.set(number, steps)
            ctx.set(restart, 1)
            ctx.set(counts, rng.randrange(2))
            await ctx.tick()
            ctx.set(restart, 0)
            left = steps
            for _ in range(rng.randint(1, 30)):
                assert ctx.get(last) == (left == 1)
                counted = rng.randrange(2)
                ctx.set(counts, counted)
                await ctx.tick()
                left = (left - 1 or steps) if counted else left
            seen.add(steps)

    simulate(m, testbench)
    assert seen == {1, 2, 3, 4, 5}
